"""`/rejected/`: bodies that could not be used, and their second chance."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import web

from srvmaint.clock import iso
from srvmaint.store import pages
from srvmaint.store.records import Rejected
from srvmaint.web import hooks
from srvmaint.web.answers import SERVICES, answer, listed


async def index(request: web.Request) -> web.Response:
    """GET /rejected/: newest first, without the bodies."""
    page = await listed(request, "rejected")
    return answer({"items": [_shape(found) for found in page.items], "next": page.next})


async def show(request: web.Request) -> web.Response:
    """GET /rejected/<id>/: with the body, undecodable bytes marked."""
    found = await pages.rejected_body(request.app[SERVICES].store.reader, request.match_info["id"])
    return answer({**_shape(found), "body": found.body.decode("utf-8", "backslashreplace")})


async def replay(request: web.Request) -> web.Response:
    """POST /rejected/<id>/replay/ (`?driver=`): offer it again, as it came."""
    services = request.app[SERVICES]
    found = await pages.rejected_body(services.store.reader, request.match_info["id"])
    driver = request.query.get("driver") or found.driver
    response = await hooks.take(services, found.body, driver, found.trace_id, found.headers, kept_as=found.id)
    if response.status != HTTPStatus.NOT_FOUND:
        await services.store.mark_replayed(found.id, services.clock.now())
    return response


def _shape(found: Rejected) -> dict[str, Any]:
    return {
        "id": found.id,
        "at": iso(found.at),
        "driver": found.driver,
        "code": found.code,
        "reason": found.reason,
        "trace_id": found.trace_id,
        "headers": found.headers,
        "size": len(found.body),
        "replayed_at": iso(found.replayed_at),
    }


ROUTES = (
    ("GET", "/rejected/", index),
    ("GET", "/rejected/{id}/", show),
    ("POST", "/rejected/{id}/replay/", replay),
)
