"""Dash0: the webhook of a failed check.

https://www.dash0.com/documentation/dash0/alerting
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, RESOLVED, WARNING, Table, at, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"data"})

_VALUES: Final = ("value.stringValue", "value.intValue", "value.boolValue", "value")
_TABLE: Final = Table(
    source="dash0",
    name=("data.issue.checkrules.0.name", "data.issue.summary"),
    status=("data.issue.status", "type"),
    statuses={
        **dict.fromkeys(("alert.ongoing", "alert.created", "degraded", "critical"), FIRING),
        **dict.fromkeys(("alert.resolved", "resolved"), RESOLVED),
    },
    ignored={"test": "the test message of Dash0 has arrived"},
    severity=("data.issue.status",),
    severities={"degraded": WARNING, "critical": CRITICAL},
    identity=(("data.issue.issueIdentifier",), ("data.issue.id",)),
    description=("data.issue.description", "data.issue.summary"),
    host=("label.host.name", "label.service.name"),
    labels={"dataset": "data.issue.dataset"},
    tags=("label",),
    annotations={"summary": "data.issue.summary"},
    starts_at=("data.issue.start",),
    ends_at=("data.issue.end",),
    url=("data.issue.url",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A failed check of Dash0's."""
    known = words(payload, "type").startswith("alert.") and has(payload, "data.issue.id")
    return "`data.issue` of Dash0" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The failed check."""
    given = at(payload, "data.issue.labels")
    pairs = [pair for pair in (given if isinstance(given, list) else []) if has(pair, "key")]
    return _TABLE.read({**payload, "label": {words(pair, "key"): words(pair, *_VALUES) for pair in pairs}})
