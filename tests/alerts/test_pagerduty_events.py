from __future__ import annotations

from typing import Any

import msgspec
import pytest

from srvmaint.alerts.pagerduty import Driver
from srvmaint.clock import iso
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus, Severity

FIRING, ACKNOWLEDGED, RESOLVED = AlertStatus.FIRING, AlertStatus.ACKNOWLEDGED, AlertStatus.RESOLVED


def event(action: str = "trigger", **changes: Any) -> dict[str, Any]:
    return {
        "routing_key": "secret-key", "dedup_key": "disk/db-1", "event_action": action,
        "payload": {
            "summary": "Disk full on db-1", "source": "db-1.example.com", "severity": "error",
            "timestamp": "2026-03-02T11:00:00.000+0100", "component": "postgres", "group": "shop", "class": "disk",
            "custom_details": {"free": "1 %", "message": "Nothing can be written."},
        },
        "client": "Monitor", "client_url": "https://monitor.example.com/7", **changes,
    }  # fmt: skip


def one(payload: Any) -> Alert:
    (alert,) = Driver().parse(payload).alerts
    return alert


def test_an_event_for_the_events_api_is_read_whole_without_its_secret() -> None:
    assert Driver().detect(event()) == "`event_action` with its key (Events API v2)"
    alert = one(event())
    assert alert == Alert(
        source="pagerduty",
        fingerprint="disk/db-1",
        name="Disk full on db-1",
        status=FIRING,
        severity=Severity.CRITICAL,
        description="Nothing can be written.",
        labels={
            "instance": "db-1.example.com", "component": "postgres", "group": "shop", "class": "disk",
            "severity": "error",
        },
        annotations={"free": "1 %", "message": "Nothing can be written.", "client": "Monitor"},
        starts_at=1_772_445_600_000,
        generator_url="https://monitor.example.com/7",
    )  # fmt: skip
    assert b"secret-key" not in msgspec.json.encode(alert)


def test_an_acknowledge_and_a_resolve_need_no_payload() -> None:
    bare = {"routing_key": "secret-key", "dedup_key": "disk/db-1"}
    for action, status in (("acknowledge", ACKNOWLEDGED), ("resolve", RESOLVED), ("Resolve", RESOLVED)):
        payload = {**bare, "event_action": action}
        assert Driver().detect(payload) is not None
        alert = one(payload)
        assert (alert.fingerprint, alert.status, alert.ends_at) == ("disk/db-1", status, None)
    assert iso(one(event("resolve")).ends_at) == "2026-03-02T10:00:00Z"
    assert (one(event("acknowledge")).starts_at, one(event("acknowledge")).ends_at) == (None, None)


def test_the_severity_of_an_event_is_its_own() -> None:
    words = {
        "critical": Severity.CRITICAL,
        "error": Severity.CRITICAL,
        "warning": Severity.WARNING,
        "info": Severity.INFO,
    }
    for word, severity in {**words, "": Severity.WARNING}.items():
        assert one(event(payload={"summary": "x", "severity": word})).severity is severity


def test_the_status_that_alertmanager_puts_before_a_summary_is_no_part_of_the_name() -> None:
    for summary in (
        "[FIRING:2] DiskFull (db-1)",
        "[RESOLVED] DiskFull (db-1)",
        "[FIRING:1, RESOLVED:1] DiskFull (db-1)",
    ):
        assert one(event(payload={"summary": summary})).name == "DiskFull (db-1)"
    assert one(event(payload={"summary": "[RESOLVED]"})).name == "[RESOLVED]"


def test_without_a_dedup_key_what_it_says_is_the_identity() -> None:
    payload = event()
    del payload["dedup_key"]
    live = {**payload["payload"], "custom_details": {"free": "0 %"}, "timestamp": "2026-03-02T12:00:00Z"}
    assert one(payload).fingerprint == one({**payload, "payload": live}).fingerprint
    assert one(payload).fingerprint != one({**payload, "payload": {**live, "source": "db-2"}}).fingerprint
    del payload["routing_key"]
    assert Driver().detect(payload) == "`event_action` with a summary (Events API v2)"
    with pytest.raises(PayloadError) as caught:
        Driver().parse({"routing_key": "secret-key", "event_action": "resolve"})
    assert caught.value.code == "no_alerts"


def test_an_event_of_version_1_is_read() -> None:
    payload = {
        "service_key": "secret-key", "event_type": "trigger", "incident_key": "web-1/HTTP",
        "description": "FAILURE of HTTP on web-1", "details": {"host": "web-1"}, "contexts": [{"type": "link", "href": "https://example.com/7"}],
    }  # fmt: skip
    assert Driver().detect(payload) == "`event_type` with `service_key` (Events API v1)"
    alert = one(payload)
    assert (alert.name, alert.fingerprint, alert.status) == ("FAILURE of HTTP on web-1", "web-1/HTTP", FIRING)
    assert (alert.labels, alert.generator_url) == ({"instance": "web-1"}, "https://example.com/7")
    ended = {"service_key": "secret-key", "event_type": "resolve", "incident_key": "web-1/HTTP"}
    assert (one(ended).fingerprint, one(ended).status) == ("web-1/HTTP", RESOLVED)


def test_a_change_event_is_known_and_ignored() -> None:
    change = {"routing_key": "secret-key", "payload": {"summary": "Deployed 7", "source": "ci"}, "links": []}
    assert Driver().detect(change) == "`routing_key` with a summary (change event)"
    assert Driver().parse(change).ignored == "a change event is no alert"
