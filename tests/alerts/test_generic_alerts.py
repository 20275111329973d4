from __future__ import annotations

from typing import Any

import pytest

from srvmaint.alerts.generic import EVENT, ID, NAME, SEVERITY, STATUS, Driver
from srvmaint.clock import iso
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus, Severity


def one(payload: Any) -> Alert:
    (alert,) = Driver().parse(payload).alerts
    return alert


def test_the_documented_form_is_read_whole() -> None:
    alert = one(
        {
            "name": "Backup failed",
            "status": "firing",
            "severity": "critical",
            "description": "code 23",
            "labels": {"job": 42, "ok": False},
            "host": "nas-1",
            "id": "backup-nas-1",
            "started_at": "2026-03-02T10:00:00Z",
            "url": "https://nas-1/logs",
            "files": 7,
        }
    )
    assert alert == Alert(
        source="generic",
        fingerprint="backup-nas-1",
        name="Backup failed",
        status=AlertStatus.FIRING,
        severity=Severity.CRITICAL,
        description="code 23",
        labels={"job": "42", "ok": "false", "instance": "nas-1"},
        annotations={"files": "7"},
        starts_at=1_772_445_600_000,
        ends_at=None,
        generator_url="https://nas-1/logs",
    )


@pytest.mark.parametrize("key", NAME)
def test_each_key_of_the_name_table_names_the_alert(key: str) -> None:
    payload = {key: "Disk full"}
    assert Driver().detect(payload) == f"an object with `{key}`"
    assert one(payload).name == "Disk full"


@pytest.mark.parametrize("key", STATUS)
def test_each_key_of_the_status_table_resolves_the_alert(key: str) -> None:
    assert one({"name": "x", key: "OK"}).status is AlertStatus.RESOLVED


@pytest.mark.parametrize("key", SEVERITY)
def test_each_key_of_the_severity_table_says_how_bad_it_is(key: str) -> None:
    assert one({"name": "x", key: "P1"}).severity is Severity.CRITICAL
    assert one({"name": "x", "labels": {key: "info"}}).severity is Severity.INFO


@pytest.mark.parametrize("key", ID)
def test_each_key_of_the_id_table_is_the_identity(key: str) -> None:
    assert one({"name": "x", key: "backup-7"}).fingerprint == "backup-7"
    assert one({"name": "x", key: 803318}).fingerprint == "803318"


@pytest.mark.parametrize("key", ["description", "message", "text"])
def test_a_text_alone_names_the_alert_by_its_first_line(key: str) -> None:
    alert = one({key: "Disk full on web-1\nonly 3 MB left"})
    assert alert.name == "Disk full on web-1"
    assert alert.description == "Disk full on web-1\nonly 3 MB left"


@pytest.mark.parametrize(
    ("status", "meaning", "severity"),
    [
        ("down", AlertStatus.FIRING, Severity.WARNING),
        ("acknowledged", AlertStatus.ACKNOWLEDGED, Severity.WARNING),
        ("up", AlertStatus.RESOLVED, Severity.WARNING),
        ("ResolvedCritical", AlertStatus.RESOLVED, Severity.WARNING),
        ("unresolved", AlertStatus.FIRING, Severity.WARNING),
        ("CRITICAL", AlertStatus.FIRING, Severity.CRITICAL),
        ("error", AlertStatus.FIRING, Severity.CRITICAL),
        ("banana", AlertStatus.FIRING, Severity.WARNING),
        (None, AlertStatus.FIRING, Severity.WARNING),
        (200, AlertStatus.FIRING, Severity.WARNING),
    ],
)
def test_an_unknown_status_is_firing_and_a_severity_in_its_place_is_understood(
    status: Any, meaning: AlertStatus, severity: Severity
) -> None:
    alert = one({"name": "x", "status": status})
    assert (alert.status, alert.severity) == (meaning, severity)


@pytest.mark.parametrize("key", EVENT)
def test_a_recovery_told_by_the_event_alone_is_no_outage(key: str) -> None:
    assert one({"title": "x", key: "resolved"}).status is AlertStatus.RESOLVED
    assert one({"title": "x", key: "acknowledged"}).status is AlertStatus.ACKNOWLEDGED
    assert one({"title": "x", key: "deployed"}).status is AlertStatus.FIRING
    assert one({"title": "x", key: "resolved", "status": "down"}).status is AlertStatus.FIRING
    assert one({"title": "x", key: "resolved", "status": "banana"}).status is AlertStatus.FIRING


@pytest.mark.parametrize(
    ("title", "name", "meaning", "severity"),
    [
        ("[FIRING:1] Disk full", "Disk full", "firing", "warning"),
        ("🔴 [CRITICAL] Disk full", "Disk full", "firing", "critical"),
        ("RESOLVED: Disk full", "Disk full", "resolved", "warning"),
        ("OK - Disk full", "Disk full", "resolved", "info"),
        ("up-to-date check failed", "up-to-date check failed", "firing", "warning"),
        ("Recovery", "Recovery", "firing", "warning"),
        ("[OK]", "[OK]", "firing", "warning"),
        ("Backup: ok", "Backup: ok", "firing", "warning"),
    ],
)
def test_the_state_may_stand_before_the_name(title: str, name: str, meaning: str, severity: str) -> None:
    for key in ("title", "text"):
        alert = one({key: title})
        assert (alert.name, alert.status.value, alert.severity.value) == (name, meaning, severity)


def test_what_stands_before_a_name_is_no_part_of_the_identity() -> None:
    firing = one({"title": "[Alerting] Disk full", "state": "alerting"})
    resolved = one({"title": "[OK] Disk full", "state": "ok"})
    assert (firing.name, resolved.status) == ("[Alerting] Disk full", AlertStatus.RESOLVED)
    assert firing.fingerprint == resolved.fingerprint == one({"title": "Disk full"}).fingerprint


def test_a_message_beside_a_description_is_the_name() -> None:
    alert = one({"message": "Disk full\nagain", "description": "93 % of / is used"})
    assert (alert.name, alert.description) == ("Disk full", "93 % of / is used")
    assert one({"title": "t", "message": "m", "description": "d"}).name == "t"


def test_without_a_status_only_a_time_in_the_past_tense_resolves() -> None:
    assert one({"name": "x", "ended_at": "2026-03-02T10:00:00Z"}).status is AlertStatus.RESOLVED
    assert one({"name": "x", "ends_at": "2026-03-02T10:00:00Z"}).status is AlertStatus.FIRING
    assert one({"name": "x", "resolved": True}).status is AlertStatus.RESOLVED
    assert one({"name": "x", "resolved": "no"}).status is AlertStatus.FIRING


def test_the_identity_stays_when_severity_status_and_text_move() -> None:
    firing = one({"name": "x", "host": "a", "severity": "P2", "message": "93 %", "timestamp": 1_772_445_600})
    resolved = one({"name": "x", "host": "a", "severity": "P1", "message": "12 %", "status": "ok"})
    assert firing.fingerprint == resolved.fingerprint
    assert firing.labels["severity"] == "P2"


def test_the_same_name_on_two_hosts_is_two_alerts() -> None:
    assert one({"name": "x", "host": "a"}).fingerprint != one({"name": "x", "host": "b"}).fingerprint


def test_the_host_becomes_the_instance_unless_there_is_one() -> None:
    assert one({"name": "x", "hostname": "a"}).labels == {"instance": "a"}
    assert one({"name": "x", "host": "a", "labels": {"instance": "b"}}).labels == {"instance": "b"}
    assert one({"name": "x", "labels": {"host": "c"}}).labels == {"host": "c", "instance": "c"}


def test_the_time_of_the_message_is_the_start_of_a_firing_alert_and_the_end_of_a_resolved_one() -> None:
    firing = one({"name": "x", "timestamp": 1_772_445_600})
    resolved = one({"name": "x", "status": "resolved", "timestamp": 1_772_445_600_000})
    assert (iso(firing.starts_at), firing.ends_at) == ("2026-03-02T10:00:00Z", None)
    assert (resolved.starts_at, iso(resolved.ends_at)) == (None, "2026-03-02T10:00:00Z")


def test_a_batch_shares_what_its_envelope_says() -> None:
    payload = {
        "source": "nagios-eu",
        "severity": "critical",
        "labels": {"site": "eu"},
        "alerts": [
            {"name": "a", "labels": {"k": "v"}},
            7,
            {"name": "b", "severity": "info", "source": "own"},
            {"k": "v"},
        ],
    }
    assert Driver().detect(payload) == "a list `alerts`"
    parsed = Driver().parse(payload)
    assert [(a.name, a.source, a.severity.value) for a in parsed.alerts] == [
        ("a", "nagios-eu", "critical"),
        ("b", "own", "info"),
    ]
    assert parsed.alerts[0].labels == {"site": "eu", "k": "v"}
    assert [error.index for error in parsed.errors] == [1, 3]


def test_a_bare_list_is_a_batch() -> None:
    assert [alert.name for alert in Driver().parse([{"name": "a"}, {"title": "b"}]).alerts] == ["a", "b"]


@pytest.mark.parametrize("payload", [[], {"alerts": []}])
def test_an_empty_batch_is_ignored_with_a_reason(payload: Any) -> None:
    assert Driver().detect(payload) is not None
    assert Driver().parse(payload).ignored == "the list of alerts is empty"


@pytest.mark.parametrize("source", ["backup.nightly", "nagios-eu", "A1"])
def test_a_sender_may_choose_its_own_source(source: str) -> None:
    assert one({"name": "x", "source": source}).source == source


@pytest.mark.parametrize(
    "source",
    ["alertmanager", "Alertmanager", "srvmaint", "check", "", "two words", "x" * 65, "é", "a\nb", -7, None, {}],
)
def test_a_sender_may_not_choose_anothers_source(source: Any) -> None:
    assert one({"name": "x", "source": source}).source == "generic"


def test_a_source_that_was_not_taken_is_still_shown() -> None:
    assert one({"name": "x", "source": "alertmanager"}).annotations == {"source": "alertmanager"}


def test_what_became_nothing_else_is_kept_as_an_annotation() -> None:
    alert = one(
        {"name": "x", "title": "y", "value": 93.5, "runbook_url": "https://r", "nested": {"a": 1}, "none": None}
    )
    assert alert.annotations == {"title": "y", "value": "93.5", "runbook_url": "https://r"}


@pytest.mark.parametrize("payload", [{}, {"foo": "bar"}, {"alert": {"alertId": "x"}}, [{}], [7], {"alerts": [{}]}])
def test_a_body_that_names_nothing_is_an_error(payload: Any) -> None:
    with pytest.raises(PayloadError) as caught:
        Driver().parse(payload)
    assert caught.value.code == "no_alerts"


@pytest.mark.parametrize("payload", [None, True, 7, "disk full"])
def test_a_bare_value_is_no_alert(payload: Any) -> None:
    assert Driver().detect(payload) is None
    with pytest.raises(PayloadError) as caught:
        Driver().parse(payload)
    assert caught.value.code == "undetected"


@pytest.mark.parametrize(
    "payload",
    [
        {"event": {"event_type": "incident.triggered", "data": {"title": "x"}}},
        {"action": "Create", "alert": {"alertId": "x", "message": "y"}},
        {"pulse": {"status": 1}, "probe": {"name": "x"}, "msg": "up"},
        {"incident": {"state": "closed", "summary": "x"}},
        {"Type": "Notification", "Message": "{}"},
        {"clock": 1, "ns": 1, "value": 0, "eventid": 6, "p_eventid": 5},
    ],
)
def test_an_alert_wrapped_in_a_vendors_structure_is_not_guessed_at(payload: Any) -> None:
    assert Driver().detect(payload) is None
