"""OpenSearch Alerting (and Open Distro): a custom webhook with the monitor's and the trigger's variables.

    https://docs.opensearch.org/latest/observing-your-data/alerting/triggers/

The message is written by the operator, so the keys are those that most write: the variables with underscores, or the
`ctx` as it is. A severity of 1 is the highest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import ACKNOWLEDGED, CRITICAL, FIRING, INFO, RESOLVED, WARNING, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"monitor_name", "trigger_name", "monitor", "ctx"})

_STATES: Final = {
    "active": FIRING,
    "error": FIRING,
    "acknowledged": ACKNOWLEDGED,
    **dict.fromkeys(("completed", "deleted"), RESOLVED),
}
_LEVELS: Final = {"1": CRITICAL, "2": CRITICAL, "3": WARNING, "4": INFO, "5": INFO}
_FLAT: Final = Table(
    source="opensearch",
    name=("alert_name", "trigger_name", "monitor_name"),
    status=("state", "alert_state", "status"),
    statuses=_STATES,
    severity=("trigger_severity", "severity"),
    severities=_LEVELS,
    identity=(("alert_id",), ("monitor_id", "trigger_id"), ("monitor_name", "trigger_name")),
    description=("message", "error_message", "trigger_name"),
    host=("host", "hostname"),
    labels={"monitor": "monitor_name", "trigger": "trigger_name"},
    annotations={"monitor_url": "monitor_url", "results": "results", "error_message": "error_message"},
    starts_at=("start_time", "period_start"),
    ends_at=("end_time", "period_end"),
    url=("alert_url", "monitor_url"),
)
_CONTEXT: Final = Table(
    source="opensearch",
    name=("trigger.name", "monitor.name"),
    status=("alert.state",),
    statuses=_STATES,
    severity=("trigger.severity",),
    severities=_LEVELS,
    identity=(("alert.id",), ("monitor._id", "trigger.id"), ("monitor.name", "trigger.name")),
    description=("message", "error", "trigger.name"),
    labels={"monitor": "monitor.name", "trigger": "trigger.name"},
    annotations={"results": "results"},
    starts_at=("periodStart",),
    ends_at=("periodEnd",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A monitor and a trigger, by name."""
    if has(payload, "monitor_name") and words(payload, "trigger_name", "trigger_id"):
        return "`monitor_name` and `trigger_name` of OpenSearch"
    context = payload.get("ctx", payload)
    return "`monitor` and `trigger` of OpenSearch" if has(context, "monitor.name", "trigger.name") else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The trigger's alert."""
    return _FLAT.read(payload) if "monitor_name" in payload else _CONTEXT.read(payload.get("ctx", payload))
