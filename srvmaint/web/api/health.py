"""`/healthz`, `/readyz`, `/metrics`: for those who watch the watcher."""

from __future__ import annotations

from aiohttp import web

from srvmaint import __version__
from srvmaint.web.answers import SERVICES, answer
from srvmaint.web.metrics import CONTENT_TYPE, exposition


async def healthz(_request: web.Request) -> web.Response:
    """GET /healthz: the event loop answers."""
    return answer({"status": "ok", "version": __version__})


async def readyz(request: web.Request) -> web.Response:
    """GET /readyz: alerts can be accepted and are being worked on; 503 with the reason otherwise."""
    services = request.app[SERVICES]
    trouble = services.store.trouble
    checks = {
        "database": trouble or "ok",
        "workers": "ok" if services.healthy() else "not running",
        "backlog": f"{services.store.waiting} bodies waiting, {services.workers.busy} runs under way",
    }
    ready = trouble is None and services.healthy()
    return answer({"status": "ready" if ready else "not ready", "checks": checks}, 200 if ready else 503)


async def metrics(request: web.Request) -> web.Response:
    """GET /metrics: the Prometheus text format."""
    text = await exposition(request.app[SERVICES])
    return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE})


ROUTES = (("GET", "/healthz/", healthz), ("GET", "/readyz/", readyz), ("GET", "/metrics/", metrics))
