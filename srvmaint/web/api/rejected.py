"""`/rejected/`: bodies that could not be used, and their second chance."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import web

from srvmaint.clock import iso
from srvmaint.services import Services
from srvmaint.store import pages
from srvmaint.store.records import Rejected
from srvmaint.web import hooks
from srvmaint.web.answers import SERVICES, answer, listed


async def index(request: web.Request) -> web.Response:
    """GET /rejected/: newest first, without the bodies."""
    page = await listed(request, "rejected")
    return answer({"items": [shape(found) for found in page.items], "next": page.next})


async def show(request: web.Request) -> web.Response:
    """GET /rejected/<id>/: with the body, undecodable bytes marked."""
    found = await pages.rejected_body(request.app[SERVICES].store.reader, request.match_info["id"])
    return answer(whole_shape(found))


async def replay(request: web.Request) -> web.Response:
    """POST /rejected/<id>/replay/ (`?driver=`)."""
    status, body = await offer_again(
        request.app[SERVICES], request.match_info["id"], request.query.get("driver") or None
    )
    return answer(body, status)


async def offer_again(services: Services, rejected_id: str, driver: str | None) -> tuple[int, dict[str, Any]]:
    """Offer a body again as it came. Whoever may ask for this vouches for it: its sender's secret is not asked for.

    Raises:
        NotFoundError: there is none of that id.
        KeptError: it cannot be used now either.
    """
    found = await pages.rejected_body(services.store.reader, rejected_id)
    came = hooks.Came(found.body, driver or found.driver, found.trace_id, found.headers)
    taken = await hooks.take(services, came, kept_as=found.id)
    if taken.status != HTTPStatus.NOT_FOUND:
        await services.store.mark_replayed(found.id, services.clock.now())
    return taken.status, taken.shape


def whole_shape(found: Rejected) -> dict[str, Any]:
    """A rejected body with its text; bytes that are no text are marked."""
    return {**shape(found), "body": found.body.decode("utf-8", "backslashreplace")}


def shape(found: Rejected) -> dict[str, Any]:
    """A rejected body without it."""
    return {
        "id": found.id,
        "at": iso(found.at),
        "driver": found.driver,
        "code": found.code,
        "reason": found.reason,
        "trace_id": found.trace_id,
        "headers": found.headers,
        "size": len(found.body) if found.size is None else found.size,
        "replayed_at": iso(found.replayed_at),
    }


ROUTES = (
    ("GET", "/rejected/", index),
    ("GET", "/rejected/{id}/", show),
    ("POST", "/rejected/{id}/replay/", replay),
)
