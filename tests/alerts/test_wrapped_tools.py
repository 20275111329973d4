from __future__ import annotations

from typing import Any

import pytest

from srvmaint.alerts import Parsed, _wrapped
from srvmaint.alerts.generic import Driver
from srvmaint.clock import iso
from srvmaint.model import Alert, AlertStatus
from tests.alerts.wrapped_bodies import BODIES, aria, checkmk, github, gitlab, librenms, opensearch, sentry

LEGACY: dict[str, Any] = {
    "id": "1638",
    "project": "shop",
    "project_name": "Shop",
    "culprit": "shop.views in basket",
    "level": "warning",
    "message": "no such basket",
    "url": "https://sentry.example.com/shop/issues/1638/",
    "event": {"event_id": "0a", "tags": [["server_name", "web-1"], ["level", "error"]], "id": 19},
}


def parse(payload: Any) -> Parsed:
    return Driver().parse(payload)


def one(payload: Any) -> Alert:
    (alert,) = parse(payload).alerts
    return alert


def test_an_issue_of_sentry_is_the_same_in_every_kind_of_body() -> None:
    event = {"event_id": "e", "issue_id": "1638", "title": "ValueError: no such basket", "level": "fatal"}
    rule = {
        "action": "triggered",
        "data": {"event": event, "triggered_rule": "all errors"},
        "installation": {},
        "actor": {},
    }
    old = {**rule, "data": {"event": {**event, "issue_id": None, "issue_url": "https://sentry.io/api/0/issues/1638/"}}}
    bodies = [LEGACY, rule, old, sentry("created", "unresolved"), sentry("resolved", "resolved")]
    assert {one(body).fingerprint for body in bodies} == {"1638"}
    assert one(rule).annotations["rule"] == "all errors"


def test_the_legacy_body_of_sentry_has_its_tags_in_the_event() -> None:
    alert = one(LEGACY)
    assert (alert.name, alert.severity.value) == ("no such basket", "warning")
    assert alert.labels == {"project": "shop", "instance": "web-1"}


@pytest.mark.parametrize(
    ("action", "status", "meaning"),
    [
        ("assigned", "unresolved", "firing"),
        ("unresolved", "unresolved", "firing"),
        ("ignored", "ignored", "acknowledged"),
        ("archived", "ignored", "acknowledged"),
        ("resolved", "resolved", "resolved"),
    ],
)
def test_the_state_of_an_issue_of_sentry(action: str, status: str, meaning: str) -> None:
    assert one(sentry(action, status)).status.value == meaning


@pytest.mark.parametrize(
    ("action", "status", "severity"),
    [("critical", "firing", "critical"), ("warning", "firing", "warning"), ("resolved", "resolved", "warning")],
)
def test_a_metric_alert_of_sentry_has_its_severity_as_its_action(action: str, status: str, severity: str) -> None:
    metric = {"id": "7", "alert_rule": {"name": "Slow"}, "projects": ["shop"], "date_started": "2026-03-02T10:00:00Z"}
    data = {"metric_alert": metric, "description_text": "p95", "web_url": "https://sentry.example.com/x"}
    alert = one({"action": action, "data": data, "installation": {}, "actor": {}})
    assert (alert.name, alert.status.value, alert.severity.value, alert.fingerprint) == ("Slow", status, severity, "7")


@pytest.mark.parametrize("kind", ["comment", "installation"])
def test_what_sentry_says_about_no_issue_is_no_alert(kind: str) -> None:
    assert "about no issue" in str(parse({"action": "created", "data": {kind: {}}, "actor": {}}).ignored)


def test_an_event_of_pagerduty_or_axiom_is_not_sentrys() -> None:
    assert _wrapped.claim({"event": {"event_type": "incident.triggered", "data": {"title": "x"}}}) is None


def test_a_host_of_checkmk_is_read_by_its_state_because_its_severity_never_changes() -> None:
    host = {key: value for key, value in checkmk("PROBLEM", "DOWN", "OK").items() if key != "service"} | {
        "what": "HOST"
    }
    before, after = one(host), one({**host, "notification_type": "RECOVERY", "status": "UP"})
    assert (before.name, before.severity.value, before.status) == ("web-1", "critical", AlertStatus.FIRING)
    assert (after.severity.value, after.status) == ("info", AlertStatus.RESOLVED)
    assert before.fingerprint == after.fingerprint


@pytest.mark.parametrize(("word", "severity"), [("CRIT", "critical"), ("WARN", "warning"), ("UNKNOWN", "warning")])
def test_a_service_of_checkmk_has_the_severity_of_its_state(word: str, severity: str) -> None:
    assert one(checkmk("PROBLEM", "DOWN", word)).severity.value == severity


@pytest.mark.parametrize("kind", ["DOWNTIMESTART", "DOWNTIMEEND", "DOWNTIMECANCELLED"])
def test_a_downtime_is_no_alert(kind: str) -> None:
    assert "downtime" in str(parse(checkmk(kind, "DOWN", "CRIT")).ignored)
    assert "downtime" in str(parse({**BODIES["host_service"][0], "NOTIFICATIONTYPE": kind}).ignored)


def test_a_flapping_service_fires_and_an_acknowledgement_is_none_of_its_states() -> None:
    assert one(checkmk("FLAPPINGSTART", "DOWN", "CRIT")).status is AlertStatus.FIRING
    assert one(checkmk("ACKNOWLEDGEMENT (ada)", "DOWN", "CRIT")).status is AlertStatus.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("state", "meaning"),
    [(0, "resolved"), ("1", "firing"), (2, "acknowledged"), ("3", "firing"), (4, "firing"), (5, "firing")],
)
def test_the_states_of_librenms(state: Any, meaning: str) -> None:
    assert one(librenms(state, uid=f"log-{state}")).status.value == meaning
    assert one(librenms(state, uid=f"log-{state}")).fingerprint == "2|13"


def test_librenms_is_known_by_its_alert_where_the_template_has_no_rule() -> None:
    body = librenms("1")
    for key in ("rule_id", "device_id"):
        del body[key]
    assert one(body).fingerprint == "26"


@pytest.mark.parametrize(("triggered", "status"), [(True, "firing"), (False, "resolved")])
def test_the_alarm_callback_of_an_old_graylog_says_whether_it_was_triggered(triggered: Any, status: str) -> None:
    condition = {"id": "5e7", "type": "MESSAGE_COUNT", "description": "more than 1"}
    result = {"triggered": triggered, "triggered_condition": condition, "result_description": "Stream had 2 messages"}
    alert = one(
        {"check_result": {**result, "triggered_at": "2026-03-02T10:00:00Z"}, "stream": {"id": "55", "title": "web"}}
    )
    assert (alert.name, alert.status.value, alert.fingerprint) == ("web", status, "55|5e7")


@pytest.mark.parametrize(
    ("word", "severity"), [(1, "critical"), ("2", "critical"), (3, "warning"), ("4", "info"), (5, "info")]
)
def test_one_is_the_highest_severity_of_opensearch(word: Any, severity: str) -> None:
    assert one({**opensearch("ACTIVE"), "trigger_severity": word}).severity.value == severity


def test_the_context_of_opensearch_is_read_as_it_is() -> None:
    context = {"monitor": {"_id": "m", "name": "Errors"}, "trigger": {"id": "t", "name": "many", "severity": "1"}}
    for body in (context, {"ctx": context}):
        assert (one(body).name, one(body).fingerprint) == ("many", "m|t")


def test_kibanas_variables_as_one_word_are_read_too() -> None:
    body = {"ruleName": "CPU", "ruleId": "r", "alertId": "web-1", "alertActionGroup": "recovered"}
    assert (one(body).status, one(body).fingerprint) == (AlertStatus.RESOLVED, "r|web-1")


def test_an_active_alert_of_aria_has_no_end_although_its_body_has_one() -> None:
    assert one(aria("ACTIVE")).ends_at is None
    assert one(aria("CANCELED")).ends_at == 1_772_446_140_000


def test_an_alert_group_of_grafana_oncall_is_read_with_its_state() -> None:
    def group(state: str) -> Alert:
        body = {
            "id": "I1",
            "state": state,
            "title": "Disk full",
            "permalinks": {"web": "https://oncall.example.com/I1"},
        }
        return one({"event": {"type": state}, "alert_group": body, "alert_group_id": "I1", "alert_payload": {}})

    states = {state: group(state).status.value for state in ("firing", "acknowledged", "silenced", "resolved")}
    assert states == {
        "firing": "firing",
        "acknowledged": "acknowledged",
        "silenced": "acknowledged",
        "resolved": "resolved",
    }
    assert group("firing").fingerprint == group("resolved").fingerprint == "I1"


def test_what_librenms_tells_oncall_was_acknowledged_is_not_over() -> None:
    body = {"alert_uid": "26", "title": "Device down", "state": "ok", "raw_state": 2}
    assert one(body).status is AlertStatus.ACKNOWLEDGED
    assert one({**body, "raw_state": 0}).status is AlertStatus.RESOLVED


def test_an_alert_of_aria_for_logs_is_known_by_its_name() -> None:
    messages = [{"text": "out of memory", "timestamp": 1_772_445_600_000, "fields": []}]
    alert = one({"AlertType": 1, "AlertName": "OOM", "messages": messages, "NumHits": 2, "HitCount": 0.0, "Url": None})
    assert (alert.name, alert.fingerprint, alert.description) == ("OOM", "OOM", "out of memory")


@pytest.mark.parametrize("kind", ["Test", "Verification", "AlertBundle", "AlertStatusBundle", "ScheduleOnCallUsers"])
def test_what_goalert_sends_besides_alerts_is_no_alert(kind: str) -> None:
    assert kind in str(parse({"AppName": "GoAlert", "Type": kind}).ignored)


def test_a_body_for_goalerts_generic_api_is_known_by_its_dedup_key() -> None:
    before, after = (
        one({"summary": "Disk full", "dedup": "d7"}),
        one({"summary": "Disk ok", "dedup": "d7", "action": "close"}),
    )
    assert (before.fingerprint, after.fingerprint, after.status) == ("d7", "d7", AlertStatus.RESOLVED)


@pytest.mark.parametrize("prefix", ["", "NAGIOS_", "ICINGA_", "NOTIFY_"])
def test_the_macros_of_nagios_are_read_with_any_prefix(prefix: str) -> None:
    alert = one({f"{prefix}{key}": value for key, value in BODIES["host_service"][0].items()})
    assert (alert.name, alert.fingerprint, alert.source) == ("Disk /", "web-1|Disk /", "nagios")


@pytest.mark.parametrize(
    ("state", "status"), [("ok", "resolved"), ("critical", "firing"), ("expired", "firing"), ("warning", "firing")]
)
def test_an_event_of_riemann_is_named_by_its_service(state: str, status: str) -> None:
    alert = one(
        {"host": "web-1", "service": "cpu", "state": state, "description": "93 %", "metric": 0.93, "tags": ["a"]}
    )
    assert (alert.name, alert.status.value, alert.fingerprint) == ("cpu", status, "web-1|cpu")


@pytest.mark.parametrize("state", ["running", "pending", "created", "canceled"])
def test_a_pipeline_that_neither_failed_nor_succeeded_is_no_alert(state: str) -> None:
    assert parse(gitlab(state)).ignored
    assert parse(github(state)).ignored


def test_a_job_of_gitlab_is_another_alert_than_its_pipeline() -> None:
    job = {
        "object_kind": "build",
        "ref": "main",
        "build_name": "test",
        "build_status": "failed",
        "project_name": "shop/web",
    }
    assert one(job).name == "Job test of shop/web on main"
    assert one(job).fingerprint != one(gitlab("failed")).fingerprint


def test_what_a_scanner_of_github_found_fires_until_it_is_fixed() -> None:
    found = {"number": 5, "dependency": {}, "security_advisory": {"summary": "Leak in x", "severity": "high"}}
    body = {**github("x"), "alert": {**found, "html_url": "https://github.com/example/shop/security/dependabot/5"}}
    before, after = one({**body, "action": "created"}), one({**body, "action": "fixed"})
    assert (before.name, before.severity.value, after.status) == ("Leak in x", "critical", AlertStatus.RESOLVED)
    assert before.fingerprint == after.fingerprint


def test_the_greeting_of_github_is_no_alert() -> None:
    assert parse({"zen": "Keep it logically awesome.", "hook_id": 7, "hook": {}}).ignored


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("Up", "resolved"),
        ("Down ended (now: Up)", "resolved"),
        ("Down (Acknowledged)", "acknowledged"),
        ("Warning", "firing"),
    ],
)
def test_the_words_of_prtg(status: str, meaning: str) -> None:
    assert one({**BODIES["prtg"][0], "status": status}).status.value == meaning


@pytest.mark.parametrize(
    ("body", "severity"),
    [
        ({"title": "x", "message": "y", "priority": 8}, "critical"),
        ({"title": "x", "message": "y", "priority": 5}, "warning"),
        ({"title": "x", "message": "y", "priority": 0}, "info"),
        ({"topic": "t", "message": "y", "priority": 5}, "critical"),
        ({"topic": "t", "message": "y", "priority": 2}, "info"),
    ],
)
def test_gotify_counts_to_ten_and_ntfy_to_five(body: dict[str, Any], severity: str) -> None:
    assert one(body).severity.value == severity


@pytest.mark.parametrize(
    ("body", "name", "status"),
    [
        ({"attachments": [{"title": "Disk full", "color": "danger"}]}, "Disk full", "firing"),
        ({"attachments": [{"title": "✅ [OK] Disk full", "color": "good"}]}, "Disk full", "resolved"),
        ({"attachments": [{"fallback": "All is well", "color": "good"}]}, "All is well", "resolved"),
        ({"embeds": [{"title": "RECOVERED: Disk full", "description": "x"}]}, "Disk full", "resolved"),
        ({"@type": "MessageCard", "title": "Disk full", "text": "93 %"}, "Disk full", "firing"),
        ({"attachments": [{"title": "Up to date", "color": "x"}]}, "Up to date", "firing"),
    ],
)
def test_a_message_for_a_chat_is_read_by_what_its_title_begins_with(body: Any, name: str, status: str) -> None:
    assert (one(body).name, one(body).status.value) == (name, status)


def test_the_levels_of_wazuh_and_the_status_of_sensu() -> None:
    wazuh = BODIES["wazuh"][0]
    levels = {
        level: one({**wazuh, "rule": {**wazuh["rule"], "level": level}}).severity.value for level in (3, 7, 12, 15)
    }
    assert levels == {3: "info", 7: "warning", 12: "critical", 15: "critical"}
    sensu = BODIES["sensu"][0]
    assert one({**sensu, "check": {**sensu["check"], "status": 127}}).status is AlertStatus.FIRING


def test_librenms_says_the_same_in_parts() -> None:
    alert = one(
        {
            "alert": {"state": "alert", "severity": "critical", "rule": "cpu > 90", "id": 12, "name": "High CPU"},
            "device": {"hostname": "router-1", "sysName": "router-1", "device_id": 6},
            "event": {"timestamp": "2026-03-02T10:00:00Z"},
            "links": {"alert": "https://librenms.example.com/alerts/12"},
        }
    )
    assert (alert.source, alert.name, alert.severity.value) == ("librenms", "High CPU", "critical")
    assert (alert.fingerprint, alert.labels["instance"], iso(alert.starts_at)) == (
        "12",
        "router-1",
        "2026-03-02T10:00:00Z",
    )
    assert alert.generator_url == "https://librenms.example.com/alerts/12"


def test_goalert_called_its_type_otherwise_once() -> None:
    alert = one({"AlertType": "Alert", "AlertID": 7, "Summary": "Disk full", "Details": "93 %"})
    assert (alert.source, alert.name, alert.fingerprint) == ("goalert", "Disk full", "7")
    assert "Verification" in str(parse({"AlertType": "Verification", "Summary": "x", "Code": "1"}).ignored)


def test_an_action_with_data_and_an_actor_is_not_sentrys_by_that() -> None:
    body = {"action": "create", "type": "Issue", "data": {"id": "7", "title": "x"}, "actor": {"id": "a"}}
    assert _wrapped.claim(body) is None
    assert _wrapped.claim({**body, "installation": {"uuid": "u"}}) is not None


def test_a_push_message_may_begin_with_its_state() -> None:
    firing, over = (one({"title": f"[{word}] Disk full", "message": "x", "priority": 5}) for word in ("DOWN", "UP"))
    assert (firing.source, firing.name, over.status) == ("push_message", "Disk full", AlertStatus.RESOLVED)
    assert firing.fingerprint == over.fingerprint
