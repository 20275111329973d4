"""Robusta: the webhook sink with `format: json`.

    https://docs.robusta.dev/master/configuration/sinks/webhook.html

A finding that is an issue and no failure is what became of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, INFO, RESOLVED, WARNING, Table, has, words

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"aggregation_key"})

_TABLE: Final = Table(
    source="robusta",
    name=("title", "aggregation_key"),
    status=("state",),
    statuses={"true": FIRING, "false": RESOLVED},
    severity=("severity",),
    severities={"high": CRITICAL, "medium": WARNING, "low": INFO, "info": INFO, "debug": INFO},
    identity=(("fingerprint",), ("cluster_name", "aggregation_key", "subject.namespace", "subject.name")),
    description=("description", "title"),
    host=("subject.node", "subject.name"),
    labels={
        "cluster": "cluster_name",
        "namespace": "subject.namespace",
        "kind": "subject.kind",
        "object": "subject.name",
        "container": "subject.container",
        "rule": "aggregation_key",
    },
    annotations={"finding_type": "finding_type", "origin": "source", "silence": "silence", "links": "links"},
    starts_at=("starts_at",),
    ends_at=("ends_at",),
    url=("investigate", "links.0.url"),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A finding with its key and its type."""
    known = has(payload, "aggregation_key", "finding_type", "title")
    return "`aggregation_key` and `finding_type` of Robusta" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The finding."""
    is_issue = words(payload, "finding_type").lower() == "issue"
    return _TABLE.read({**payload, "state": words(payload, "failure") if is_issue else ""})
