"""`/incidents/`: alerts that belong together, and what people do about them."""

from __future__ import annotations

from aiohttp import web

from srvmaint import shapes
from srvmaint.store import pages
from srvmaint.store.records import Origin
from srvmaint.web.answers import SERVICES, answer, listed, writable
from srvmaint.web.bodies import json_object, text_of
from srvmaint.web.hooks import trace_of


async def index(request: web.Request) -> web.Response:
    """GET /incidents/."""
    page = await listed(request, "incidents")
    return answer({"items": [shapes.incident(found) for found in page.items], "next": page.next})


async def show(request: web.Request) -> web.Response:
    """GET /incidents/<id>/."""
    return answer(shapes.incident(await pages.incident(request.app[SERVICES].store.reader, request.match_info["id"])))


async def acknowledge(request: web.Request) -> web.Response:
    """POST /incidents/<id>/acknowledge/ `{"by"?}`."""
    services = writable(request)
    by = text_of(await json_object(request), "by", "api") or "api"
    return answer(shapes.incident(await services.store.acknowledge(request.match_info["id"], by, services.clock.now())))


async def resolve(request: web.Request) -> web.Response:
    """POST /incidents/<id>/resolve/ `{"by"?}`: whoever was told that it fires is told that it is over."""
    services = writable(request)
    by = text_of(await json_object(request), "by", "api") or "api"
    incident_id = request.match_info["id"]
    trace_id = trace_of(request.headers) or services.clock.new_trace_id()
    resolved = await services.store.resolve(incident_id, by, Origin(trace_id, "api"), services.clock.now())
    services.workers.wake()
    return answer(shapes.incident(resolved))


ROUTES = (
    ("GET", "/incidents/", index),
    ("GET", "/incidents/{id}/", show),
    ("POST", "/incidents/{id}/acknowledge/", acknowledge),
    ("POST", "/incidents/{id}/resolve/", resolve),
)
