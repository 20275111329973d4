"""`/alerts/`: what has been received."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from srvmaint import shapes
from srvmaint.clock import iso
from srvmaint.model import StoredAlert
from srvmaint.store import pages
from srvmaint.store.records import HistoryEntry
from srvmaint.web.answers import SERVICES, answer, listed


async def index(request: web.Request) -> web.Response:
    """GET /alerts/."""
    page = await listed(request, "alerts")
    return answer({"items": [shapes.alert(found) for found in page.items], "next": page.next})


async def show(request: web.Request) -> web.Response:
    """GET /alerts/<id>/: with its history."""
    return answer(whole_shape(*await pages.alert(request.app[SERVICES].store.reader, request.match_info["id"])))


def whole_shape(found: StoredAlert, history: Iterable[HistoryEntry]) -> dict[str, Any]:
    """An alert with its history."""
    lines = [
        {"at": iso(line.at), "event": line.event, "trace_id": line.trace_id, "changes": line.changes}
        for line in history
    ]
    return {**shapes.alert(found), "history": lines}


ROUTES = (("GET", "/alerts/", index), ("GET", "/alerts/{id}/", show))
