"""The HTTP face: the app, what stands before every handler, the webhook door, and one file per resource.

Handlers translate; they decide nothing. `build_app` takes opened services, so a test serves the same app as the daemon.
"""
