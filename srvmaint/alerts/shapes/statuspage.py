"""Atlassian Statuspage: the incidents and components of a page somebody is subscribed to.

    https://support.atlassian.com/statuspage/docs/enable-webhook-notifications/

Maintenance that was planned is no alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, RESOLVED, WARNING, Table, has, holds

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"page"})

_PLANNED: Final = ("scheduled", "in_progress", "verifying", "under_maintenance")
_TABLE: Final = Table(
    source="statuspage",
    name=("incident.name", "component.name"),
    status=("incident.status", "component_update.new_status", "component.status"),
    statuses={
        **dict.fromkeys(("investigating", "identified", "monitoring"), FIRING),
        **dict.fromkeys(("degraded_performance", "partial_outage", "major_outage"), FIRING),
        **dict.fromkeys(("resolved", "postmortem", "completed", "operational"), RESOLVED),
    },
    ignored=dict.fromkeys(_PLANNED, "Statuspage speaks of maintenance that was planned"),
    severity=("incident.impact", "component_update.new_status", "component.status"),
    severities={
        **dict.fromkeys(("critical", "major", "major_outage"), CRITICAL),
        **dict.fromkeys(("minor", "partial_outage", "degraded_performance"), WARNING),
    },
    identity=(("incident.id",), ("component.id",)),
    description=("incident.incident_updates.0.body", "component.description", "component_update.new_status"),
    labels={"page": "page.id", "component": "component.name"},
    annotations={"page_status": "page.status_description", "status": "incident.status"},
    starts_at=("incident.created_at",),
    ends_at=("incident.resolved_at",),
    moment=("component_update.created_at", "incident.updated_at"),
    url=("incident.shortlink",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A page with an incident or a component of it."""
    known = holds(payload, "page", "status_indicator") or "meta" in payload
    what = next((key for key in ("incident", "component") if has(payload, f"{key}.name", f"{key}.status")), None)
    return f"`page` and `{what}` of Statuspage" if known and what else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alert."""
    return _TABLE.read(payload)
