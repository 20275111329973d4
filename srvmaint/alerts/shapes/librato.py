"""Librato (AppOptics): the webhook of an alert, as JSON or in the form field `payload`.

https://docs.appoptics.com/kb/alerts/webhook/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import Table, has, words

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"trigger_time"})

_TABLE: Final = Table(
    source="librato",
    name=("alert.name",),
    status=("state",),
    identity=(("alert.id",), ("alert.name",)),
    description=("alert.description", "text"),
    host=("origin",),
    annotations={"runbook_url": "alert.runbook_url", "violations": "violations"},
    moment=("trigger_time",),
    url=("incident_key",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """An alert with the time it was triggered, and what was violated or cleared."""
    known = has(payload, "alert.name") and ("violations" in payload or "clear" in payload or "conditions" in payload)
    return "`alert` and `trigger_time` of Librato" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alert; of the sources that violate it one alone is an instance."""
    violations = payload.get("violations")
    origin = next(iter(violations), "") if isinstance(violations, dict) and len(violations) == 1 else ""
    condition = words(violations, f"{origin}.0.metric") if origin else ""
    body = {**payload, "origin": origin, "text": f"{condition} on {origin}" if condition else ""}
    return _TABLE.read({**body, "state": "resolved" if payload.get("clear") else "firing"})
