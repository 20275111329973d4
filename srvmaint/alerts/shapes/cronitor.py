"""Cronitor: the webhook of a monitor.

https://cronitor.io/docs/using-webhooks
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import FIRING, RESOLVED, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"monitor_url", "issue_url"})

_TABLE: Final = Table(
    source="cronitor",
    name=("monitor", "id"),
    status=("type",),
    statuses={"alert": FIRING, "recovery": RESOLVED},
    identity=(("id", "environment"), ("id",)),
    description=("description", "rule"),
    labels={"environment": "environment", "group": "group"},
    annotations={"rule": "rule", "monitor_url": "monitor_url"},
    url=("issue_url", "monitor_url"),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A monitor and its type of message."""
    known = has(payload, "monitor") and words(payload, "type").lower() in _TABLE.statuses
    return "`monitor` and `type` of Cronitor" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alert."""
    return _TABLE.read(payload)
