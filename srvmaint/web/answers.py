"""JSON answers and the queries of lists: every handler answers through here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec
from aiohttp import web

from srvmaint.alerts._times import millis
from srvmaint.errors import UsageError
from srvmaint.model import AlertStatus, DeliveryState, IncidentStatus, RunState, Severity
from srvmaint.registry import nearest
from srvmaint.services import Services
from srvmaint.store import pages
from srvmaint.store.records import Page

SERVICES: Final = web.AppKey("services", Services)
MOST_ITEMS: Final = 500
_encode = msgspec.json.Encoder().encode
_MOST_DIGITS: Final = 4
_CURSOR: Final = re.compile(r"[0-9a-z]{1,18}", re.ASCII)
"""Ids have 16 characters; a number of 18 digits still fits SQLite's 64 bits."""
_BOOLEANS: Final = {"true": 1, "1": 1, "false": 0, "0": 0}
_CHOICES: Final[Mapping[tuple[str, str], type[StrEnum]]] = {
    ("alerts", "status"): AlertStatus,
    ("alerts", "severity"): Severity,
    ("incidents", "status"): IncidentStatus,
    ("incidents", "severity"): Severity,
    ("runs", "status"): RunState,
    ("runs", "state"): RunState,
    ("deliveries", "state"): DeliveryState,
}
"""A filter that can never match anything is a slip of the pen."""


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
    cursor = _cursor(query.pop("cursor", None))
    known = pages.filters_of(kind)
    for name in query:
        if name not in known:
            raise UsageError(f"unknown query parameter {name!r}: there is limit, cursor, {', '.join(known)}.")
    filters = {name: _filter(kind, name, value) for name, value in query.items()}
    return await pages.page(request.app[SERVICES].store.reader, kind, filters, limit=limit, cursor=cursor)


def writable(request: web.Request) -> Services:
    """The services, for a change somebody asks for: it is refused at once while nothing can be written.

    Raises:
        StoreUnavailableError: not now.
    """
    services = request.app[SERVICES]
    services.store.admit(0)
    return services


def flag(request: web.Request, name: str) -> bool:
    """A switch in the query; false when it is not there.

    Raises:
        UsageError: it is neither on nor off.
    """
    return bool(_boolean(name, request.query.get(name, "false")))


def _limit(text: str | None) -> int:
    if text is None:
        return 50
    if not text.isdecimal() or len(text) > _MOST_DIGITS or not 1 <= int(text) <= MOST_ITEMS:
        raise UsageError(f"limit must be a whole number from 1 to {MOST_ITEMS}.")
    return int(text)


def _cursor(text: str | None) -> str | None:
    if text is not None and not _CURSOR.fullmatch(text):
        raise UsageError("cursor must be the `next` of an earlier page of this list.")
    return text


def _filter(kind: str, name: str, value: str) -> str | int:
    if name == "since":
        moment = millis(value)
        if moment is None:
            raise UsageError("since must be a time such as 2026-01-31T12:00:00Z.")
        return moment
    if name == "unrouted":
        return _boolean(name, value)
    choices = [choice.value for choice in _CHOICES.get((kind, name), ())]
    if choices and value not in choices:
        raise UsageError(f"{name} cannot be {value[:40]!r}{nearest(value[:40], choices)}")
    return value


def _boolean(name: str, value: str) -> int:
    if value not in _BOOLEANS:
        raise UsageError(f"{name} must be true or false.")
    return _BOOLEANS[value]
