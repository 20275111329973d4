"""Axiom: the webhook of a monitor.

https://axiom.co/docs/monitor-data/custom-webhook-notifier
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import FIRING, RESOLVED, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"action"})

_TABLE: Final = Table(
    source="axiom",
    name=("title",),
    status=("action",),
    statuses={"open": FIRING, "closed": RESOLVED},
    identity=(("event.monitorID", "event.groupKeys.0"), ("event.monitorID",)),
    description=("event.body", "event.description"),
    annotations={"query_start": "event.queryStartTime", "query_end": "event.queryEndTime", "value": "event.value"},
    moment=("event.timestamp",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """Open or Closed, and a monitor's id."""
    known = words(payload, "action").lower() in _TABLE.statuses and has(payload, "event.monitorID")
    return "`action` and `event.monitorID` of Axiom" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The monitor; its title begins with the state."""
    title = words(payload, "event.title")
    for state in ("Triggered: ", "Resolved: "):
        title = title.removeprefix(state)
    return _TABLE.read({**payload, "title": title or words(payload, "event.monitorID")})
