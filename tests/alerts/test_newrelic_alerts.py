from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from srvmaint.alerts.newrelic import Driver
from srvmaint.clock import iso
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus, Severity

EXAMPLES = Path(__file__).parents[2] / "examples" / "webhooks"
ISSUE = "6f3c1a52-0b84-4d0e-9a7e-2d5b81c4e960"
URL = f"https://radar-api.service.newrelic.com/accounts/1/issues/{ISSUE}?notifier=WEBHOOK"
FIRING, ACKNOWLEDGED, RESOLVED = AlertStatus.FIRING, AlertStatus.ACKNOWLEDGED, AlertStatus.RESOLVED


def issue(*without: str, **changes: Any) -> dict[str, Any]:
    """What a workflow sends by default."""
    payload = {
        "id": ISSUE,
        "issueUrl": URL,
        "title": "web-3 query result is > 90.0 for 5 minutes on 'CPU'",
        "priority": "CRITICAL",
        "impactedEntities": ["web-3"],
        "totalIncidents": 1,
        "state": "ACTIVATED",
        "trigger": "STATE_CHANGE",
        "isCorrelated": False,
        "createdAt": 1772445737000,
        "updatedAt": 1772445800000,
        "sources": ["newrelic"],
        "alertPolicyNames": ["Web servers"],
        "alertConditionNames": ["CPU"],
        "workflowName": "srvmaint",
    }
    return {key: value for key, value in payload.items() if key not in without} | changes


def incident(*without: str, **changes: Any) -> dict[str, Any]:
    """What a notification channel sent."""
    payload = {
        "account_id": 1,
        "condition_id": 7,
        "condition_name": "CPU",
        "current_state": "open",
        "details": "CPU > 90 % on 'web-3'",
        "duration": 60_000,
        "event_type": "INCIDENT",
        "incident_acknowledge_url": "https://alerts.newrelic.com/accounts/1/incidents/1234/acknowledge",
        "incident_id": 1234,
        "incident_url": "https://alerts.newrelic.com/accounts/1/incidents/1234",
        "owner": "",
        "policy_name": "Web servers",
        "runbook_url": "https://runbooks.example.com/cpu",
        "severity": "CRITICAL",
        "targets": [
            {"id": "9", "name": "web-3", "labels": {"env": "prod"}, "product": "INFRASTRUCTURE", "type": "Host"}
        ],
        "timestamp": 1772445737000,
    }
    return {key: value for key, value in payload.items() if key not in without} | changes


def one(payload: Any) -> Alert:
    (alert,) = Driver().parse(payload).alerts
    return alert


def test_the_default_payload_is_read_whole() -> None:
    alert = one(json.loads((EXAMPLES / "newrelic.json").read_text()))
    assert alert.name == "CPU is nearly used up"
    assert (alert.status, alert.severity, alert.fingerprint) == (FIRING, Severity.CRITICAL, ISSUE)
    assert alert.description == "web-3.example.com query result is > 90.0 for 5 minutes on 'CPU is nearly used up'"
    assert alert.labels == {"instance": "web-3.example.com", "policy": "Web servers"}
    assert alert.annotations["workflowName"] == "srvmaint"
    assert (iso(alert.starts_at), alert.ends_at) == ("2026-03-02T10:02:17.481Z", None)
    assert alert.generator_url.endswith("?notifier=WEBHOOK")


def test_a_channels_incident_is_read_whole() -> None:
    alert = one(incident())
    assert (alert.name, alert.status, alert.severity, alert.fingerprint) == ("CPU", FIRING, Severity.CRITICAL, "1234")
    assert alert.description == "CPU > 90 % on 'web-3'"
    assert alert.labels == {"env": "prod", "instance": "web-3", "policy": "Web servers"}
    assert alert.annotations["runbook_url"] == "https://runbooks.example.com/cpu"
    assert (iso(alert.starts_at), alert.ends_at) == ("2026-03-02T10:02:17Z", None)
    assert alert.generator_url == "https://alerts.newrelic.com/accounts/1/incidents/1234"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"state": "CREATED"}, FIRING),
        ({"state": "activated"}, FIRING),
        ({"state": "CLOSED"}, RESOLVED),
        ({"state": "closed"}, RESOLVED),
        ({"state": "RESOLVED"}, RESOLVED),
        ({"state": ["CLOSED"]}, RESOLVED),
        ({"state": "acknowledged"}, ACKNOWLEDGED),
        ({"state": "hello world"}, FIRING),
        ({"state": None}, FIRING),
        ({"state": "{{ json state }}"}, FIRING),
        ({"state": None, "closedAt": 1772447357000}, RESOLVED),
        ({"trigger": "INCIDENT_CLOSED"}, FIRING),
        ({"trigger": "INCIDENT_ADDED"}, FIRING),
        ({"trigger": "PRIORITY_CHANGED"}, FIRING),
        ({"trigger": "USER_ACTION"}, ACKNOWLEDGED),
        ({"trigger": "USER_ACTION", "state": "CLOSED"}, RESOLVED),
        ({"owner": "Alice"}, ACKNOWLEDGED),
        ({"acknowledgedBy": ["Alice"]}, ACKNOWLEDGED),
        ({"owner": "Alice", "state": "CLOSED"}, RESOLVED),
        ({"owner": "N/A"}, FIRING),
        ({"owner": None}, FIRING),
        ({"acknowledgedAt": 1772445800000}, ACKNOWLEDGED),
        ({"acknowledgedAt": 1772445800000, "unAcknowledgedAt": 1772445900000}, FIRING),
        ({"acknowledgedAt": 1772446000000, "unAcknowledgedAt": 1772445900000}, ACKNOWLEDGED),
        ({"acknowledgedAt": None, "trigger": "USER_ACTION"}, FIRING),
    ],
)
def test_an_issue_is_acknowledged_by_a_user_and_resolved_only_by_its_state(
    changes: dict[str, Any], status: AlertStatus
) -> None:
    assert one(issue(**changes)).status is status


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"current_state": "open"}, FIRING),
        ({"current_state": "OPEN", "owner": "Alice"}, FIRING),
        ({"current_state": "acknowledged"}, ACKNOWLEDGED),
        ({"current_state": "closed"}, RESOLVED),
        ({"current_state": "test", "event_type": "NOTIFICATION", "owner": "Alice"}, FIRING),
        ({"current_state": "$EVENT_STATE", "event_type": "INCIDENT_ACKNOWLEDGED"}, ACKNOWLEDGED),
        ({"current_state": None, "event_type": "VIOLATION_CLOSE"}, RESOLVED),
        ({"current_state": None}, FIRING),
        ({"current_state": "ACTIVATED", "state": "ACTIVATED"}, FIRING),
        ({"current_state": "acknowledged", "state": "ACTIVATED", "status": "ACTIVATED"}, ACKNOWLEDGED),
    ],
)
def test_an_incident_says_its_state_in_one_word(changes: dict[str, Any], status: AlertStatus) -> None:
    assert one(incident(**changes)).status is status


@pytest.mark.parametrize(
    ("word", "severity", "label"),
    [
        ("CRITICAL", Severity.CRITICAL, None),
        ("HIGH", Severity.WARNING, "HIGH"),
        ("MEDIUM", Severity.WARNING, "MEDIUM"),
        ("WARNING", Severity.WARNING, None),
        ("LOW", Severity.INFO, "LOW"),
        ("INFO", Severity.INFO, None),
        (["high"], Severity.WARNING, "high"),
        (None, Severity.WARNING, None),
        ("$SEVERITY", Severity.WARNING, None),
        ("x" * 9000, Severity.WARNING, "x" * 3999 + "…"),
    ],
)
def test_high_is_what_warning_became(word: Any, severity: Severity, label: str | None) -> None:
    for alert in (one(issue(priority=word)), one(incident(severity=word))):
        assert (alert.severity, alert.labels.get("severity")) == (severity, label)


def test_the_issue_keeps_its_identity_and_its_name_while_incidents_come_and_go() -> None:
    before = one(issue(state="CREATED"))
    joined = one(issue(alertConditionNames=["CPU", "Memory"], impactedEntities=["web-3", "web-4"], totalIncidents=2))
    after = one(issue("id", state="CLOSED", trigger="INCIDENT_CLOSED"))
    assert {before.fingerprint, joined.fingerprint, after.fingerprint} == {ISSUE}
    assert {before.name, joined.name, after.name} == {"CPU"}
    assert before.labels == joined.labels
    assert joined.annotations["impactedEntities"] == "web-3, web-4"


def test_an_incident_keeps_its_identity_until_it_is_closed() -> None:
    said = [one(incident(current_state=word)) for word in ("open", "acknowledged", "closed")]
    assert {alert.fingerprint for alert in said} == {"1234"}
    assert one(incident("incident_id", "incident_url")).fingerprint == "1234"


@pytest.mark.parametrize("number", [0, -1, "0", None, "$INCIDENT_ID"])
def test_what_is_no_id_gives_way_to_the_link_and_then_to_name_and_policy(number: Any) -> None:
    assert one(incident(incident_id=number, incident_url=URL)).fingerprint == ISSUE
    links = {"incident_url": "https://alerts.newrelic.com/accounts/1/incidents/0", "incident_acknowledge_url": ""}
    opened = one(incident(incident_id=number, **links))
    closed = one(incident(incident_id=number, **links, current_state="closed", severity=None, timestamp=1))
    assert opened.fingerprint == closed.fingerprint != one(incident(incident_id=number, condition_name="x")).fingerprint


@pytest.mark.parametrize(
    ("changes", "start", "end"),
    [
        ({"state": "CREATED"}, "2026-03-02T10:02:17Z", None),
        ({"state": "CLOSED"}, "2026-03-02T10:02:17Z", "2026-03-02T10:03:20Z"),
        ({"state": "CLOSED", "closedAt": 1772447357000}, "2026-03-02T10:02:17Z", "2026-03-02T10:29:17Z"),
        ({"closedAt": 1772447357000}, "2026-03-02T10:02:17Z", None),
        ({"createdAt": "1772445737000"}, "2026-03-02T10:02:17Z", None),
        ({"createdAt": "Mon, 02 Mar"}, "2026-03-02T10:03:20Z", None),
        ({"createdAt": None, "updatedAt": []}, None, None),
    ],
)
def test_an_issue_starts_when_it_was_created(changes: dict[str, Any], start: str | None, end: str | None) -> None:
    alert = one(issue(**changes))
    assert (iso(alert.starts_at), iso(alert.ends_at)) == (start, end)


@pytest.mark.parametrize(
    ("changes", "start", "end"),
    [
        ({"current_state": "closed"}, "2026-03-02T10:01:17Z", "2026-03-02T10:02:17Z"),
        ({"current_state": "closed", "duration": "60000"}, "2026-03-02T10:01:17Z", "2026-03-02T10:02:17Z"),
        ({"current_state": "closed", "duration": None}, None, "2026-03-02T10:02:17Z"),
        ({"current_state": "acknowledged"}, "2026-03-02T10:01:17Z", None),
        ({"current_state": "acknowledged", "duration": 1772445737000}, None, None),
        ({"current_state": "acknowledged", "duration": -5}, None, None),
        ({"timestamp": "soon"}, None, None),
    ],
)
def test_an_incident_started_as_long_ago_as_it_lasted(
    changes: dict[str, Any], start: str | None, end: str | None
) -> None:
    alert = one(incident(**changes))
    assert (iso(alert.starts_at), iso(alert.ends_at)) == (start, end)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"alertConditionNames": ["condition1", "condition2"]}, "condition1"),
        ({"alertConditionNames": "CPU"}, "CPU"),
        ({"alertConditionNames": '["CPU"]'}, "CPU"),
        ({"alertConditionNames": [None, "", "CPU"]}, "CPU"),
        ({"alertConditionNames": None, "title": ["It is down"]}, "It is down"),
        ({"alertConditionNames": ["{{x}}"], "title": "{{ json annotations.title.[0] }}"}, "Web servers"),
        ({"alertConditionNames": None, "accumulations": {"conditionName": ["CPU"]}}, "CPU"),
        ({"alertConditionNames": None, "title": None, "alertPolicyNames": []}, "New Relic alert"),
    ],
)
def test_the_name_is_found_however_the_template_writes_it(changes: dict[str, Any], name: str) -> None:
    assert one(issue(**changes)).name == name


@pytest.mark.parametrize(
    ("changes", "instance"),
    [
        ({"targets": [{"name": "web-3", "labels": {"hostname": "web-3.example.com"}}]}, "web-3.example.com"),
        ({"targets": '[{"name": "web-3", "labels": {}}]'}, "web-3"),
        ({"targets": {"name": "web-3"}}, "web-3"),
        ({"targets": [{"name": "N/A", "labels": None}]}, None),
        ({"targets": "[[{}]'][0]['name']"}, None),
        ({"targets": "$TARGETS"}, None),
        ({"targets": [], "impactedEntities": ["web-3"]}, "web-3"),
    ],
)
def test_the_instance_is_the_host_of_the_first_target(changes: dict[str, Any], instance: str | None) -> None:
    assert one(incident(**changes)).labels.get("instance") == instance


def test_tags_of_a_template_become_labels() -> None:
    assert one(issue(tags=["team:web", "blue"])).labels["team"] == "web"
    assert one(issue(tags={"team": "web"})).labels["team"] == "web"


def test_what_differs_in_the_texts_is_all_in_the_description() -> None:
    alert = one(issue(description=["More than 90 %"], details="web-3 query result is > 90.0 for 5 minutes on 'CPU'"))
    assert alert.description == "web-3 query result is > 90.0 for 5 minutes on 'CPU'\n\nMore than 90 %"


def test_a_payload_that_was_wrapped_for_another_receiver_is_unwrapped() -> None:
    for_opsgenie = {"tags": "blue", "teams": "web", "payload": incident(incident_id=ISSUE, current_state="closed")}
    through_aws = {"detail-type": "NewRelicEvent", "id": "of-the-envelope", "detail": issue()}
    for payload, status in ((for_opsgenie, RESOLVED), (through_aws, FIRING)):
        assert Driver().detect(payload)
        assert (one(payload).name, one(payload).status) == ("CPU", status)
    assert one(for_opsgenie).fingerprint == one(through_aws).fingerprint == ISSUE


def test_an_alert_of_before_2016_is_read_from_its_form() -> None:
    def form(words: str) -> dict[str, Any]:
        alert = {
            "created_at": "2014-03-04T14:31:35+00:00",
            "application_name": "Shop",
            "account_name": "Example",
            "severity": "Critical",
            "message": "Apdex score fell below critical level of 0.90",
            "short_description": f"[Shop] alert {words}",
            "long_description": "Alert on [Shop]: Apdex score fell below critical level of 0.90",
            "alert_url": "https://rpm.newrelic.com/accounts/1/applications/2/incidents/3",
        }
        return {"alert": json.dumps(alert)}

    assert Driver().detect(form("opened")) == "an alert of before 2016"
    opened, closed = one(form("opened")), one(form("closed"))
    assert (opened.status, closed.status, opened.severity) == (FIRING, RESOLVED, Severity.CRITICAL)
    assert opened.fingerprint == closed.fingerprint == "3"
    assert iso(opened.starts_at) == "2014-03-04T14:31:35Z"


def test_a_deployment_is_ignored() -> None:
    deployment = {
        "revision": "12",
        "deployed_by": "a",
        "deployment_url": "https://rpm.newrelic.com/accounts/1/deployments/2",
    }
    for payload in (deployment, {"deployment": json.dumps(deployment)}):
        assert Driver().parse(payload).ignored == "a deployment is no alert"


def test_secrets_in_a_payload_are_not_kept() -> None:
    assert "hunter2" not in str(one(issue(secret="hunter2", apiKey="hunter2", note="kept")))
    assert one(issue(note="kept")).annotations["note"] == "kept"


@pytest.mark.parametrize(
    "payload",
    [
        issue(),
        issue("id", "impactedEntities", "trigger", "sources", "workflowName", "isCorrelated"),
        {"id": ISSUE, "issueUrl": URL, "name": "x", "severity": "HIGH", "status": "CLOSED"},
        {"issueId": ISSUE, "state": "CLOSED"},
        {"workflowName": "w", "alertPolicyNames": ["p"], "priority": "LOW"},
        incident(),
        {"current_state": "open", "incident_id": 1},
        {"current_state": "Closed", "condition_name": "x"},
        {"current_state": "hello", "condition_name": "x", "policy_name": "y"},
        {"incident_acknowledge_url": "https://alerts.newrelic.com/x", "details": "y"},
    ],
)
def test_issues_and_incidents_are_known_by_their_keys_and_states(payload: Any) -> None:
    assert Driver().detect(payload)


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [issue()],
        "CLOSED",
        {"current_state": "DOWN", "previous_state": "UP", "check_id": 1, "check_name": "x"},
        {"title": "[Alerting] x", "state": "alerting", "ruleId": 1, "ruleName": "x", "orgId": 1},
        {"issueUrl": "https://github.com/a/b/issues/1", "state": "closed", "title": "x"},
        {"workflowName": "build", "status": "success", "url": "https://ci.example.com/1"},
        {
            "incident": {"incident_id": "x", "policy_name": "p", "condition_name": "c", "state": "open"},
            "version": "1.2",
        },
        {"event_type": "query_alert_monitor", "title": "[Triggered] x", "priority": "normal", "incident_title": ""},
        {"event_type": "incident", "incident_id": "x", "severity": "high"},
        {"issueUrl": ["x"], "state": {}, "current_state": ["open"]},
        {"deployment_url": "https://deploy.example.com/1"},
    ],
)
def test_the_bodies_of_others_are_not_claimed(payload: Any) -> None:
    assert Driver().detect(payload) is None


def test_a_body_that_says_nothing_is_refused_and_one_that_says_little_is_not() -> None:
    with pytest.raises(PayloadError, match="neither a title nor a condition nor an id") as caught:
        Driver().parse({"updatedField": "CREATED", "title": "{{ title }}"})
    assert caught.value.code == "no_alerts"
    with pytest.raises(PayloadError) as caught:
        Driver().parse([issue()])
    assert caught.value.code == "undetected"
    alert = one({"timestamp": 1772445737000, "current_state": "open"})
    assert (alert.name, alert.status) == ("New Relic alert", FIRING)
