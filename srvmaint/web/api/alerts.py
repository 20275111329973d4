"""`/alerts/`: what has been received."""

from __future__ import annotations

from aiohttp import web

from srvmaint import shapes
from srvmaint.clock import iso
from srvmaint.store import pages
from srvmaint.web.answers import SERVICES, answer, listed


async def index(request: web.Request) -> web.Response:
    """GET /alerts/."""
    page = await listed(request, "alerts")
    return answer({"items": [shapes.alert(found) for found in page.items], "next": page.next})


async def show(request: web.Request) -> web.Response:
    """GET /alerts/<id>/: with its history."""
    found, history = await pages.alert(request.app[SERVICES].store.reader, request.match_info["id"])
    lines = [
        {"at": iso(line.at), "event": line.event, "trace_id": line.trace_id, "changes": line.changes}
        for line in history
    ]
    return answer({**shapes.alert(found), "history": lines})


ROUTES = (("GET", "/alerts/", index), ("GET", "/alerts/{id}/", show))
