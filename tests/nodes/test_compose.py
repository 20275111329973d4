"""The message: title and severity come from the alert, analysis only adds."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from srvmaint.incidents.what_to_send import Reason
from srvmaint.intelligence._verdict import judge
from srvmaint.model import AlertStatus, CheckStatus, IncidentStatus, Message, Severity, Verdict
from srvmaint.nodes import Context
from srvmaint.nodes._compose import compose
from tests.fakes import START
from tests.nodes.given import context, incident, tools
from tests.notify.messages import EVIDENCE, RECOMMENDATIONS, alert


def message(about: Context, reason: Reason = Reason.FIRST, public_url: str = "") -> Message:
    assert about.incident is not None
    return compose(about, about.incident, reason, tools(public_url=public_url), START + 5)


def test_it_speaks_of_the_incident_and_the_run() -> None:
    about = context(incident(severity=Severity.WARNING))
    made = message(about)
    assert (made.title, made.severity, made.host) == ("DiskSpaceLow", Severity.WARNING, "db1")
    assert (made.incident_id, made.run_id, made.trace_id) == ("01j9qf3m8vbn4k2x", about.run.id, about.run.trace_id)
    assert (made.pipeline, made.reason, made.sent_at) == ("full", "first_notification", START + 5)
    assert (made.alerts_total, made.evidence_host) == (1, "db1")


@pytest.mark.parametrize(
    ("reason", "status", "kind", "standing"),
    [
        (Reason.FIRST, IncidentStatus.OPEN, "firing", "firing"),
        (Reason.NEW_ALERTS, IncidentStatus.ACKNOWLEDGED, "firing", "acknowledged"),
        (Reason.REFIRED, IncidentStatus.OPEN, "firing", "firing"),
        (Reason.SEVERITY_CHANGED, IncidentStatus.OPEN, "severity_changed", "firing"),
        (Reason.ACKNOWLEDGED, IncidentStatus.ACKNOWLEDGED, "acknowledged", "acknowledged"),
        (Reason.ALL_RESOLVED, IncidentStatus.RESOLVED, "resolved", "resolved"),
        (Reason.ALL_RESOLVED, IncidentStatus.CLOSED, "resolved", "resolved"),
    ],
)
def test_it_says_what_kind_of_news_it_is(reason: Reason, status: IncidentStatus, kind: str, standing: str) -> None:
    made = message(context(incident(status)), reason)
    assert (made.kind, made.status) == (kind, standing)


def test_the_worst_evidence_comes_first() -> None:
    about = context(incident())
    about.evidence.extend(EVIDENCE)
    assert [found.status for found in message(about).evidence] == [
        CheckStatus.CRITICAL,
        CheckStatus.WARNING,
        CheckStatus.OK,
    ]


def test_analysis_adds_and_changes_nothing() -> None:
    plain, about = message(context(incident())), context(incident())
    about.recommendations.extend(RECOMMENDATIONS)
    about.remarks.extend(["analysed by local", "context failed: timed out"])
    made = message(about)
    assert made.recommendations == RECOMMENDATIONS
    assert made.analysis == "analysed by local; context failed: timed out"
    assert replace(made, recommendations=(), analysis="") == plain


def test_it_began_when_the_first_of_its_alerts_did() -> None:
    about = context(incident(), alert(starts_at=START - 5), alert(starts_at=START - 9), alert(starts_at=None))
    assert message(about).started_at == START - 9
    assert message(context(incident(), alert(starts_at=None))).started_at == START


def test_it_says_what_the_host_itself_says() -> None:
    about = context(incident())
    about.evidence.extend(EVIDENCE)
    made = message(about)
    assert (made.verdict, made.verdict_reason) == judge(about.parsed_alerts, EVIDENCE, tools().is_this_host)
    elsewhere = context(incident(), alert(labels={"instance": "web7"}))
    assert message(elsewhere).verdict is Verdict.NOT_THIS_HOST


def test_links_lead_to_the_incident_the_runbook_and_the_graph() -> None:
    made = message(context(incident()), public_url="https://srvmaint.example.com/")
    assert made.links["incident"] == "https://srvmaint.example.com/incidents/01j9qf3m8vbn4k2x/"
    assert made.links["runbook"].startswith("https://wiki.example.com/")
    assert made.links["generator"].startswith("https://prometheus.example.com/")


def test_without_anything_to_link_to_there_are_no_links() -> None:
    bare = alert(annotations={}, generator_url="", status=AlertStatus.FIRING)
    assert message(context(incident(), bare)).links == {}
