from __future__ import annotations

from typing import Any

import pytest

from srvmaint.alerts.opsgenie import Driver
from srvmaint.clock import iso
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus, Severity


def body(action: Any = "Create", **changes: Any) -> dict[str, Any]:
    alert = {
        "alertId": "3a7c1e52-90b4-4d0f-8e6a-5b2f7c9d1e34-1772445737000",
        "message": "Volume nearly full",
        "tags": ["disk", "env:prod"],
        "tinyId": "1842",
        "entity": "db-1",
        "alias": "volume-full",
        "createdAt": 1772445737000,
        "updatedAt": 1772446187918000000,
        "username": "monitor@example.com",
        "description": "3 % left",
        "responders": [{"id": "0f5f", "type": "team", "name": "storage"}],
        "teams": ["0f5f"],
        "details": {"volume": "/var", "dashboard": "https://grafana.example.com/d/1"},
        "priority": "P1",
        "source": "monitor",
    }
    return {
        "action": action,
        "alert": alert | changes,
        "source": {"name": "", "type": "web"},
        "integrationName": "srvmaint",
    }


def one(payload: Any) -> Alert:
    (alert,) = Driver().parse(payload).alerts
    return alert


def test_a_created_alert_is_read_whole() -> None:
    assert Driver().detect(body()) == "`action` with `alert.alertId`"
    assert one(body()) == Alert(
        source="opsgenie",
        fingerprint="3a7c1e52-90b4-4d0f-8e6a-5b2f7c9d1e34-1772445737000",
        name="Volume nearly full",
        status=AlertStatus.FIRING,
        severity=Severity.CRITICAL,
        description="3 % left",
        labels={
            "env": "prod",
            "tags": "disk",
            "volume": "/var",
            "dashboard": "https://grafana.example.com/d/1",
            "instance": "db-1",
            "entity": "db-1",
            "source": "monitor",
            "team": "storage",
            "severity": "P1",
        },
        annotations={
            "alias": "volume-full",
            "tiny_id": "1842",
            "username": "monitor@example.com",
            "teams": "0f5f",
            "responders": "storage",
        },
        starts_at=1772445737000,
        ends_at=None,
        generator_url="https://grafana.example.com/d/1",
    )


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("Create", AlertStatus.FIRING),
        ("create", AlertStatus.FIRING),
        ("Escalate", AlertStatus.FIRING),
        ("EscalateNext", AlertStatus.FIRING),
        ("UnAcknowledge", AlertStatus.FIRING),
        ("UnSnooze", AlertStatus.FIRING),
        ("Acknowledge", AlertStatus.ACKNOWLEDGED),
        ("UpdatePriority", AlertStatus.FIRING),
        ("Update Message", AlertStatus.FIRING),
        ("UpdateDescription", AlertStatus.FIRING),
        ("Close", AlertStatus.RESOLVED),
        ("Delete", AlertStatus.RESOLVED),
    ],
)
def test_an_action_says_where_the_alert_stands_and_it_stays_the_same_alert(action: str, status: AlertStatus) -> None:
    alert = one(body(action))
    assert alert.status is status
    assert alert.fingerprint == one(body()).fingerprint
    assert (alert.ends_at is not None) is (status is AlertStatus.RESOLVED)


@pytest.mark.parametrize(
    "action",
    [
        "AddNote",
        "AddTags",
        "RemoveTags",
        "AddRecipient",
        "AddResponder",
        "AddTeam",
        "AssignOwnership",
        "TakeOwnership",
        "Snooze",
        "Restart service",
        "TestAction",
        "Closed door",
        "x" * 30_000,
    ],
)
def test_an_action_that_says_nothing_about_the_status_is_ignored(action: str) -> None:
    parsed = Driver().parse(body(action))
    assert parsed.alerts == ()
    assert (parsed.ignored or "").startswith("the action ")
    assert len(parsed.ignored or "") < 200


def test_an_update_keeps_an_acknowledged_alert_acknowledged_and_never_resolves() -> None:
    assert one(body("UpdatePriority", status="acknowledged")).status is AlertStatus.ACKNOWLEDGED
    assert one(body("UpdatePriority", acknowledged=True)).status is AlertStatus.ACKNOWLEDGED
    assert Driver().parse(body("UpdatePriority", status="closed")).ignored


@pytest.mark.parametrize(
    ("priority", "severity", "label"),
    [
        ("P1", Severity.CRITICAL, "P1"),
        ("P2", Severity.CRITICAL, "P2"),
        ("p3", Severity.WARNING, "p3"),
        ("P4", Severity.INFO, "P4"),
        ("P5", Severity.INFO, "P5"),
        (2, Severity.CRITICAL, "P2"),
        ("4", Severity.INFO, "P4"),
        (9, Severity.WARNING, "9"),
        ("critical", Severity.CRITICAL, "critical"),
        (None, Severity.WARNING, None),
        ({}, Severity.WARNING, None),
    ],
)
def test_the_priority_is_a_word_a_number_or_absent(priority: Any, severity: Severity, label: str | None) -> None:
    alert = one(body(priority=priority))
    assert (alert.severity, alert.labels.get("severity")) == (severity, label)


@pytest.mark.parametrize("created", [1772445737000, "1772445737000", 1772445737000000000, "2026-03-02T10:02:17Z"])
def test_times_are_in_milli_or_nanoseconds_and_either_may_be_text(created: Any) -> None:
    assert iso(one(body(createdAt=created)).starts_at) == "2026-03-02T10:02:17Z"


def test_the_end_is_when_it_was_closed_else_when_it_was_last_changed() -> None:
    assert iso(one(body("Close", updatedAt="1772446187918000000")).ends_at) == "2026-03-02T10:09:47.918Z"
    assert iso(one(body("Close", closedAt=1772446000000)).ends_at) == "2026-03-02T10:06:40Z"
    assert one(body("Delete", updatedAt=None)).ends_at is None


@pytest.mark.parametrize("alias", ["-", "", None, "shared"])
def test_an_alias_is_no_identity_where_there_is_an_id(alias: Any) -> None:
    assert one(body(alias=alias)).fingerprint == one(body()).fingerprint
    assert one(body(alias=alias, alertId="other")).fingerprint == "other"


def test_without_an_id_the_alias_is_the_identity_and_else_what_it_says() -> None:
    assert one(body(alertId=None)).fingerprint == "volume-full"
    nameless = {"alertId": None, "alias": "-"}
    assert one(body(**nameless)).fingerprint == one(body("Close", **nameless, priority="P3")).fingerprint
    assert Driver().detect(body(**nameless)) == "`action` with `alert` and `integrationName`"


def test_an_escalation_of_which_only_the_id_is_known_is_named_by_it() -> None:
    payload = {"action": "Escalate", "escalationName": "night", "alert": {"alertId": "7ba97e3a"}}
    assert Driver().detect(payload) is not None
    alert = one(payload)
    assert (alert.name, alert.fingerprint, alert.status) == ("Opsgenie alert 7ba97e3a", "7ba97e3a", AlertStatus.FIRING)


def test_the_message_is_stripped_as_later_actions_have_it() -> None:
    assert one(body(message=" Volume\nnearly full ")).name == "Volume nearly full"


def test_tags_with_the_same_name_are_kept_side_by_side_and_details_go_before_tags() -> None:
    alert = one(body(tags=["st:sla:100", "st:environment:prod", "vip", 7], details={"vip": "no", "Monitor ID": 79}))
    assert alert.labels["st"] == "sla:100,environment:prod"
    assert alert.labels["tags"] == "vip,7"
    assert alert.labels["Monitor ID"] == "79"


@pytest.mark.parametrize(
    ("changes", "instance"),
    [
        ({}, "db-1"),
        ({"details": {"Host": "web-2"}}, "web-2"),
        ({"tags": ["host:web-3"]}, "web-3"),
        ({"entity": ""}, None),
    ],
)
def test_the_host_is_in_the_details_in_a_tag_or_the_entity(changes: dict[str, Any], instance: str | None) -> None:
    assert one(body(**changes)).labels.get("instance") == instance


def test_a_runbook_among_the_details_is_not_the_page_of_the_alert() -> None:
    alert = one(body(details={"runbook_url": "https://r", "Monitor Url": "-", "page": "https://p"}))
    assert alert.annotations["runbook_url"] == "https://r"
    assert alert.generator_url == "https://p"


@pytest.mark.parametrize(
    "payload",
    [
        {"action": "PROBLEM", "event_id": "1", "trigger_name": "x"},
        {"action": "Create", "alertId": "x"},
        {"action": "Create", "alert": "x"},
        {"action": "Create", "alert": {"alertId": True}},
        {"action": 7, "alert": {}},
        {"action": {"name": "Create"}, "alert": {"alertId": "x"}},
        {"alert": {"alertId": "x"}},
        [body()],
        "Create",
    ],
)
def test_what_has_not_both_an_action_and_an_alert_is_not_claimed(payload: Any) -> None:
    assert Driver().detect(payload) is None


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, "undetected"),
        ([], "undetected"),
        ({"action": "Create", "alert": []}, "undetected"),
        ({"alert": {"alertId": "x"}}, "undetected"),
        ({"action": "Create", "alert": {"alertId": "-"}}, "no_alerts"),
    ],
)
def test_what_is_not_opsgenies_is_refused_by_name(payload: Any, code: str) -> None:
    with pytest.raises(PayloadError) as caught:
        Driver().parse(payload)
    assert caught.value.code == code
