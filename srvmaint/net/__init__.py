"""The only door to other machines: one outgoing HTTP client and the signatures that go with it.

Nothing here knows what is being sent or to whom; no vendor's name belongs in this package.
"""
