"""Google Cloud Monitoring (Stackdriver): the webhook's schemas 1.0, 1.1 and 1.2.

    https://cloud.google.com/monitoring/support/notification-options#webhooks

Times are epoch seconds; an incident that has not ended has null or 0 there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import FIRING, RESOLVED, Table, has

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"incident"})

_TABLE: Final = Table(
    source="gcp_monitoring",
    name=("incident.condition_name", "incident.condition.displayName", "incident.policy_name", "incident.summary"),
    status=("incident.state",),
    statuses={"open": FIRING, "closed": RESOLVED},
    severity=(
        "incident.severity",
        "incident.policy_user_labels.severity",
        "incident.metadata.user_labels.severity",
        "incident.metadata.system_labels.severity",
    ),
    identity=(
        ("incident.incident_id",),
        ("incident.policy_name", "incident.condition_name", "incident.resource_name"),
        ("incident.policy_name", "incident.condition_name"),
    ),
    description=("incident.summary", "incident.documentation.content", "incident.documentation.subject"),
    host=(
        "incident.resource.labels.host",
        "incident.resource_display_name",
        "incident.resource_name",
        "incident.resource.labels.instance_id",
        "incident.resource_id",
    ),
    labels={
        "policy": "incident.policy_name",
        "project": "incident.scoping_project_id",
        "resource_type": "incident.resource.type",
        "resource_id": "incident.resource_id",
    },
    tags=("incident.policy_user_labels", "incident.resource.labels"),
    annotations={
        "documentation": "incident.documentation.content",
        "metric": "incident.metric.type",
        "observed_value": "incident.observed_value",
        "threshold": "incident.threshold_value",
    },
    starts_at=("incident.started_at",),
    ends_at=("incident.ended_at",),
    url=("incident.url",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """An incident's state with its id, or with the policy and the condition it came from."""
    if not has(payload, "incident.state"):
        return None
    if has(payload, "incident.incident_id"):
        return "`incident.incident_id` of Google Cloud Monitoring"
    known = has(payload, "incident.policy_name", "incident.condition_name")
    return "`incident.policy_name` and `incident.condition_name` of Google Cloud Monitoring" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The incident."""
    return _TABLE.read(payload)
