"""The webhook door: find the driver, parse, hand over; a body that cannot be used is kept.

The 202 is sent after the commit. A body is never answered with 4xx without being kept, and never with 5xx for what is
in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from srvmaint.errors import NotFoundError, PayloadError
from srvmaint.pipeline.intake import Offer, read_body
from srvmaint.services import Services
from srvmaint.store.records import Accepted
from srvmaint.web import bodies
from srvmaint.web.answers import SERVICES, answer

_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
"""https://www.w3.org/TR/trace-context/#traceparent-header"""
_KEPT_HEADERS: Final = ("Content-Type", "User-Agent", "Content-Encoding")
"""The ones that help to understand a body; others may carry secrets."""


async def receive(request: web.Request) -> web.Response:
    """POST /alerts/webhook[/<driver>]."""
    services = request.app[SERVICES]
    driver = request.match_info.get("driver")
    body = await bodies.read(request)
    trace_id = trace_of(request.headers) or services.clock.new_trace_id()
    return await take(services, body, driver, trace_id, request.headers)


async def greet(request: web.Request) -> web.Response:
    """GET of the same: a sender's "test connection"."""
    driver = request.match_info.get("driver")
    known = request.app[SERVICES].current.plan.alert_drivers
    if driver is not None and driver not in known:
        return _unknown(f"there is no enabled alert driver {driver!r}.", known)
    return answer({"status": "ok", "driver": driver})


async def take(
    services: Services,
    body: bytes,
    driver: str | None,
    trace_id: str,
    headers: Mapping[str, str],
    *,
    kept_as: str | None = None,
) -> web.Response:
    """What becomes of a body. A replay comes through here too; `kept_as` is what it is kept as already.

    Raises:
        KeptError: it cannot be used.
        StoreUnavailableError: not now; the sender is asked to come again.
    """
    plan = services.current.plan
    try:
        plain = bodies.unpack(body, headers, services.config.server.max_body)
        name, parsed = read_body(plan, plain, driver)
    except NotFoundError as error:
        unknown = PayloadError("unknown_driver", str(error))
        rejected_id = kept_as or await services.intake.reject(unknown, body, _kept(headers), driver, trace_id)
        return _unknown(str(error), plan.alert_drivers, rejected_id=rejected_id, trace_id=trace_id)
    except PayloadError as error:
        rejected_id = kept_as or await services.intake.reject(error, body, _kept(headers), driver, trace_id)
        raise bodies.KeptError(error, rejected_id, trace_id) from error
    if parsed.ignored is not None:
        return answer({"status": "ignored", "reason": parsed.ignored, "driver": name, "trace_id": trace_id})
    accepted = await services.intake.accept(Offer(parsed, plain, name, "webhook", trace_id))
    errors = [{"index": bad.index, "message": bad.message} for bad in parsed.errors]
    return answer(accepted_shape(accepted, name, trace_id, len(parsed.alerts), errors), 202)


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
    }


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in _KEPT_HEADERS if name in headers}


def trace_of(headers: Mapping[str, str]) -> str | None:
    """The trace id of a W3C `traceparent` header; None without a valid one."""
    match = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    return match[1] if match else None


def _unknown(message: str, known: Mapping[str, object], **more: str) -> web.Response:
    return answer({"error": "unknown_driver", "message": message, "drivers": sorted(known), **more}, 404)
