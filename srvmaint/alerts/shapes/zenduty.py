"""Zenduty and Squadcast: the outgoing webhook of an incident.

https://zenduty.com/docs/outgoing-webhooks/
https://support.squadcast.com/webhooks/outgoing-webhooks
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._read import mapping
from srvmaint.alerts._table import ACKNOWLEDGED, CRITICAL, FIRING, RESOLVED, WARNING, Table, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"event_type", "payload"})

_TABLE: Final = Table(
    source="zenduty",
    name=("incident.title", "incident.message"),
    status=("event_type", "incident.status"),
    statuses={
        **dict.fromkeys(("triggered", "incident_triggered", "reassigned", "incident_reassigned"), FIRING),
        **dict.fromkeys(("acknowledged", "incident_acknowledged"), ACKNOWLEDGED),
        **dict.fromkeys(("resolved", "incident_resolved"), RESOLVED),
        "1": FIRING,
        "2": ACKNOWLEDGED,
        "3": RESOLVED,
    },
    severity=("incident.urgency", "incident.priority.name", "incident.priority"),
    severities={"1": CRITICAL, "0": WARNING},
    identity=(("incident.unique_id",), ("incident.id",), ("incident.incident_number",)),
    description=("incident.summary", "incident.description", "incident.title"),
    labels={"service": "service"},
    annotations={"number": "incident.incident_number"},
    starts_at=("incident.creation_date", "incident.created_at"),
    ends_at=("incident.resolved_date", "incident.resolved_at"),
    url=("incident.url",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """An incident with the event it had."""
    body = payload.get("payload", payload)
    known = words(body, "event_type") in _TABLE.statuses and words(body, "incident.unique_id", "incident.id")
    return "`event_type` and `incident` of Zenduty or Squadcast" if known and words(body, *_TABLE.name) else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The incident."""
    body = mapping(payload.get("payload", payload))
    return _TABLE.read(
        {**body, "service": words(body, "incident.service.name", "incident.service_name", "service.name")}
    )
