"""`/deliveries/`: what has been sent, what waits, what is dead."""

from __future__ import annotations

from aiohttp import web

from srvmaint import shapes
from srvmaint.web.answers import answer, listed, writable


async def index(request: web.Request) -> web.Response:
    """GET /deliveries/."""
    page = await listed(request, "deliveries")
    return answer({"items": [shapes.delivery(found) for found in page.items], "next": page.next})


async def retry(request: web.Request) -> web.Response:
    """POST /deliveries/<id>/retry/: send a dead one again."""
    services = writable(request)
    found = await services.store.retry_delivery(request.match_info["id"], services.clock.now())
    services.workers.wake()
    services.outbox.wake()
    return answer(shapes.delivery(found), 202)


ROUTES = (("GET", "/deliveries/", index), ("POST", "/deliveries/{id}/retry/", retry))
