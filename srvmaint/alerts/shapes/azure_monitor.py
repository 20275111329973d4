"""Azure Monitor: the common alert schema and the schemas before it.

    https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema
    https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-non-common-schema-definitions

An alert's `alertId` is that of one occurrence and the same in both of its messages. A classic one has only the rule,
the resource and the dimensions to be known by. Log alerts before the common schema and activity log alerts never end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._read import mapping
from srvmaint.alerts._table import CRITICAL, FIRING, INFO, RESOLVED, WARNING, Table, at, has, words

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"schemaId", "context", "data"})

_SOURCE: Final = "azure_monitor"
_STATES: Final = {
    **dict.fromkeys(("activated", "fired", "unresolved", "active"), FIRING),
    **dict.fromkeys(("deactivated", "resolved", "complete", "rca", "available"), RESOLVED),
}
_LEVELS: Final = {
    **dict.fromkeys(("sev0", "sev1", "0", "1", "critical", "error"), CRITICAL),
    **dict.fromkeys(("sev2", "2", "warning"), WARNING),
    **dict.fromkeys(("sev3", "sev4", "3", "4", "informational", "verbose"), INFO),
}
_COMMON: Final = Table(
    source=_SOURCE,
    name=("data.essentials.alertRule",),
    status=("stage", "data.essentials.monitorCondition"),
    statuses=_STATES,
    severity=("data.essentials.severity",),
    severities=_LEVELS,
    identity=(
        ("tracking_id",),
        ("data.essentials.alertId",),
        ("data.essentials.originAlertId",),
    ),
    description=("data.essentials.description", "event_title", "condition"),
    host=("data.essentials.configurationItems.0", "target"),
    labels={
        "monitoring_service": "data.essentials.monitoringService",
        "signal_type": "data.essentials.signalType",
        "resource_group": "data.essentials.targetResourceGroup",
        "resource_type": "data.essentials.targetResourceType",
        "target": "data.essentials.alertTargetIDs.0",
    },
    tags=("dimensions",),
    annotations={
        "alert_id": "data.essentials.alertId",
        "condition": "condition",
        "custom_properties": "data.customProperties",
    },
    starts_at=("data.essentials.firedDateTime",),
    ends_at=("data.essentials.resolvedDateTime",),
    url=("data.essentials.investigationLink", "data.alertContext.condition.allOf.0.linkToSearchResultsUI"),
)
_CLASSIC: Final = Table(
    source=_SOURCE,
    name=("context.name",),
    status=("status",),
    statuses=_STATES,
    severity=("context.severity",),
    severities=_LEVELS,
    identity=(("context.id", "context.resourceId", "which"), ("context.id", "context.resourceId"), ("context.id",)),
    description=("context.description", "condition"),
    host=("context.resourceName",),
    labels={
        "resource_group": "context.resourceGroupName",
        "resource_type": "context.resourceType",
        "resource_id": "context.resourceId",
    },
    tags=("dimensions",),
    annotations={"condition": "condition", "properties": "properties"},
    moment=("context.timestamp",),
    url=("context.portalLink",),
)
_LOG: Final = Table(
    source=_SOURCE,
    name=("AlertRuleName",),
    severity=("Severity",),
    severities=_LEVELS,
    identity=(("SubscriptionId", "AlertRuleName"), ("AlertRuleName",)),
    description=("Description", "SearchQuery"),
    host=("AffectedConfigurationItems.0",),
    labels={"subscription": "SubscriptionId"},
    annotations={"query": "SearchQuery", "result_count": "ResultCount", "threshold": "AlertThresholdValue"},
    moment=("SearchIntervalEndtimeUtc",),
    url=("LinkToSearchResultsUI", "LinkToSearchResults"),
)
_ACTIVITY: Final = Table(
    source=_SOURCE,
    name=("properties.title", "operationName", "eventSource"),
    status=("properties.stage", "properties.currentHealthStatus"),
    statuses=_STATES,
    severity=("level",),
    severities=_LEVELS,
    identity=(("properties.trackingId",), ("eventSource", "resourceId", "operationName"), ("correlationId",)),
    description=("properties.communication", "properties.details", "description", "status"),
    host=("resourceId",),
    labels={"service": "properties.service", "region": "properties.region", "event_source": "eventSource"},
    annotations={"caller": "caller", "status": "status", "correlation_id": "correlationId"},
    moment=("eventTimestamp", "submissionTimestamp"),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A `schemaId` of Azure with `data`, the essentials in `data`, or `status` with a classic `context`."""
    schema = payload.get("schemaId")
    if isinstance(schema, str) and isinstance(payload.get("data"), dict):
        return f"Azure's schema {schema[:60]}"
    if has(payload, "data.essentials.alertRule", "data.essentials.monitorCondition"):
        return "`data.essentials` of Azure's common alert schema"
    is_classic = has(payload, "status", "context.name") and _rule(payload["context"])
    return "`status` with the `context` of a classic Azure alert" if is_classic else None


def _rule(context: Mapping[str, Any]) -> bool:
    return words(context, "id").startswith("/subscriptions/") or has(context, "conditionType", "resourceName")


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alert, by the schema it is in."""
    data = mapping(payload.get("data"))
    if isinstance(data.get("essentials"), dict):
        condition = at(data, "alertContext.condition")
        target = words(data, "essentials.alertTargetIDs.0").rpartition("/")[2]
        event = at(data, "alertContext.properties") if words(data, "essentials.signalType") == "Activity Log" else None
        return _COMMON.read({**payload, "target": target, **_service_event(event), **_criteria(condition)})
    if "AlertRuleName" in data:
        return _LOG.read(data)
    body = payload if "context" in payload else data
    activity = at(body, "context.activityLog")
    if isinstance(activity, dict):
        return _ACTIVITY.read(activity)
    return _CLASSIC.read({**body, **_criteria(at(body, "context.condition"))})


def _service_event(event: Any) -> dict[str, Any]:
    """Of a service or resource health event the stage and what it is known by; its alert itself never resolves."""
    return {
        "stage": words(event, "stage", "currentHealthStatus"),
        "tracking_id": words(event, "trackingId"),
        "event_title": words(event, "title"),
    }


def _criteria(condition: Any) -> dict[str, Any]:
    """The condition in words, and the dimensions of its first part: several resources may share one rule."""
    parts = at(condition, "allOf")
    part = parts[0] if isinstance(parts, list) and parts else condition
    limits = (words(part, "metricName", "searchQuery"), words(part, "operator"), words(part, "threshold"))
    given = at(part, "dimensions")
    members = given if isinstance(given, list) else []
    dimensions = {words(entry, "name"): words(entry, "value") for entry in members if has(entry, "name")}
    return {
        "condition": " ".join(filter(None, limits)),
        "dimensions": dimensions,
        "which": ",".join(f"{name}={dimensions[name]}" for name in sorted(dimensions)),
    }
