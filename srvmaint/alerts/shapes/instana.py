"""Instana: the webhook of an issue, an incident or a change.

https://www.ibm.com/docs/en/instana-observability/current?topic=alerts-webhooks
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, INFO, RESOLVED, WARNING, Table, has, holds

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"issue"})

_TABLE: Final = Table(
    source="instana",
    name=("issue.text", "issue.type"),
    status=("issue.state",),
    statuses={"open": FIRING, "closed": RESOLVED},
    ignored={
        "online": "Instana speaks of a change, not of a problem",
        "offline": "Instana speaks of a change, not of a problem",
    },
    severity=("issue.severity",),
    severities={"10": CRITICAL, "5": WARNING, "-1": INFO},
    identity=(("issue.id",),),
    description=("issue.suggestion", "issue.text"),
    host=("issue.fqdn", "issue.entityLabel", "issue.entity"),
    labels={"zone": "issue.zone", "entity": "issue.entity", "service": "issue.service", "tags": "issue.tags"},
    annotations={"entity_label": "issue.entityLabel", "container": "issue.container"},
    starts_at=("issue.start",),
    ends_at=("issue.end",),
    url=("issue.link",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """An issue with its state."""
    return "`issue` of Instana" if has(payload, "issue.id", "issue.state") and holds(payload, "issue", "type") else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alert."""
    return _TABLE.read(payload)
