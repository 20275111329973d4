"""Netdata Cloud: the webhook of an alert, and of a node that became unreachable.

https://learn.netdata.cloud/docs/alerts-&-notifications/notifications/centralized-cloud-notifications/webhook
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import FIRING, RESOLVED, WARNING, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"chart", "host"})

_TABLE: Final = Table(
    source="netdata",
    name=("alert", "title", "message"),
    status=("state", "severity"),
    statuses={
        "clear": RESOLVED,
        "cleared": RESOLVED,
        "warning": FIRING,
        "critical": FIRING,
        "true": RESOLVED,
        "false": FIRING,
    },
    severity=("severity",),
    severities={"clear": WARNING, "cleared": WARNING},
    identity=(("alert", "chart", "host"), ("alert", "chart"), ("url", "host")),
    description=("info", "message"),
    host=("host", "node"),
    labels={"chart": "chart", "context": "context", "space": "space", "class": "class", "family": "family"},
    annotations={"message": "message", "rooms": "rooms", "value": "value"},
    moment=("date",),
    url=("alert_url", "url"),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """An alert of a chart, or a node that can be reached or cannot."""
    if has(payload, "alert", "chart", "severity"):
        return "`alert` and `chart` of Netdata"
    return "`status.reachable` of Netdata" if has(payload, "host", "status.reachable") else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alert."""
    title = "" if has(payload, "alert") else "Node unreachable"
    return _TABLE.read({**payload, "title": title, "state": words(payload, "status.reachable")})
