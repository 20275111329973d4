"""HetrixTools: the webhook of an uptime monitor.

https://docs.hetrixtools.com/webhook-notifications/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, RESOLVED, Table, has, words

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"monitor_status"})

_TABLE: Final = Table(
    source="hetrixtools",
    name=("monitor_name",),
    status=("monitor_status",),
    statuses={"offline": FIRING, "online": RESOLVED},
    ignored={"maintenance": "the monitor is under maintenance"},
    usually=CRITICAL,
    identity=(("monitor_id",),),
    description=("text",),
    host=("monitor_target",),
    labels={"monitor_type": "monitor_type", "category": "monitor_category"},
    annotations={"errors": "monitor_errors"},
    moment=("timestamp",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A monitor's id and its status."""
    return "`monitor_id` and `monitor_status` of HetrixTools" if has(payload, "monitor_id", "monitor_status") else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The monitor's state."""
    text = f"{words(payload, 'monitor_target')} is {words(payload, 'monitor_status')}"
    return _TABLE.read({**payload, "text": text})
