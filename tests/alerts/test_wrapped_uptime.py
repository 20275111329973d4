from __future__ import annotations

from typing import Any

import pytest

from srvmaint.alerts import Parsed, _wrapped
from srvmaint.alerts.generic import Driver
from srvmaint.clock import iso
from srvmaint.model import Alert, AlertStatus, Severity
from tests.alerts.wrapped_uptime import UPTIME, kuma, pingdom, robot, statuspage

CERTIFICATE = "[Shop][https://shop.example.com] Server certificate shop.example.com will expire in 7 days"


def parse(payload: Any) -> Parsed:
    return Driver().parse(payload)


def one(payload: Any) -> Alert:
    (alert,) = parse(payload).alerts
    return alert


def test_zero_is_down_and_no_missing_value_in_uptime_kuma() -> None:
    alert = one(kuma(0))
    assert (alert.status, alert.fingerprint, alert.description) == (AlertStatus.FIRING, "7", "connect timeout")
    assert alert.labels == {"team": "web", "monitor_type": "http", "instance": "shop.example.com"}
    assert alert.generator_url == "https://shop.example.com/health"


@pytest.mark.parametrize(("status", "word"), [(2, "pending"), (3, "maintenance")])
def test_pending_and_maintenance_are_no_alert_in_uptime_kuma(status: int, word: str) -> None:
    assert word in str(parse(kuma(status)).ignored)


def test_a_monitor_of_uptime_kuma_without_an_address_is_named_by_its_host() -> None:
    alert = one(kuma(0, hostname="10.0.0.7", url="https://"))
    assert (alert.labels["instance"], alert.generator_url) == ("10.0.0.7", "")


def test_the_test_button_of_uptime_kuma_is_no_alert_and_a_certificate_is_one() -> None:
    test = {"heartbeat": None, "monitor": None, "msg": "My Webhook Testing"}
    assert Driver().detect(test) == "`heartbeat` and `monitor` of Uptime Kuma"
    assert parse(test).ignored == "Uptime Kuma's test message has arrived"
    alert = one({**test, "msg": CERTIFICATE})
    assert (alert.name, alert.severity) == ("Certificate of Shop", Severity.WARNING)
    assert alert.fingerprint == one({**test, "msg": CERTIFICATE.replace("7 days", "3 days")}).fingerprint


def test_a_form_of_uptime_kuma_has_its_json_in_one_field() -> None:
    body = '{"heartbeat": {"status": 1, "monitorID": 7}, "monitor": {"id": 7, "name": "Shop"}, "msg": "x"}'
    alert = one({"data": body.replace(" ", "")})
    assert (alert.name, alert.status) == ("Shop", AlertStatus.RESOLVED)
    assert "holds nothing" in str(parse({"data": '{"heartbeat"'}).ignored)


@pytest.mark.parametrize("kind", ["1", 1])
@pytest.mark.parametrize(
    "spelling", [str, lambda key: {"monitorURL": "monitor_url", "monitorID": "monitor_id"}.get(key, snake(key))]
)
def test_uptimerobot_is_read_in_both_spellings_with_numbers_and_texts(kind: Any, spelling: Any) -> None:
    alert = one({spelling(key): value for key, value in robot(kind, "Down").items()})
    assert (alert.name, alert.status, alert.fingerprint) == ("Shop", AlertStatus.FIRING, "784")
    assert iso(alert.starts_at) == "2026-03-02T10:00:00Z"
    assert alert.description == "HTTP 502 - Bad Gateway"


def snake(key: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in key)


def test_a_template_of_uptimerobot_without_its_asterisks_says_nothing() -> None:
    alert = one({**robot("1", "Down"), "alertDetails": "alertDetails", "monitorID": "monitorID"})
    assert (alert.description, "monitor_id" in alert.labels) == ("Down", False)


def test_uptimerobot_without_an_id_is_known_by_its_name_and_address() -> None:
    body = {"monitor_url": "mail.example.com", "monitor_friendly_name": "Mail", "alert_type": "1", "alert_details": "x"}
    before, after = one(body), one({**body, "alert_type": "2", "alert_type_friendly_name": "Up"})
    assert before.fingerprint == after.fingerprint
    assert (before.labels["instance"], after.status) == ("mail.example.com", AlertStatus.RESOLVED)


def test_a_certificate_that_runs_out_is_another_alert_of_uptimerobot() -> None:
    alert = one(robot("3", "SSL expiry", sslExpiryDaysLeft="7"))
    assert (alert.status, alert.severity) == (AlertStatus.FIRING, Severity.WARNING)
    assert alert.fingerprint != one(robot("2", "Up")).fingerprint


@pytest.mark.parametrize(("kind", "word"), [("99", "paused"), (98, "started")])
def test_a_monitor_of_uptimerobot_that_was_paused_is_no_alert(kind: Any, word: str) -> None:
    assert word in str(parse(robot(kind, "x")).ignored)


@pytest.mark.parametrize(
    ("state", "status"), [("DOWN", "firing"), ("UP", "resolved"), ("FAILING", "firing"), ("SUCCESS", "resolved")]
)
def test_pingdoms_states_of_every_kind_of_check(state: str, status: str) -> None:
    alert = one(pingdom(state))
    assert (alert.status.value, alert.severity.value, alert.fingerprint) == (status, "critical", "803")
    assert alert.labels["severity"] == "HIGH"


def test_a_check_of_low_importance_is_a_warning_in_pingdom() -> None:
    assert one(pingdom("DOWN", importance_level="LOW")).severity is Severity.WARNING


def test_the_states_of_another_sender_are_not_pingdoms() -> None:
    assert _wrapped.claim(pingdom("open")) is None


def test_pingdoms_older_form_is_read() -> None:
    body = {"check": "803", "checkname": "Shop", "host": "shop.example.com", "action": "assign", "incidentid": "5"}
    before, after = one({**body, "description": "down"}), one({**body, "action": "notify_of_close"})
    assert (before.name, before.status, after.status) == ("Shop", AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert before.fingerprint == after.fingerprint


@pytest.mark.parametrize("status", ["grace", "new", "paused", "started"])
def test_a_check_that_is_not_down_yet_is_no_alert_of_healthchecks(status: str) -> None:
    assert parse({**UPTIME["healthchecks"][0], "status": status}).ignored


@pytest.mark.parametrize(
    ("text", "name", "group"),
    [
        ("TRIGGERED: website - healthcheck failed", "website", None),
        ("RESOLVED: core - website - healthcheck failed - ", "website", "core"),
        ("RESOLVED: core - website - healthcheck failed -", "website", "core"),
        ("TRIGGERED: core - website - failed - [CONNECTED] == true, [STATUS] == 200", "website", "core"),
        ("TRIGGERED:  - website - failed - x", "website", None),
    ],
)
def test_the_text_of_gatus_is_taken_apart(text: str, name: str, group: str | None) -> None:
    alert = one({"text": text})
    assert (alert.name, alert.labels.get("group"), alert.source) == (name, group, "gatus")
    assert alert.status.value == ("firing" if text.startswith("T") else "resolved")


def test_a_title_of_gatus_has_the_state_and_the_name() -> None:
    before = one({"type": "note", "title": "Gatus TRIGGERED: website", "body": "failed"})
    after = one({"type": "note", "title": "Gatus RESOLVED: website", "body": "failed"})
    assert (before.name, before.status, after.status) == ("website", AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert before.fingerprint == after.fingerprint


@pytest.mark.parametrize(
    "text", ["RESOLVED: ", "TRIGGERED: x", "RESOLVED the ticket - thanks", "TRIGGERED: a - b\nc", ""]
)
def test_a_text_that_only_looks_like_gatus_is_not_claimed(text: str) -> None:
    assert _wrapped.claim({"text": text}) is None


@pytest.mark.parametrize("status", ["scheduled", "in_progress", "verifying"])
def test_planned_maintenance_is_no_alert_of_statuspage(status: str) -> None:
    assert "planned" in str(parse(statuspage(status)).ignored)


@pytest.mark.parametrize(
    ("status", "meaning", "severity"),
    [
        ("major_outage", "firing", "critical"),
        ("partial_outage", "firing", "warning"),
        ("degraded_performance", "firing", "warning"),
        ("operational", "resolved", "warning"),
    ],
)
def test_a_component_of_statuspage_is_an_alert_of_its_own(status: str, meaning: str, severity: str) -> None:
    component = {"id": "c1", "name": "Database", "status": status}
    body = {
        "page": {"id": "p", "status_indicator": "x"},
        "component": component,
        "component_update": {"new_status": status},
    }
    alert = one(body)
    assert (alert.status.value, alert.severity.value, alert.fingerprint) == (meaning, severity, "c1")


def test_an_incident_of_better_stack_that_somebody_took_is_acknowledged() -> None:
    body = UPTIME["better_stack"][1]
    body = {"data": {**body["data"], "attributes": {**body["data"]["attributes"], "resolved_at": None}}}
    assert one(body).status is AlertStatus.ACKNOWLEDGED


def test_a_degraded_monitor_of_openstatus_is_a_warning() -> None:
    assert one({**UPTIME["openstatus"][0], "status": "degraded"}).severity is Severity.WARNING


def test_the_certificate_of_a_check_is_another_alert_of_updown() -> None:
    body = UPTIME["updown"][0]
    assert one({**body, "event": "check.ssl_expiration"}).fingerprint != one(body).fingerprint
    assert one({**body, "event": "check.ssl_renewed"}).status is AlertStatus.RESOLVED


def test_uptime_kuma_may_say_the_local_time_alone() -> None:
    body = kuma(1)
    body["heartbeat"] = {"status": 1, "localDateTime": "2026-03-02 12:09:00", "timezoneOffset": "+02:00"}
    assert iso(one(body).ends_at) == "2026-03-02T10:09:00Z"


@pytest.mark.parametrize(("resolved", "status"), [(False, "firing"), (True, "resolved")])
def test_gatus_names_the_endpoint_beside_a_title_that_all_share(resolved: bool, status: str) -> None:  # noqa: FBT001 - a parameter of the test
    body = {
        "title": "Gatus",
        "endpoint_name": "website",
        "endpoint_group": "core",
        "endpoint_url": "https://example.com/health",
        "resolved": resolved,
        "message": "An alert for core/website",
    }
    alert = one(body)
    assert (alert.name, alert.status.value, alert.labels["instance"]) == ("website", status, "example.com")
    assert alert.fingerprint == one({**body, "resolved": not resolved}).fingerprint
    assert alert.fingerprint != one({**body, "endpoint_name": "other"}).fingerprint


def test_insping_named_no_checks() -> None:
    event = {"check_id": 5, "check_state_name": "Not Responding", "request_url": "https://shop.example.com"}
    alert = one({"webhook_event_data": event})
    assert (alert.name, alert.status, alert.fingerprint) == ("https://shop.example.com", AlertStatus.FIRING, "5")


def test_freshstatus_notes_do_not_move_the_start_and_maintenance_is_no_alert() -> None:
    note = {**UPTIME["freshstatus"][1], "incident_status": "Open"}
    assert (one(note).status, one(note).starts_at) == (AlertStatus.FIRING, None)
    planned = {**note, "event_data": {"event_type": "MAINTENANCE_PLANNED"}}
    assert "planned" in str(parse(planned).ignored)
