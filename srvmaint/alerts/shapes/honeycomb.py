"""Honeycomb: the webhook of a trigger or a burn alert.

https://docs.honeycomb.io/notify/configure-alert-recipients/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import FIRING, RESOLVED, Table, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"trigger_url", "trigger_description", "result_groups"})

_TABLE: Final = Table(
    source="honeycomb",
    name=("name", "alert.name"),
    status=("status",),
    statuses={"triggered": FIRING, "ok": RESOLVED},
    severity=("alert_severity", "vars.severity"),
    identity=(("id",), ("trigger_url",), ("name", "environment")),
    description=("summary", "description", "trigger_description"),
    labels={"environment": "environment", "dataset": "dataset"},
    annotations={"operator": "operator", "threshold": "threshold", "groups": "result_groups_triggered"},
    url=("result_url", "trigger_url"),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A trigger's name and its status."""
    known = words(payload, "status").lower() in _TABLE.statuses and words(payload, *_TABLE.name)
    return "a trigger and its `status` of Honeycomb" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alert."""
    return _TABLE.read(payload)
