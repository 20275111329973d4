from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from srvmaint.alerts.datadog import Driver
from srvmaint.clock import iso
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus, Severity

EXAMPLES = Path(__file__).parents[2] / "examples" / "webhooks"
FOOTER = "[[Monitor Status](https://app.datadoghq.com/monitors/555?group=host%3Aa)] · [[Edit Monitor](https://app.datadoghq.com/monitors/555/edit)]"
FIRING, RESOLVED = AlertStatus.FIRING, AlertStatus.RESOLVED


def default(title: str = "[Triggered on {host:a}] Disk is full", **changes: Any) -> dict[str, Any]:
    """The payload that Datadog sends when nobody has written another."""
    return {
        "body": "%%%\nwords\n%%%",
        "last_updated": "1772445737000",
        "event_type": "query_alert_monitor",
        "title": title,
        "date": "1772445737000",
        "org": {"id": "90210", "name": "Example"},
        "id": "7910264403312850461",
        **changes,
    }


def one(payload: Any) -> Alert:
    (alert,) = Driver().parse(payload).alerts
    return alert


def test_the_default_payload_is_read_whole() -> None:
    payload = json.loads((EXAMPLES / "datadog.json").read_text())
    alert = one(payload)
    assert alert.name == "Disk is nearly full"
    assert (alert.status, alert.severity) == (FIRING, Severity.CRITICAL)
    assert alert.description.startswith("Less than 10 % of /var is free on db-2.example.com.")
    assert "%%%" not in alert.description
    assert alert.labels == {"host": "db-2.example.com", "instance": "db-2.example.com", "severity": "P2"}
    assert alert.annotations == {
        "event_type": "query_alert_monitor",
        "id": "7910264403312850461",
        "org_id": "90210",
        "org_name": "Example",
        "monitor_id": "44107301",
    }
    assert (iso(alert.starts_at), alert.ends_at) == ("2026-03-02T10:02:17Z", None)
    assert alert.generator_url == "https://app.datadoghq.com/monitors/44107301?group=host%3Adb-2.example.com"


@pytest.mark.parametrize(
    ("title", "name", "status", "severity"),
    [
        ("[Triggered] CPU", "CPU", FIRING, Severity.CRITICAL),
        ("[Triggered on {host:a,role:db}] CPU", "CPU", FIRING, Severity.CRITICAL),
        ("[Triggered on {url:https://a.example/x?y={z}}] CPU", "CPU", FIRING, Severity.CRITICAL),
        ("[Re-Triggered on {host:a}] CPU", "CPU", FIRING, Severity.CRITICAL),
        ("[Renotify] CPU", "CPU", FIRING, Severity.CRITICAL),
        ("[Warn on {host:a}] CPU", "CPU", FIRING, Severity.WARNING),
        ("[Re-Warn] CPU", "CPU", FIRING, Severity.WARNING),
        ("[No Data on {host:a}] CPU", "CPU", FIRING, Severity.WARNING),
        ("[Re-No Data] CPU", "CPU", FIRING, Severity.WARNING),
        ("[Recovered on {host:a}] CPU", "CPU", RESOLVED, Severity.CRITICAL),
        ("[P1] [Triggered] CPU", "CPU", FIRING, Severity.CRITICAL),
        ("[P3] [Triggered] CPU", "CPU", FIRING, Severity.WARNING),
        ("[P5] [Recovered] CPU", "CPU", RESOLVED, Severity.INFO),
        ("[Triggered] [Memory Alert]", "[Memory Alert]", FIRING, Severity.CRITICAL),
        ("[Recovered on {aws:us-west-2}] [Synthetics] Login", "[Synthetics] Login", RESOLVED, Severity.CRITICAL),
        ("[Triggered] [TEST] CPU", "[TEST] CPU", FIRING, Severity.CRITICAL),
        ("[TEST] [P2] [Triggered] CPU", "[TEST] CPU", FIRING, Severity.CRITICAL),
        ("[P4] Deploy is slow", "Deploy is slow", FIRING, Severity.INFO),
        ("A plain event", "A plain event", FIRING, Severity.WARNING),
    ],
)
def test_the_title_alone_tells_name_status_and_severity(
    title: str, name: str, status: AlertStatus, severity: Severity
) -> None:
    alert = one(default(title))
    assert (alert.name, alert.status, alert.severity) == (name, status, severity)


TEMPLATES: list[dict[str, Any]] = [
    {"alert_transition": "T", "alert_id": "555", "title": "Disk"},
    {"alertTransition": "T", "alertId": "555", "title": "Disk", "eventMessage": "words"},
    {"transition": "T", "monitor_id": 555, "title": "Disk", "msg": "words"},
    {"title": "Disk", "alert": {"transition": "T", "id": "555", "scope": "*", "type": "x"}, "body": "words"},
    {"title": "Disk", "alert": {"alert_transition": "T", "alert_id": "555"}, "event": {"event_url": "https://x"}},
    {"title": "Disk", "metadata": {"ALERT_TRANSITION": "T", "ALERT_ID": "555", "EVENT_MSG": "words"}},
    {"alert_name": "Disk", "status": "T", "alert_id": "555", "annotations": {"event_msg": "words"}},
    {"eventTitle": "Disk", "whateverTheOperatorCalledIt": "T", "alertId": "555"},
]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    ("transition", "status"),
    [("Triggered", FIRING), ("Re-Triggered", FIRING), ("No Data", FIRING), ("Recovered", RESOLVED)],
)
def test_the_same_variables_are_found_under_whatever_keys(
    template: dict[str, Any], transition: str, status: AlertStatus
) -> None:
    payload = json.loads(json.dumps(template).replace('"T"', json.dumps(transition)))
    alert = one(payload)
    assert (alert.name, alert.status, alert.fingerprint) == ("Disk", status, "555")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"alert_type": "error"}, FIRING),
        ({"alert_type": "success"}, RESOLVED),
        ({"status": "Alert"}, FIRING),
        ({"status": "OK"}, RESOLVED),
        ({"alert_status": "error"}, FIRING),
        ({"alert_status": "system.load.1 over host:a was > 0 once"}, FIRING),
        ({"alert_transition": "$ALERT_TRANSITION", "alert_type": "success"}, RESOLVED),
        ({"alert_transition": "Null", "alert_type": "error"}, FIRING),
        ({"alert_transition": "Warn Recovered"}, RESOLVED),
        ({"alert_transition": None, "alert_type": []}, FIRING),
    ],
)
def test_the_status_is_found_where_there_is_no_prefix(fields: dict[str, Any], status: AlertStatus) -> None:
    assert one(default("Disk", **fields)).status is status


def test_the_transition_outranks_the_title_and_the_title_outranks_free_words() -> None:
    assert one(default("[Triggered] CPU", alert_transition="Recovered", status="Alert")).status is RESOLVED
    assert one(default("[Recovered] CPU", status="Alert")).status is RESOLVED


@pytest.mark.parametrize(
    ("fields", "severity", "label"),
    [
        ({"alert_priority": "P1"}, Severity.CRITICAL, "P1"),
        ({"severity": "P2", "alert_type": "warning"}, Severity.CRITICAL, "P2"),
        ({"priority": "p3"}, Severity.WARNING, "p3"),
        ({"monitor_priority": 4}, Severity.INFO, "4"),
        ({"theirs": "P5"}, Severity.INFO, "P5"),
        ({"priority": "normal", "alert_type": "error"}, Severity.CRITICAL, None),
        ({"priority": "low", "alert_type": "warning"}, Severity.WARNING, None),
        ({"severity": "High"}, Severity.CRITICAL, "High"),
        ({"severity": "critical"}, Severity.CRITICAL, None),
        ({"tags": "severity:minor,monitor"}, Severity.WARNING, "minor"),
        ({"alert_type": "info"}, Severity.INFO, None),
        ({"alert_transition": "Triggered", "alert_type": "info"}, Severity.CRITICAL, None),
        ({"alert_transition": "Recovered", "severity": "success"}, Severity.CRITICAL, None),
    ],
)
def test_the_monitors_priority_is_the_severity_and_the_events_is_not(
    fields: dict[str, Any], severity: Severity, label: str | None
) -> None:
    alert = one(default("Disk", **fields))
    assert (alert.severity, alert.labels.get("severity")) == (severity, label)


@pytest.mark.parametrize(
    "fields",
    [
        {"aggreg_key": "9bd4"},
        {"aggregate": "9bd4", "alert_cycle_key": "other"},
        {"alert_id": "555", "alert_scope": "host:a"},
        {"alert_cycle_key": "555-1"},
        {"link": "https://app.datadoghq.com/monitors/555?x=1"},
        {"body": f"words\n\n- - -\n\n{FOOTER}"},
        {},
    ],
)
def test_a_recovery_has_the_identity_of_what_was_triggered_and_no_other_group_has(fields: dict[str, Any]) -> None:
    def of(title: str, message: str) -> str:
        return one(default(title, **fields, id=message)).fingerprint

    triggered = of("[Triggered on {host:a,role:db}] Disk", "1")
    assert of("[P2] [Recovered on {role:db,host:a}] Disk", "2") == triggered
    assert of("[Re-Triggered on {host:a,role:db}] Disk", "3") == triggered
    if not {"aggreg_key", "aggregate", "alert_cycle_key"} & fields.keys():
        assert of("[Triggered on {host:b,role:db}] Disk", "4") != triggered


@pytest.mark.parametrize("fields", [{"aggreg_key": "9bd4"}, {"alert_id": "555", "alert_scope": "host:a"}])
def test_when_a_group_triggers_again_it_is_the_same_alert(fields: dict[str, Any]) -> None:
    first, second = (one(default(**fields, alert_cycle_key=cycle)) for cycle in ("1", "2"))
    assert first.fingerprint == second.fingerprint


def test_the_scope_is_the_same_from_the_title_the_variable_and_the_title_of_the_alert() -> None:
    said = {"alert_id": "555"}
    titled = one(default("[Triggered on {host:a,role:db}] Disk", **said))
    listed = one({**said, "title": "Disk", "scopes": ["role:db", "host:a"]})
    ended = one({**said, "alert_title": "Disk on role:db,host:a", "alert_type": "success"})
    assert {titled.fingerprint, listed.fingerprint, ended.fingerprint} == {"555:host:a,role:db"}
    assert ended.name == "Disk"


def test_the_id_of_a_message_is_no_identity() -> None:
    assert one(default(id="1")).fingerprint == one(default(id="2")).fingerprint


def test_a_test_from_the_monitors_page_cannot_end_the_real_alert() -> None:
    real = one(default("[Triggered on {host:a}] Disk", aggreg_key="k"))
    tested = one(default("[Recovered on {host:a}] [TEST] Disk", aggreg_key="k"))
    assert (tested.status, tested.name) == (RESOLVED, "[TEST] Disk")
    assert tested.fingerprint != real.fingerprint


def test_tags_become_labels_and_the_host_becomes_the_instance() -> None:
    alert = one(
        default(
            "[Triggered on {host:a,instance:tcp_check,url:http://a:9292/}] Port", tags="env:prod,monitor,host:a,web"
        )
    )
    assert alert.labels == {
        "env": "prod",
        "host": "a",
        "url": "http://a:9292/",
        "tags": "web",
        "instance": "a",
        "check_instance": "tcp_check",
    }


@pytest.mark.parametrize(
    ("fields", "instance"),
    [
        ({"hostname": "web-1"}, "web-1"),
        ({"host": "web-1", "tags": ["host:i-0a1b"]}, "web-1"),
        ({"hostname": "", "event_tags": "host:web-1"}, "web-1"),
        ({"alert_scope": "host:web-1, env:prod"}, "web-1"),
        ({"hostname": "$HOSTNAME", "tags": "$TAGS"}, None),
        ({"tags": {"instance": "tcp_check"}}, "tcp_check"),
    ],
)
def test_the_host_is_found_where_the_template_puts_it(fields: dict[str, Any], instance: str | None) -> None:
    assert one(default("[Triggered] Disk", **fields)).labels.get("instance") == instance


@pytest.mark.parametrize(
    "moment", ["1772445737000", 1772445737000, "1772445737", 1772445737, "2026-03-02 10:02:17 UTC"]
)
@pytest.mark.parametrize("key", ["date", "last_updated", "timestamp", "date_posix", "date_happened"])
def test_the_moment_is_read_in_every_unit_and_is_the_start_or_the_end(key: str, moment: Any) -> None:
    def at(title: str) -> tuple[str | None, str | None]:
        alert = one({"title": title, "body": "words", key: moment})
        return iso(alert.starts_at), iso(alert.ends_at)

    assert at("[Triggered] Disk") == ("2026-03-02T10:02:17Z", None)
    assert at("[Recovered] Disk") == (None, "2026-03-02T10:02:17Z")


@pytest.mark.parametrize(
    ("fields", "description"),
    [
        ({"body": "%%%\n## It is full\n\n- now\n%%%"}, "## It is full\n\n- now"),
        ({"body": "%%%\nnever closed\n\n\n"}, "never closed"),
        ({"body": "", "text_only_msg": "plain"}, "plain"),
        ({"body": "$EVENT_MSG", "alert_status": "load over host:a was > 1"}, "load over host:a was > 1"),
        ({"body": "", "alert_status": "Triggered"}, "[Triggered on {host:a}] Disk is full"),
    ],
)
def test_the_description_is_the_message_without_its_fence(fields: dict[str, Any], description: str) -> None:
    assert one(default(**fields)).description == description


def test_what_else_the_template_has_is_kept_except_secrets_and_empty_variables() -> None:
    alert = one(
        default(
            alert_query="avg(last_5m):avg:system.cpu.user{*} by {host} > 90",
            secret="hunter2",
            api_token="hunter2",
            snapshot="null",
            user="$USER",
            service="$TAGS[service]",
            lists=["a", {"b": 1}, 2],
            alert={"metric": "system.cpu.user"},
        )
    )
    assert alert.annotations["alert_query"].endswith("> 90")
    assert alert.annotations["alert_metric"] == "system.cpu.user"
    assert alert.annotations["lists"] == "a, 2"
    assert "hunter2" not in str(alert)
    assert {"snapshot", "user", "service"}.isdisjoint(alert.annotations)


def test_an_event_in_an_envelope_is_read_like_one_without() -> None:
    inner = {"title": "Disk", "text": "It fills.", "alert_transition": "Triggered", "timestamp": 1_772_445_737}
    alert = one({"event": {**inner, "tags": ["env:live"], "priority": "P1"}})
    assert (alert.name, alert.status, alert.severity, alert.description) == (
        "Disk", FIRING, Severity.CRITICAL, "It fills.",
    )  # fmt: skip
    assert (iso(alert.starts_at), alert.labels["env"]) == ("2026-03-02T10:02:17Z", "live")


def test_a_form_is_read_like_json() -> None:
    form = {"event_type": "query_alert_monitor", "alert_id": "12", "alert_transition": "Recovered", "date": "1772445737000", "alert_title": "ディスク"}  # fmt: skip # noqa: E501 - a form is one line
    assert Driver().detect(form) == "the event type query_alert_monitor"
    alert = one(form)
    assert (alert.name, alert.status, iso(alert.ends_at)) == ("ディスク", RESOLVED, "2026-03-02T10:02:17Z")


def test_an_incident_of_datadogs_own_is_read_by_its_own_variables() -> None:
    payload = {
        "incident_public_id": "42",
        "incident_uuid": "01c03111-172a-50c7",
        "incident_title": "Checkout is down",
        "incident_severity": "SEV-1",
        "incident_status": "active",
        "incident_url": "https://app.datadoghq.com/incidents/42",
        "incident_msg": "Nobody can pay.",
    }
    assert Driver().detect(payload)
    alert, ended = one(payload), one({**payload, "incident_status": "resolved"})
    assert (alert.name, alert.status, alert.severity) == ("Checkout is down", FIRING, Severity.CRITICAL)
    assert (alert.fingerprint, alert.description) == ("01c03111-172a-50c7", "Nobody can pay.")
    assert (ended.fingerprint, ended.status) == (alert.fingerprint, RESOLVED)


def test_a_monitor_without_a_title_is_called_by_its_id() -> None:
    assert one({"alert_id": 555, "alert_transition": "Triggered"}).name == "Datadog monitor 555"


@pytest.mark.parametrize(
    "payload",
    [
        default(),
        default("A plain event", event_type="api"),
        {"event_type": "synthetics_alert"},
        {"event": {"type": "log_alert", "title": "x"}},
        {"title": "[P2] [Re-No Data on {host:a}] x", "monitor_id": 1},
        {"event_title": "[Renotify] x"},
        {"alert_title": "x", "alert_transition": "Warn"},
        {"title": "x", "transition": "Recovered"},
        {"title": "[Recovered on {host:a}] x", "text": "y"},
        {"alert_title": "x", "alert_type": "error", "priority": "high"},
        {"event": {"title": "x", "alert_transition": "Triggered", "timestamp": 1772445737}},
        {"title": "x", "link": "https://app.datadoghq.eu/event/event?id=1"},
    ],
)
def test_a_body_is_known_by_what_only_datadog_writes(payload: Any) -> None:
    assert Driver().detect(payload)


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [default()],
        {"title": "[Alerting] CPU", "state": "alerting", "ruleId": 1, "ruleName": "CPU"},
        {"title": "[FIRING:1] CPU", "alerts": [], "groupKey": "k", "state": "alerting", "orgId": 1},
        {"event_type": "INCIDENT", "current_state": "open", "condition_name": "x"},
        {"event_type": {"a": 1}, "title": ["[Triggered] x"], "org": "x", "last_updated": 1},
        {"event": {"event_type": "incident.triggered", "data": {"title": "x"}}},
        {"alertType": "1", "alertTypeFriendlyName": "Down", "monitorID": "1"},
        {"monitor_id": "1", "trigger_name": "x", "trigger_severity": "1", "state": "ACTIVE"},
        {"action": "Create", "alert": {"alertId": "x", "message": "[Triggered] y", "tags": ["a:b"]}},
        {"title": "[Triggered] x", "message": "y"},
        {"title": "[Warning] x", "body": "y"},
        {"alert_title": "x", "alert_type": ["error"]},
        {"title": "x", "alert_type": "error"},
        {"title": "[Notify] x", "body": "y"},
        {"title": "Build finished", "body": "x", "link": "https://ci.example.com/"},
        {"name": "Backup", "status": "Triggered"},
    ],
)
def test_the_bodies_of_others_are_not_claimed(payload: Any) -> None:
    assert Driver().detect(payload) is None


def test_a_body_without_anything_to_call_it_by_is_refused() -> None:
    with pytest.raises(PayloadError, match="EVENT_TITLE") as caught:
        Driver().parse({"id": "$ALERT_ID", "title": "$EVENT_TITLE", "alert_transition": "Triggered"})
    assert caught.value.code == "no_alerts"
    with pytest.raises(PayloadError) as caught:
        Driver().parse([default()])
    assert caught.value.code == "undetected"
