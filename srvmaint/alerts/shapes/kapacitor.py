"""Kapacitor and InfluxDB 2: the alert data of an HTTP handler.

https://docs.influxdata.com/kapacitor/v1/reference/event_handlers/post/
https://docs.influxdata.com/influxdb/v2/monitor-alert/notification-rules/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import FIRING, RESOLVED, WARNING, Table, has, holds

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"previousLevel", "_level", "level"})

_TABLE: Final = Table(
    source="kapacitor",
    name=("_check_name", "id", "message"),
    status=("_level", "level"),
    statuses={"ok": RESOLVED, **dict.fromkeys(("critical", "crit", "warning", "warn", "info"), FIRING)},
    severity=("_level", "level"),
    severities={"ok": WARNING},
    identity=(("_check_id", "host"), ("_check_id",), ("id",)),
    description=("_message", "message", "details"),
    host=("host", "data.series.0.tags.host"),
    tags=("data.series.0.tags",),
    annotations={"details": "details", "rule": "_notification_rule_name"},
    starts_at=("began",),
    moment=("_status_timestamp", "time"),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A level, with the data of Kapacitor or the check of InfluxDB."""
    if has(payload, "_check_id", "_level"):
        return "`_check_id` and `_level` of InfluxDB"
    known = has(payload, "id", "level", "message") and ("previousLevel" in payload or holds(payload, "data", "series"))
    return "`id`, `level` and `data` of Kapacitor" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The check or the task; the id of Kapacitor tells its series apart."""
    return _TABLE.read(payload)
