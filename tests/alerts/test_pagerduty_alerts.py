from __future__ import annotations

from typing import Any

import pytest

from srvmaint.alerts import BadAlert
from srvmaint.alerts._limits import MAX_ALERTS
from srvmaint.alerts.pagerduty import Driver
from srvmaint.clock import iso
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus, Severity

FIRING, ACKNOWLEDGED, RESOLVED = AlertStatus.FIRING, AlertStatus.ACKNOWLEDGED, AlertStatus.RESOLVED


def incident(**changes: Any) -> dict[str, Any]:
    """As version 3 has it."""
    return {
        "id": "Q1EXAMPLE", "type": "incident", "html_url": "https://example.pagerduty.com/incidents/Q1EXAMPLE",
        "number": 7, "status": "triggered", "incident_key": "shop/errors", "created_at": "2026-03-02T10:00:00Z",
        "title": "Errors in the shop", "service": {"id": "PS", "summary": "Shop", "status": "warning"},
        "assignees": [{"summary": "Robin"}, {"summary": "Kim"}], "teams": [{"summary": "Payments"}],
        "escalation_policy": {"summary": "Default"}, "priority": None, "urgency": "high", "resolve_reason": None,
        **changes,
    }  # fmt: skip


def v3(kind: str, data: Any = None, **changes: Any) -> dict[str, Any]:
    event = {
        "id": "01DELIVERY", "event_type": kind, "resource_type": kind.partition(".")[0],
        "occurred_at": "2026-03-02T10:20:00.5Z", "agent": {"summary": "Robin"}, "client": None,
        "data": incident() if data is None else data, **changes,
    }  # fmt: skip
    return {"event": event}


def v2(kind: str, **changes: Any) -> dict[str, Any]:
    about = {
        "id": "Q1EXAMPLE", "incident_number": 7, "title": "Errors in the shop", "description": "Errors in the shop",
        "summary": "[#7] Errors in the shop", "status": "triggered", "created_at": "2026-03-02T10:00:00Z",
        "incident_key": None, "urgency": "high", "service": {"name": "Shop", "summary": "Shop", "status": "critical"},
        "last_status_change_at": "2026-03-02T10:19:59Z", "alerts": [{"alert_key": "a1"}, {"alert_key": "a2"}],
        "assignments": [{"assignee": {"summary": "Robin"}}], **changes,
    }  # fmt: skip
    return {"id": "delivery", "event": kind, "created_on": "2026-03-02T10:20:00Z", "log_entries": [], "incident": about}


def v1(kind: str, **changes: Any) -> dict[str, Any]:
    about = {
        "id": "Q1EXAMPLE", "incident_number": 7, "created_on": "2026-03-02T10:00:00Z", "status": "triggered",
        "incident_key": "0123456789abcdef0123456789abcdef", "service": {"name": "Shop"},
        "trigger_summary_data": {"subject": "Errors in the shop"}, "last_status_change_on": "2026-03-02T10:19:59Z",
        "assigned_to": [{"object": {"name": "Robin"}}], "last_status_change_by": "null", **changes,
    }  # fmt: skip
    return {"id": "delivery", "type": kind, "created_on": "2026-03-02T10:20:00Z", "data": {"incident": about}}


def one(payload: Any) -> Alert:
    (alert,) = Driver().parse(payload).alerts
    return alert


def test_a_webhook_of_version_3_is_read_whole() -> None:
    assert one(v3("incident.triggered")) == Alert(
        source="pagerduty",
        fingerprint="Q1EXAMPLE",
        name="Errors in the shop",
        status=FIRING,
        severity=Severity.CRITICAL,
        labels={"service": "Shop", "team": "Payments", "severity": "high"},
        annotations={
            "incident_number": "7", "incident_key": "shop/errors", "urgency": "high", "escalation_policy": "Default",
            "assigned_to": "Robin, Kim", "changed_by": "Robin",
        },
        starts_at=1_772_445_600_000,
        generator_url="https://example.pagerduty.com/incidents/Q1EXAMPLE",
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["acknowledged", "resolved", "unacknowledged", "escalated", "something.new"])
def test_the_incident_says_where_it_stands_not_the_event(kind: str) -> None:
    for word, status in (("triggered", FIRING), ("acknowledged", ACKNOWLEDGED), ("resolved", RESOLVED)):
        assert one(v3(f"incident.{kind}", incident(status=word))).status is status


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("triggered", FIRING), ("reopened", FIRING), ("unacknowledged", FIRING), ("incident_type.changed", FIRING),
        ("acknowledged", ACKNOWLEDGED), ("resolved", RESOLVED),
    ],
)  # fmt: skip
def test_the_event_says_it_where_the_incident_does_not(kind: str, status: AlertStatus) -> None:
    assert one(v3(f"incident.{kind}", incident(status=None, type=None))).status is status


@pytest.mark.parametrize(
    ("changes", "severity", "word"),
    [
        ({"priority": {"summary": "P1"}, "urgency": "low"}, Severity.CRITICAL, "P1"),
        ({"priority": {"summary": "P2"}}, Severity.CRITICAL, "P2"),
        ({"priority": {"summary": "P3"}}, Severity.WARNING, "P3"),
        ({"priority": {"name": "SEV-4 minor"}}, Severity.INFO, "SEV-4 minor"),
        ({"priority": {"summary": "Warning"}}, Severity.WARNING, None),
        ({"priority": {"summary": "Team red"}, "urgency": "low"}, Severity.WARNING, "Team red"),
        ({"urgency": "low"}, Severity.WARNING, "low"),
        ({"urgency": None}, Severity.CRITICAL, None),
    ],
)
def test_the_priority_is_the_severity_else_the_urgency(
    changes: dict[str, Any], severity: Severity, word: str | None
) -> None:
    for payload in (v3("incident.triggered", incident(**changes)), {"messages": [v2("incident.trigger", **changes)]}):
        alert = one(payload)
        assert alert.severity is severity
        assert alert.labels.get("severity") == word


def test_an_incident_is_the_same_in_every_version_and_whatever_happens_to_it() -> None:
    payloads = [
        v3("incident.triggered"),
        v3("incident.acknowledged", incident(status="acknowledged", title="Errors"), id="01OTHER"),
        v3("incident.resolved", incident(status="resolved", incident_key=None)),
        {"messages": [v2("incident.trigger")]},
        {"messages": [v1("incident.resolve", status="resolved")]},
    ]
    assert {one(payload).fingerprint for payload in payloads} == {"Q1EXAMPLE"}


@pytest.mark.parametrize(
    ("payload", "starts", "ends"),
    [
        (v3("incident.triggered"), "2026-03-02T10:00:00Z", None),
        (v3("incident.triggered", incident(created_at=None)), "2026-03-02T10:20:00.500Z", None),
        (v3("incident.escalated", incident(created_at=None)), None, None),
        (v3("incident.reopened", incident(reopened_at="2026-03-02T10:19:00Z")), "2026-03-02T10:00:00Z", None),
        (v3("incident.resolved", incident(status="resolved")), "2026-03-02T10:00:00Z", "2026-03-02T10:20:00.500Z"),
        (v3("incident.reassigned", incident(status="resolved")), "2026-03-02T10:00:00Z", None),
        ({"messages": [v2("incident.resolve", status="resolved")]}, "2026-03-02T10:00:00Z", "2026-03-02T10:19:59Z"),
        ({"messages": [v1("incident.resolve", status="resolved")]}, "2026-03-02T10:00:00Z", "2026-03-02T10:19:59Z"),
        (
            {"messages": [v1("incident.resolve", status="resolved", last_status_change_on=None)]},
            "2026-03-02T10:00:00Z",
            "2026-03-02T10:20:00Z",
        ),
    ],
)
def test_it_begins_when_the_incident_was_created_and_ends_when_it_was_resolved(
    payload: Any, starts: str | None, ends: str | None
) -> None:
    alert = one(payload)
    assert (iso(alert.starts_at), iso(alert.ends_at)) == (starts, ends)


REFERENCE = {"id": "Q1EXAMPLE", "type": "incident_reference", "summary": "Errors in the shop"}


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("service.updated", {"id": "PS", "type": "service", "summary": "Shop"}),
        ("service.custom_field_values.updated", {"type": "service_field_values", "service": {"id": "PS"}}),
        ("incident.annotated", {"type": "incident_note", "id": "N", "incident": REFERENCE, "content": "resolved"}),
        ("incident.status_update_published", {"type": "incident_status_update", "incident": REFERENCE}),
        ("incident.responder.replied", {"type": "incident_responder", "incident": REFERENCE, "state": "accepted"}),
        ("incident.conference_bridge.updated", {"type": "incident_conference_bridge", "incident": REFERENCE}),
        ("incident.custom_field_values.updated", {"type": "incident_field_values", "incident": REFERENCE}),
        ("incident.role.assigned", {"type": "incident_role_assignment", "incident_role_assignments": []}),
        ("incident.task.completed", {"type": "incident_task", "status": "resolved", "incident": REFERENCE}),
        ("incident.workflow.completed", {"type": "incident_workflow_instance", "incident": REFERENCE}),
        ("incident.action_invocation.created", {"type": "incident_action_invocation", "incident": REFERENCE}),
        ("incident.something.new", {}),
        ("pagey.ping", {"type": "ping", "message": "Hello"}),
    ],
)
def test_an_event_about_anything_else_is_known_and_ignored(kind: str, data: Any) -> None:
    assert Driver().detect(v3(kind, data)) == "`event.event_type` with its data (webhook v3)"
    parsed = Driver().parse(v3(kind, data))
    assert (parsed.alerts, parsed.ignored) == ((), f"{kind} is no change of an incident")


@pytest.mark.parametrize(
    ("kind", "word", "status"),
    [
        ("incident.trigger", "triggered", FIRING),
        ("incident.acknowledge", "acknowledged", ACKNOWLEDGED),
        ("incident.unacknowledge", "triggered", FIRING),
        ("incident.unacknowledge", None, FIRING),
        ("incident.assign", "acknowledged", ACKNOWLEDGED),
        ("incident.escalate", "triggered", FIRING),
        ("incident.delegate", None, FIRING),
        ("incident.custom", "acknowledged", ACKNOWLEDGED),
        ("incident.resolve", "resolved", RESOLVED),
        ("incident.acknowledge", None, ACKNOWLEDGED),
        ("incident.resolve", None, RESOLVED),
    ],
)
def test_the_messages_of_versions_2_and_1_are_read(kind: str, word: Any, status: AlertStatus) -> None:
    for number, message in (("v2", v2(kind, status=word)), ("v1", v1(kind, status=word))):
        assert Driver().detect({"messages": [message]}) == f"`messages` about incidents (webhook {number})"
        alert = one({"messages": [message]})
        assert (alert.name, alert.status, alert.severity) == ("Errors in the shop", status, Severity.CRITICAL)
        assert alert.labels["service"] == "Shop"
        assert alert.annotations["assigned_to"] == "Robin"
        assert "changed_by" not in alert.annotations


def test_several_messages_about_one_incident_keep_their_order() -> None:
    messages = [v2("incident.acknowledge", status="acknowledged"), v2("incident.resolve", status="resolved")]
    found = [(alert.fingerprint, alert.status) for alert in Driver().parse({"messages": messages}).alerts]
    assert found == [("Q1EXAMPLE", ACKNOWLEDGED), ("Q1EXAMPLE", RESOLVED)]


def test_a_note_among_the_messages_is_left_out() -> None:
    assert Driver().parse({"messages": []}).ignored == "there is no message"
    note = v2("incident.annotate", status="resolved")
    assert Driver().parse({"messages": [note]}).ignored == "a note is no change of an incident"
    assert one({"messages": [note, v2("incident.trigger")]}).status is FIRING


def test_a_bad_message_is_reported_and_the_others_are_read() -> None:
    parsed = Driver().parse({"messages": [None, v2("incident.trigger"), {"event": "incident.trigger"}]})
    assert len(parsed.alerts) == 1
    assert parsed.errors == (BadAlert(0, "is not an object"), BadAlert(2, "has no incident with an id or a title"))


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"trigger_summary_data": {"description": "FAILURE of HTTP"}}, "FAILURE of HTTP"),
        (
            {"trigger_summary_data": {"SERVICEDESC": "HTTP", "HOSTNAME": "web-1", "SERVICESTATE": "DOWN"}},
            "HTTP on web-1",
        ),
        ({"trigger_summary_data": None, "incident_key": "It is on fire"}, "It is on fire"),
        ({"trigger_summary_data": None}, "Incident 7"),
        ({"trigger_summary_data": None, "incident_number": None}, "Incident Q1EXAMPLE"),
    ],
)
def test_an_incident_of_version_1_is_called_by_what_began_it(changes: dict[str, Any], name: str) -> None:
    assert one({"messages": [v1("incident.trigger", **changes)]}).name == name


def test_the_host_is_where_the_event_that_began_it_names_one() -> None:
    nagios = v1("incident.trigger", trigger_summary_data={"SERVICEDESC": "HTTP", "HOSTNAME": "web-1"})
    channel = {"details": {"host": "web-2", "message": "It hangs."}}
    entry = {**v2("incident.trigger")["incident"], "log_entries": [{"channel": channel}]}
    common = {"cef_details": {"source_origin": "web-3", "details": {"load": 9}}}
    logged = {"messages": [{"event": "incident.trigger", "incident": entry}]}
    alerts = [one({"messages": [nagios]}), one(logged), one(v3("incident.triggered", incident(body=common)))]
    alerts.append(one({"messages": [{**v2("incident.trigger"), "log_entries": [{"channel": channel}, None]}]}))
    assert [alert.labels["instance"] for alert in alerts] == ["web-1", "web-2", "web-3", "web-2"]
    assert [alerts[1].description, alerts[3].description] == ["It hangs.", "It hangs."]


def test_what_a_person_wrote_who_began_it_is_the_description() -> None:
    written = {"type": "trigger_log_entry", "channel": {"type": "web_trigger", "details": "Look at the shop."}}
    message = {**v2("incident.trigger"), "log_entries": [written]}
    assert one({"messages": [message]}).description == "Look at the shop."


def test_a_message_without_its_list_and_an_incident_in_an_envelope_are_read() -> None:
    alone = v2("incident.acknowledge", status="acknowledged")
    assert Driver().detect(alone) == "`messages` about incidents (webhook v2)"
    wrapped = v3("incident.acknowledged", {"incident": incident(status="acknowledged")})
    assert [one(payload).status for payload in (alone, wrapped)] == [ACKNOWLEDGED, ACKNOWLEDGED]
    assert one(alone).fingerprint == one(wrapped).fingerprint == "Q1EXAMPLE"


def test_an_incident_that_was_merged_says_so() -> None:
    merged = incident(status="resolved", resolve_reason={"type": "merge_resolve_reason", "incident": REFERENCE})
    assert one(v3("incident.resolved", merged)).annotations["resolve_reason"] == "merge_resolve_reason"


def test_without_an_id_the_key_and_then_the_name_are_the_identity() -> None:
    assert one(v3("incident.triggered", incident(id=None))).fingerprint == "shop/errors"
    nameless = incident(id=None, incident_key=None)
    assert one(v3("incident.triggered", nameless)).fingerprint == one(v3("incident.resolved", nameless)).fingerprint


@pytest.mark.parametrize(
    "payload",
    [
        {"event": "DOWN -> UP", "host": "web-1"},
        {"event": {"event_id": "x", "title": "an exception"}, "project": "shop"},
        {"event": {"event_type": 1, "data": {}}},
        {"event": {"event_type": "incident.triggered"}},
        {"messages": [{"type": "message", "text": "hello"}, None, "incident.trigger"]},
        {"messages": [{"event": "incident.trigger"}, {"type": "incident.trigger", "data": []}]},
        {"messages": "incident.trigger"},
        {"event_action": "close", "routing_key": "k"},
        {"event_action": "acknowledge", "alias": "x"},
        {"event_type": "metric_alert_monitor", "alert_id": "1"},
        {"event_type": "INCIDENT", "incident_id": 1, "current_state": "open"},
        {"routing_key": "team", "payload": "text"},
        {"incident": {"incident_id": "x", "state": "open"}},
        [],
        None,
    ],
)
def test_what_is_not_pagerdutys_is_not_claimed(payload: Any) -> None:
    assert Driver().detect(payload) is None


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"title": "x"}, "undetected"), (None, "undetected"), (v3("incident.triggered", {}), "no_alerts"),
        ({"messages": [1, {}]}, "no_alerts"), ({"messages": [{}] * (MAX_ALERTS + 1)}, "too_many_alerts"),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_used_is_refused_by_name(payload: Any, code: str) -> None:
    with pytest.raises(PayloadError) as caught:
        Driver().parse(payload)
    assert caught.value.code == code
