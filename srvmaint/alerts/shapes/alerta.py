"""Alerta: an alert as its API has it, and as its plug-ins forward it.

https://docs.alerta.io/api/alert.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import ACKNOWLEDGED, CRITICAL, FIRING, INFO, RESOLVED, WARNING, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"resource"})

_TABLE: Final = Table(
    source="alerta",
    name=("event",),
    status=("status", "severity"),
    statuses={
        **dict.fromkeys(("open", "assign", "unknown", "shelved", "blackout"), FIRING),
        "ack": ACKNOWLEDGED,
        **dict.fromkeys(("closed", "expired", "normal", "ok", "cleared"), RESOLVED),
    },
    severity=("severity",),
    severities={
        **dict.fromkeys(("security", "critical", "major"), CRITICAL),
        **dict.fromkeys(("minor", "warning", "indeterminate"), WARNING),
        **dict.fromkeys(("informational", "debug", "trace", "normal", "ok", "cleared"), INFO),
    },
    identity=(("environment", "resource", "event"), ("resource", "event")),
    description=("text", "message", "value"),
    host=("resource",),
    labels={"environment": "environment", "service": "service", "group": "group", "origin": "origin"},
    tags=("tags",),
    annotations={"value": "value", "attributes": "attributes", "alert_id": "id"},
    moment=("createTime", "receiveTime"),
    url=("href",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """An event on a resource, with what only Alerta says of them."""
    known = (
        "name" not in payload
        and has(payload, "resource", "event")
        and words(payload, "environment", "service.0", "service")
    )
    return "`resource`, `event` and `environment` of Alerta" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alert."""
    return _TABLE.read(payload)
