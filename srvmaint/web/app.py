"""The aiohttp application: every route, with and without its trailing slash, never a redirect."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from srvmaint.services import Services
from srvmaint.web import hooks
from srvmaint.web.answers import SERVICES
from srvmaint.web.api import alerts, deliveries, health, incidents, orchestration, rejected
from srvmaint.web.middleware import guard

HOOKS: Final = (
    ("POST", "/alerts/webhook/", hooks.receive),
    ("GET", "/alerts/webhook/", hooks.greet),
    ("POST", "/alerts/webhook/{driver}/", hooks.receive),
    ("GET", "/alerts/webhook/{driver}/", hooks.greet),
    ("POST", f"/alerts/webhook/{hooks.EVENTS}/v2/enqueue/", hooks.enqueue),
)
RESOURCES: Final = (health, alerts, incidents, orchestration, deliveries, rejected)


def build_app(services: Services) -> web.Application:
    """Put the routes together. The webhook door comes first: it is the busiest."""
    server = services.config.server
    app = web.Application(
        middlewares=[guard(server.public_url, on_socket=server.listen.socket is not None)],
        client_max_size=server.max_body,
    )
    app[SERVICES] = services
    for method, path, handler in (*HOOKS, *(route for resource in RESOURCES for route in resource.ROUTES)):
        for variant in (path, path.rstrip("/")):
            if method == "GET":
                app.router.add_get(variant, handler)  # HEAD as well: what probes and load balancers send
            else:
                app.router.add_route(method, variant, handler)
    return app
