"""JSON answers and the queries of lists: every handler answers through here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from aiohttp import web

from srvmaint.alerts._times import millis
from srvmaint.errors import UsageError
from srvmaint.services import Services
from srvmaint.store import pages
from srvmaint.store.records import Page

SERVICES: Final = web.AppKey("services", Services)
MOST_ITEMS: Final = 500
_encode = msgspec.json.Encoder().encode
_BOOLEANS: Final = {"true": 1, "1": 1, "false": 0, "0": 0}


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Any JSON-shaped value as a response."""
    return web.Response(body=_encode(body), status=status, headers=headers, content_type="application/json")


def refusal(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None, **more: Any
) -> web.Response:
    """`{"error": code, "message": ...}`."""
    return answer({"error": code, "message": message, **more}, status, headers)


async def listed(request: web.Request, kind: str) -> Page:
    """The page of a list that the query asks for.

    Raises:
        UsageError: the query has an unknown or malformed parameter.
    """
    query = dict(request.query)
    limit = _limit(query.pop("limit", None))
    cursor = query.pop("cursor", None)
    known = pages.filters_of(kind)
    for name in query:
        if name not in known:
            raise UsageError(f"unknown query parameter {name!r}: there is limit, cursor, {', '.join(known)}.")
    filters = {name: _filter(name, value) for name, value in query.items()}
    return await pages.page(request.app[SERVICES].store.reader, kind, filters, limit=limit, cursor=cursor)


async def body_object(request: web.Request) -> dict[str, Any]:
    """The JSON object in the request's body; empty when there is no body.

    Raises:
        UsageError: it is something else.
    """
    raw = await request.read()
    if not raw.strip():
        return {}
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise UsageError("the body must be a JSON object.")
    return value


def text_of(body: Mapping[str, Any], key: str, default: str | None = None) -> str | None:
    """A string of a body.

    Raises:
        UsageError: it is there and no string.
    """
    value = body.get(key, default)
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{key!r} must be a string.")
    return value


def _limit(text: str | None) -> int:
    if text is None:
        return 50
    if not text.isdecimal() or not 1 <= int(text) <= MOST_ITEMS:
        raise UsageError(f"limit must be a whole number from 1 to {MOST_ITEMS}.")
    return int(text)


def _filter(name: str, value: str) -> str | int:
    if name == "since":
        moment = millis(value)
        if moment is None:
            raise UsageError("since must be a time such as 2026-01-31T12:00:00Z.")
        return moment
    if name == "unrouted":
        if value not in _BOOLEANS:
            raise UsageError("unrouted must be true or false.")
        return _BOOLEANS[value]
    return value
