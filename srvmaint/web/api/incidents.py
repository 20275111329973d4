"""`/incidents/`: alerts that belong together, and what people do about them."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from srvmaint import shapes
from srvmaint.errors import UsageError
from srvmaint.pipeline import timeline
from srvmaint.store import pages
from srvmaint.store.records import Origin
from srvmaint.web.answers import SERVICES, answer, listed, writable
from srvmaint.web.bodies import json_object, text_of
from srvmaint.web.hooks import trace_of

LONGEST_NOTE: Final = 10_000
"""Characters of a note."""


async def index(request: web.Request) -> web.Response:
    """GET /incidents/."""
    page = await listed(request, "incidents")
    return answer({"items": [shapes.incident(found) for found in page.items], "next": page.next})


async def show(request: web.Request) -> web.Response:
    """GET /incidents/<id>/: with its timeline."""
    reader = request.app[SERVICES].store.reader
    found = await pages.incident(reader, request.match_info["id"])
    return answer({**shapes.incident(found), "timeline": await timeline.shape(reader, found)})


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


async def close(request: web.Request) -> web.Response:
    """POST /incidents/<id>/close/ `{"by"?}`: only what is resolved can be closed."""
    services = writable(request)
    by = text_of(await json_object(request), "by", "api") or "api"
    closed = await services.store.close_incident(request.match_info["id"], by, services.clock.now())
    return answer(shapes.incident(closed))


async def add_note(request: web.Request) -> web.Response:
    """POST /incidents/<id>/notes/ `{"text", "by"?}`."""
    services = writable(request)
    body = await json_object(request)
    by, text = text_of(body, "by", "api") or "api", text_of(body, "text", longest=LONGEST_NOTE)
    if not text or not text.strip():
        raise UsageError("the body needs a `text`: what is to be written down.")
    noted = await services.store.add_note(request.match_info["id"], by, text.strip(), services.clock.now())
    return answer(shapes.incident(noted))


ROUTES = (
    ("GET", "/incidents/", index),
    ("GET", "/incidents/{id}/", show),
    ("POST", "/incidents/{id}/acknowledge/", acknowledge),
    ("POST", "/incidents/{id}/resolve/", resolve),
    ("POST", "/incidents/{id}/close/", close),
    ("POST", "/incidents/{id}/notes/", add_note),
)
