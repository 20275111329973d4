"""Sensu Go and Sensu Classic: an event as a handler gets it.

https://docs.sensu.io/sensu-go/latest/observability-pipeline/observe-events/events/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, RESOLVED, WARNING, Table, holds, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"check"})

_TABLE: Final = Table(
    source="sensu",
    name=("check.metadata.name", "check.name"),
    status=("check.status", "action"),
    statuses={"0": RESOLVED, "create": FIRING, "resolve": RESOLVED, "flapping": FIRING},
    severity=("check.status",),
    severities={"2": CRITICAL, "1": WARNING, "0": WARNING},
    identity=(
        ("namespace", "entity.metadata.name", "check.metadata.name"),
        ("host", "check.metadata.name"),
        ("host", "check.name"),
    ),
    description=("check.output",),
    host=("host",),
    labels={"namespace": "namespace"},
    annotations={"occurrences": "check.occurrences", "command": "check.command"},
    moment=("check.executed", "timestamp"),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A check's status and output, with the entity or the client it ran on."""
    known = holds(payload, "check", "status", "output") and words(payload, "entity.metadata.name", "client.name")
    return "`check` and its entity of Sensu" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The check's state on one entity; 3 and more are unknown, which is firing."""
    host = words(payload, "entity.metadata.name", "client.name")
    return _TABLE.read({**payload, "host": host, "namespace": words(payload, "entity.metadata.namespace")})
