"""ilert: the events that its API takes, which is how many tools can send an alert.

https://docs.ilert.com/developer-docs/rest-api/api-reference/events
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import ACKNOWLEDGED, CRITICAL, FIRING, RESOLVED, WARNING, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"eventType"})

_TABLE: Final = Table(
    source="ilert",
    name=("summary",),
    status=("eventType",),
    statuses={"alert": FIRING, "accept": ACKNOWLEDGED, "resolve": RESOLVED},
    ignored={"comment": "a comment in ilert is no alert"},
    severity=("priority",),
    severities={"high": CRITICAL, "low": WARNING},
    identity=(("alertKey",), ("incidentKey",)),
    description=("details", "summary"),
    labels={"service": "service"},
    tags=("labels",),
    url=("links.0.href",),
)
_MARKS: Final = ("alertKey", "incidentKey", "integrationKey", "apiKey", "routingKey")


def claims(payload: Mapping[str, Any]) -> str | None:
    """A type of event of ilert's with a summary, and a key of its own."""
    kind = words(payload, "eventType").lower()
    known = (kind in _TABLE.statuses or kind in _TABLE.ignored) and has(payload, "summary") and words(payload, *_MARKS)
    return "`eventType` and `summary` of ilert" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alert; what only accepts or resolves one names it by its key."""
    return _TABLE.read(payload)
