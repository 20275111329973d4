"""The webhook door: see who comes, find the driver, parse, hand over; a body that cannot be used is kept.

The 202 is sent after the commit. A body is never answered with 4xx without being kept, and never with 5xx for what is
in it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from aiohttp import web

from srvmaint.alerts import Parsed
from srvmaint.alerts._access import Shown, raw
from srvmaint.errors import NotFoundError, PayloadError, UnauthorizedError
from srvmaint.pipeline.intake import Offer, open_body, read_body
from srvmaint.pipeline.plan import Plan
from srvmaint.services import Services
from srvmaint.store.records import Accepted
from srvmaint.web import bodies
from srvmaint.web.answers import SERVICES, answer

log = logging.getLogger(__name__)
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
"""https://www.w3.org/TR/trace-context/#traceparent-header"""
_KEPT_HEADERS: Final = ("Content-Type", "User-Agent", "Content-Encoding")
"""The ones that help to understand a body; others may carry secrets."""
EVENTS: Final = "pagerduty"
"""Whose bodies come to the door that is like the Events API."""
TOKEN: Final = "token"  # noqa: S105 - the name of a query parameter


class Came(msgspec.Struct, frozen=True):
    """A body that has come in. A Struct: one is made for every request."""

    body: bytes
    """As it came."""
    driver: str | None
    """Whose it is, when the address says so."""
    trace_id: str
    headers: Mapping[str, str]


class Taken(msgspec.Struct, frozen=True):
    """What became of a body. A Struct: one is made for every request."""

    status: int
    """Of HTTP."""
    shape: dict[str, Any]
    """What the sender is told."""
    parsed: Parsed | None = None


async def receive(request: web.Request) -> web.Response:
    """POST /alerts/webhook[/<driver>]."""
    taken = await _received(request, request.match_info.get("driver"))
    return answer(taken.shape, taken.status)


async def enqueue(request: web.Request) -> web.Response:
    """POST /alerts/webhook/pagerduty/v2/enqueue: as the Events API of PagerDuty, for a client told another address.

    Such a client adds this path by itself, and looks for the key of what it began in the answer:
    https://developer.pagerduty.com/docs/send-alert-event
    """
    taken = await _received(request, EVENTS)
    alert = next(iter(taken.parsed.alerts), None) if taken.parsed is not None else None
    said = {"message": "Event processed", "dedup_key": alert.fingerprint} if alert is not None else {}
    return answer(taken.shape | said, taken.status)


async def _received(request: web.Request, driver: str | None) -> Taken:
    services = request.app[SERVICES]
    body = await bodies.read(request)
    trace_id = trace_of(request.headers) or services.clock.new_trace_id()
    shown = _shown(request, services, body) if services.current.plan.gates else None
    return await take(services, Came(body, driver, trace_id, request.headers), shown=shown)


async def greet(request: web.Request) -> web.Response:
    """GET of the same: a sender's "test connection"."""
    driver = request.match_info.get("driver")
    services = request.app[SERVICES]
    plan = services.current.plan
    if plan.gates:
        await _admit(plan, driver, _shown(request, services, b""))
    if driver is not None and driver not in plan.alert_drivers:
        return answer(_unknown(f"there is no enabled alert driver {driver!r}.", plan), 404)
    return answer({"status": "ok", "driver": driver})


async def take(services: Services, came: Came, *, shown: Shown | None = None, kept_as: str | None = None) -> Taken:
    """What becomes of a body. A replay comes through here too.

    Args:
        services: everything.
        came: the body.
        shown: what the sender shows; None when nobody has to show anything, as at a replay.
        kept_as: what it is kept as already.

    Raises:
        KeptError: it cannot be used.
        StoreUnavailableError: not now; the sender is asked to come again.
        TransientError: the same, because it cannot be said whether the sender is who it says.
    """
    plan = services.current.plan
    try:
        if shown is not None:
            await _admit(plan, came.driver, shown)
        plain = bodies.unpack(came.body, came.headers, services.config.server.max_body)
        content_type = came.headers.get("Content-Type", "")
        if shown is None or came.driver is not None:
            name, parsed = read_body(plan, plain, came.driver, content_type)
        else:
            name, payload = open_body(plan, plain, None, content_type)
            parsed = await _parse_admitted(plan, name, payload, shown)
    except NotFoundError as error:
        unknown = PayloadError("unknown_driver", str(error))
        rejected_id = kept_as or await _keep(services, came, unknown, came.driver)
        return Taken(404, _unknown(str(error), plan, rejected_id=rejected_id, trace_id=came.trace_id))
    except PayloadError as error:
        rejected_id = kept_as or await _keep(services, came, error, came.driver)
        raise bodies.KeptError(error, rejected_id, came.trace_id) from error
    if parsed.ignored is not None:
        log.info("ignored a body for %s (trace %s): %s", name, came.trace_id, parsed.ignored)
        told = {"status": "ignored", "reason": parsed.ignored, "driver": name, "trace_id": came.trace_id}
        return Taken(200, told, parsed)
    offer = Offer(parsed, plain, name, "webhook", came.trace_id, delivery_id=_delivery_id(plan, name, came, parsed))
    accepted = await services.intake.accept(offer)
    errors = [{"index": bad.index, "message": bad.message} for bad in parsed.errors]
    return Taken(202, accepted_shape(accepted, name, came.trace_id, len(parsed.alerts), errors), parsed)


def _delivery_id(plan: Plan, driver: str, came: Came, parsed: Parsed) -> str | None:
    header = plan.delivery_headers.get(driver)
    return (came.headers.get(header) if header is not None else None) or parsed.delivery_id


async def _keep(services: Services, came: Came, error: PayloadError, driver: str | None) -> str:
    kept = {name: _text(came.headers[name]) for name in _KEPT_HEADERS if name in came.headers}
    return await services.intake.reject(error, came.body, kept, driver, came.trace_id)


def _text(header: str) -> str:
    """A header whose bytes may be no text as text that can be stored: what was none is marked."""
    return raw(header).decode("utf-8", "backslashreplace")


async def _admit(plan: Plan, driver: str | None, shown: Shown) -> None:
    """See that the sender shows what the driver in the URL asks for.

    Where the URL names none, its own is asked once the body says whose it is. When all of them ask for something, a
    sender that has nothing for any is refused before that: strangers cannot have their bodies read, or kept among
    those of others.

    Raises:
        UnauthorizedError: it does not.
    """
    gate = plan.gates.get(driver) if driver is not None else None
    if gate is not None:
        await gate.admit(shown)
    elif driver not in plan.alert_drivers and plan.gates.keys() >= plan.alert_drivers.keys():
        await _admit_anywhere(plan, shown)


async def _admit_anywhere(plan: Plan, shown: Shown) -> None:
    challenge = ""
    for gate in plan.gates.values():
        try:
            await gate.admit(shown)
        except UnauthorizedError as error:
            challenge = challenge or error.challenge
        else:
            return
    raise UnauthorizedError(
        "cannot accept this: it shows nothing that fits. Let the sender show what [alerts.<driver>] asks for, and post"
        " to /alerts/webhook/<driver>/.",
        challenge,
    )


async def _parse_admitted(plan: Plan, name: str, payload: Any, shown: Shown) -> Parsed:
    if name in plan.gates:
        await plan.gates[name].admit(shown)
    return plan.alert_drivers[name].parse(payload)


def _shown(request: web.Request, services: Services, body: bytes) -> Shown:
    return Shown(request.headers, request.query.get(TOKEN, ""), body, services.clock.now())


def accepted_shape(
    accepted: Accepted, driver: str, trace_id: str, received: int, errors: list[dict[str, Any]]
) -> dict[str, Any]:
    """What a sender is told about a body that was stored."""
    return {
        "status": "accepted",
        "trace_id": trace_id,
        "driver": driver,
        "alerts": {
            "received": received,
            "created": accepted.created,
            "updated": accepted.updated,
            "resolved": accepted.resolved,
            "unchanged": accepted.unchanged,
        },
        "runs": [
            {
                "run_id": run.run_id,
                "incident_id": run.incident_id,
                "pipeline": run.pipeline,
                "coalesced": run.coalesced,
            }
            for run in accepted.runs
        ],
        "errors": errors,
        **({"duplicate": True} if accepted.duplicate else {}),
    }


def trace_of(headers: Mapping[str, str]) -> str | None:
    """The trace id of a W3C `traceparent` header; None without a valid one."""
    match = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    return match[1] if match else None


def _unknown(message: str, plan: Plan, **more: str) -> dict[str, Any]:
    return {"error": "unknown_driver", "message": message, "drivers": sorted(plan.alert_drivers), **more}
