"""openstatus: the webhook of a monitor that failed, slowed down or recovered.

https://docs.openstatus.dev/reference/notification/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, RESOLVED, WARNING, Table, has

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"cronTimestamp"})

_TABLE: Final = Table(
    source="openstatus",
    name=("monitor.name", "monitor.url"),
    status=("status",),
    statuses={"error": FIRING, "degraded": FIRING, "recovered": RESOLVED, "active": RESOLVED},
    severity=("status",),
    severities={"error": CRITICAL, "degraded": WARNING, "recovered": CRITICAL, "active": CRITICAL},
    identity=(("monitor.id",), ("monitor.url",)),
    description=("errorMessage", "status"),
    host=("monitor.url",),
    annotations={"status_code": "statusCode", "latency_ms": "latency"},
    moment=("cronTimestamp",),
    url=("monitor.url",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A monitor, a status, and the time of the check."""
    return "`monitor` and `cronTimestamp` of openstatus" if has(payload, "status", "monitor.id") else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The monitor's state."""
    return _TABLE.read(payload)
