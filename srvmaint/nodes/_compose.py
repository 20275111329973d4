"""The message about an incident: title and severity come from the alert, analysis only adds."""

from __future__ import annotations

from typing import Final

from srvmaint.incidents.what_to_send import Reason
from srvmaint.intelligence._topics import host_of
from srvmaint.intelligence._verdict import judge
from srvmaint.model import CHECK_ORDER, Incident, IncidentStatus, Message
from srvmaint.nodes import Context, Tools

_KINDS: Final = {
    Reason.SEVERITY_CHANGED: "severity_changed",
    Reason.ACKNOWLEDGED: "acknowledged",
    Reason.ALL_RESOLVED: "resolved",
}


def compose(context: Context, incident: Incident, reason: Reason, tools: Tools, at: int) -> Message:
    """Put together what a receiver is told, before any channel gives it a form."""
    alerts = context.parsed_alerts
    verdict, why = judge(alerts, context.evidence, tools.is_this_host)
    rank = {status: place for place, status in enumerate(CHECK_ORDER)}
    starts = [alert.starts_at for alert in alerts if alert.starts_at is not None]
    return Message(
        kind=_KINDS.get(reason, "firing"),
        title=incident.title,
        severity=incident.severity,
        status="resolved" if reason is Reason.ALL_RESOLVED else _standing(incident),
        host=next((host for host in map(host_of, alerts) if host), ""),
        verdict=verdict,
        verdict_reason=why,
        incident_id=incident.id,
        run_id=context.run.id,
        trace_id=context.run.trace_id,
        pipeline=context.run.pipeline,
        reason=reason,
        started_at=min(starts, default=incident.opened_at),
        resolved_at=incident.resolved_at,
        sent_at=at,
        alerts=alerts,
        alerts_total=sum(incident.alerts.values()),
        evidence_host=tools.this_host,
        evidence=tuple(sorted(context.evidence, key=lambda result: rank[result.status])),
        recommendations=tuple(context.recommendations),
        analysis="; ".join(context.remarks),
        links=_links(context, incident, tools.public_url),
    )


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
