"""Uptime.com: the webhook of an alert that was raised or cleared.

https://support.uptime.com/hc/en-us/articles/115002560505
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, RESOLVED, Table, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"event"})

_TABLE: Final = Table(
    source="uptime_com",
    name=("data.service.display_name", "data.service.name"),
    status=("event", "data.alert.state"),
    statuses={"alert_raised": FIRING, "alert_cleared": RESOLVED},
    severity=("data.alert.state",),
    usually=CRITICAL,
    identity=(("data.service.id",), ("data.service.name",)),
    description=("data.alert.output", "data.alert.short_output"),
    host=("data.service.msp_address", "data.device.address", "data.service.address"),
    labels={"service": "data.service.name", "check_type": "data.service.monitoring_service_type"},
    tags=("data.service.tags",),
    annotations={"short_output": "data.alert.short_output", "locations": "data.locations"},
    moment=("data.date", "data.alert.created_at"),
    url=("data.links.alert_details", "data.service.msp_address"),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """The event of an alert about a service."""
    known = words(payload, "event") in ("alert_raised", "alert_cleared") and words(payload, *_TABLE.name)
    return "`event` and `data.service` of Uptime.com" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alert."""
    return _TABLE.read(payload)
