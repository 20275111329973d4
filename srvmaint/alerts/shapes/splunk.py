"""Splunk: the webhook alert action of a saved search.

    https://docs.splunk.com/Documentation/Splunk/latest/Alert/Webhooks

A search has no end and no severity of its own; where the first result has one, it counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"search_name", "results_link", "sid"})

_TABLE: Final = Table(
    source="splunk",
    name=("search_name", "sid"),
    severity=("result.severity", "result.urgency", "severity"),
    identity=(("app", "search_name", "result.host"), ("app", "search_name"), ("search_name",)),
    description=("result._raw", "result.message", "search_name"),
    host=("result.host",),
    labels={"app": "app", "source_type": "result.sourcetype"},
    annotations={"owner": "owner", "sid": "sid", "result": "result"},
    moment=("result._time",),
    url=("results_link",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A search's id and its result."""
    known = has(payload, "sid") and isinstance(payload.get("result"), dict) and words(payload, "search_name", "app")
    return "`sid` and `result` of a Splunk search" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alert."""
    return _TABLE.read(payload)
