"""The message about an incident: title and severity come from the alert, analysis only adds."""

from __future__ import annotations

from typing import Final

from srvmaint.incidents.what_to_send import Reason
from srvmaint.intelligence._topics import host_of
from srvmaint.intelligence._verdict import judge
from srvmaint.model import CHECK_ORDER, Alert, AlertStatus, Incident, IncidentStatus, Message
from srvmaint.nodes import Context, Tools

_KINDS: Final = {
    Reason.SEVERITY_CHANGED: "severity_changed",
    Reason.ACKNOWLEDGED: "acknowledged",
    Reason.ALL_RESOLVED: "resolved",
    Reason.RESOLVED_NOT_WANTED: "resolved",
}


def compose(context: Context, incident: Incident, reason: Reason, tools: Tools, at: int) -> Message:
    """Put together what a receiver is told, before any channel gives it a form."""
    is_over = reason in (Reason.ALL_RESOLVED, Reason.RESOLVED_NOT_WANTED)
    alerts = context.parsed_alerts if is_over else _live(context.parsed_alerts)
    verdict, why = context.judgement or judge(alerts, context.evidence, tools.is_this_host)
    rank = {status: place for place, status in enumerate(CHECK_ORDER)}
    starts = [alert.starts_at for alert in alerts if alert.starts_at is not None]
    return Message(
        kind=_KINDS.get(reason, "firing"),
        title=incident.title,
        severity=incident.severity,
        status="resolved" if is_over else _standing(incident),
        host=next((host for host in map(host_of, alerts) if host), ""),
        verdict=verdict,
        verdict_reason=why,
        incident_id=incident.id,
        run_id=context.run.id,
        trace_id=context.run.trace_id,
        pipeline=context.run.pipeline,
        reason=reason,
        started_at=min(starts, default=incident.opened_at),
        resolved_at=_end(alerts, incident.resolved_at) if is_over else None,
        sent_at=at,
        alerts=alerts,
        alerts_total=sum(count for status, count in incident.alerts.items() if is_over or status != "resolved"),
        evidence_host=tools.this_host,
        evidence=tuple(sorted(context.evidence, key=lambda result: rank[result.status])),
        recommendations=() if is_over else tuple(context.recommendations),
        analysis="; ".join(context.remarks),
        links=_links(context, incident, tools.public_url),
    )


def _live(alerts: tuple[Alert, ...]) -> tuple[Alert, ...]:
    """What goes on; an incident that fires again does not speak of what was over before."""
    return tuple(alert for alert in alerts if alert.status is not AlertStatus.RESOLVED)


def _end(alerts: tuple[Alert, ...], resolved_at: int | None) -> int | None:
    """When it was over: when the senders say so, all of them, else when we heard of it."""
    ends = [alert.ends_at for alert in alerts if alert.ends_at is not None]
    if resolved_at is None or len(ends) < len(alerts):
        return resolved_at
    return min(max(ends, default=resolved_at), resolved_at)


def _standing(incident: Incident) -> str:
    return "acknowledged" if incident.status is IncidentStatus.ACKNOWLEDGED else "firing"


def _links(context: Context, incident: Incident, public_url: str) -> dict[str, str]:
    links = {"incident": f"{public_url.rstrip('/')}/incidents/{incident.id}/"} if public_url else {}
    for alert in context.parsed_alerts:
        if runbook := alert.annotations.get("runbook_url"):
            links.setdefault("runbook", runbook)
        if alert.generator_url:
            links.setdefault("generator", alert.generator_url)
    return links
