from __future__ import annotations

from typing import Any

import pytest

from srvmaint.alerts.zabbix import Config, Driver
from srvmaint.clock import iso
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus, Severity


def media(**changes: Any) -> dict[str, Any]:
    """The parameters that Zabbix's own media types have."""
    return {
        "alert_message": "Problem name: Disk is full\r\nHost: web-1",
        "alert_subject": "Problem: Disk is full",
        "event_date": "2026.03.02",
        "event_id": "512",
        "event_name": "Disk is full",
        "event_nseverity": "4",
        "event_recovery_value": "{EVENT.RECOVERY.VALUE}",
        "event_severity": "High",
        "event_source": "0",
        "event_tags": '[{"tag": "scope", "value": "capacity"}]',
        "event_time": "11:02:17",
        "event_update_action": "{EVENT.UPDATE.ACTION}",
        "event_update_status": "0",
        "event_value": "1",
        "host_ip": "192.0.2.10",
        "host_name": "web-1",
        "trigger_id": "23017",
        "zabbix_url": "https://zabbix.example.com/",
        **changes,
    }


def one(payload: Any, timezone: str | None = None) -> Alert:
    (alert,) = Driver(Config(timezone=timezone)).parse(payload).alerts
    return alert


def test_a_media_types_problem_is_read_whole() -> None:
    assert Driver().detect(media()) == "`eventid` with `eventvalue`"
    assert one(media(), "Europe/Riga") == Alert(
        source="zabbix",
        fingerprint="512",
        name="Disk is full",
        status=AlertStatus.FIRING,
        severity=Severity.CRITICAL,
        description="Problem name: Disk is full\r\nHost: web-1",
        labels={
            "scope": "capacity",
            "host_ip": "192.0.2.10",
            "trigger_id": "23017",
            "instance": "web-1",
            "severity": "High",
        },
        annotations={"event_id": "512"},
        starts_at=1_772_442_137_000,
        ends_at=None,
        generator_url="https://zabbix.example.com/tr_events.php?triggerid=23017&eventid=512",
    )


def test_a_recovery_ends_its_problem() -> None:
    recovered = {"event_value": "0", "event_recovery_date": "2026.03.02", "event_recovery_time": "11:09:47"}
    alert = one(media(**recovered), "Europe/Riga")
    assert (alert.status, alert.fingerprint) == (AlertStatus.RESOLVED, "512")
    assert (iso(alert.starts_at), iso(alert.ends_at)) == ("2026-03-02T09:02:17Z", "2026-03-02T09:09:47Z")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"event_update_action": "acknowledged, commented"}, AlertStatus.ACKNOWLEDGED),
        ({"event_update_action": "commented", "event_ack_status": "Yes"}, AlertStatus.ACKNOWLEDGED),
        ({"event_update_action": "unacknowledged", "event_ack_status": "Yes"}, AlertStatus.FIRING),
        ({"event_update_action": "changed severity from High to Warning", "acknowledged": "No"}, AlertStatus.FIRING),
        ({"event_update_action": "closed"}, AlertStatus.FIRING),
        ({"event_update_action": "acknowledged", "event_value": "0"}, AlertStatus.RESOLVED),
    ],
)
def test_an_update_is_acknowledged_or_still_firing_and_resolves_only_what_is_over(
    changes: dict[str, str], status: AlertStatus
) -> None:
    assert one(media(event_update_status="1", **changes)).status is status


@pytest.mark.parametrize(
    ("keys", "status"),
    [
        ({"event_value": 0}, AlertStatus.RESOLVED),
        ({"event_status": "0"}, AlertStatus.RESOLVED),
        ({"event_status": 1}, AlertStatus.FIRING),
        ({"event_status": "RESOLVED"}, AlertStatus.RESOLVED),
        ({"trigger_status": "OK"}, AlertStatus.RESOLVED),
        ({"trigger_status": "PROBLEM", "action": "RECOVERY"}, AlertStatus.FIRING),
        ({"status": "WARNING"}, AlertStatus.FIRING),
        ({"status": "Resolvido"}, AlertStatus.RESOLVED),
        ({"action": "RECOVERY"}, AlertStatus.RESOLVED),
        ({"message_type": "ACKNOWLEDGEMENT"}, AlertStatus.ACKNOWLEDGED),
        ({"event_value": "{EVENT.VALUE}", "status": "OK"}, AlertStatus.RESOLVED),
        ({"event_recovery_value": "0"}, AlertStatus.RESOLVED),
        ({"event_recovery_value": "{EVENT.RECOVERY.VALUE}"}, AlertStatus.FIRING),
        ({"subject": "Resolved in 9m 0s: CPU"}, AlertStatus.RESOLVED),
        ({"subject": "[OK] CPU"}, AlertStatus.RESOLVED),
        ({"subject": "Updated problem in 5m: CPU"}, AlertStatus.FIRING),
        ({"value": "0"}, AlertStatus.FIRING),
        ({"resolved": True}, AlertStatus.RESOLVED),
        ({}, AlertStatus.FIRING),
    ],
)
def test_each_way_of_saying_where_a_problem_stands_is_understood(keys: dict[str, Any], status: AlertStatus) -> None:
    assert one({"event_id": "7", "trigger_name": "CPU", **keys}).status is status


@pytest.mark.parametrize(
    ("keys", "severity", "label"),
    [
        ({"event_nseverity": "0"}, Severity.INFO, "Not classified"),
        ({"event_nseverity": 1}, Severity.INFO, "Information"),
        ({"event_nseverity": "2"}, Severity.WARNING, "Warning"),
        ({"event_nseverity": "3", "priority": "1"}, Severity.WARNING, "Average"),
        ({"event_nseverity": "5", "event_severity": "Katastrophe"}, Severity.CRITICAL, "Katastrophe"),
        ({"event_severity": "0"}, Severity.INFO, "Not classified"),
        ({"trigger_severity": "4"}, Severity.CRITICAL, "High"),
        ({"severity": "Average"}, Severity.WARNING, "Average"),
        ({"severity": "灾难"}, Severity.CRITICAL, "灾难"),
        ({"severity": "Alta"}, Severity.CRITICAL, "Alta"),
        ({"severity": "Média"}, Severity.WARNING, "Média"),
        ({"severity": "Не классифицировано"}, Severity.INFO, "Не классифицировано"),
        ({"severity": "99"}, Severity.WARNING, "99"),
        ({"severity": "{EVENT.SEVERITY}"}, Severity.WARNING, None),
        ({"severity": "bogus", "trigger_priority": "5"}, Severity.CRITICAL, "bogus"),
    ],
)
def test_a_severity_is_a_number_or_a_word_in_the_language_of_the_installation(
    keys: dict[str, Any], severity: Severity, label: str | None
) -> None:
    alert = one({"event_id": "7", "trigger_name": "CPU", **keys})
    assert (alert.severity, alert.labels.get("severity")) == (severity, label)


@pytest.mark.parametrize(
    "payload",
    [
        {"EVENT.ID": "7", "EVENT.NAME": "CPU", "EVENT.VALUE": "1", "HOST.HOST": "web-1"},
        {"EventID": 7, "EventName": "CPU", "EventNSeverity": "2", "HostName": "web-1"},
        {"eventId": "7", "triggerName": "CPU", "triggerStatus": "PROBLEM", "host": "web-1"},
        {"Event_ID": "7", "Trigger_Status": "PROBLEM", "Subject": "Problem: CPU", "Hostname": "web-1"},
        {"event": {"id": "7", "value": "1"}, "trigger": {"name": "CPU"}, "host": {"name": "web-1"}},
        {"event": {"eventid": 7, "value": 1, "name": "CPU"}, "hosts": [{"host": "web-1"}], "trigger": {"triggerid": 1}},
        {"zabbix": {"event_id": "7", "event_value": "1", "event_name": "CPU", "host_name": "web-1"}},
        {"id": "7", "triggerId": "1", "name": "CPU", "EVENT.VALUE": "1", "service": "web-1"},
        {"entity_id": "7", "entity_display_name": "[PROBLEM] CPU", "hostname": "web-1", "monitoring_tool": "Zabbix"},
        {"Subject": "Problem: CPU", "Message": "Host: web-1\r\nOriginal problem ID: 7\r\n", "URL": "https://x"},
        {"source": "zabbix", "problem": "CPU", "problem_id": "7", "server": "web-1"},
    ],
)
def test_each_way_of_writing_the_keys_is_read_alike(payload: Any) -> None:
    assert Driver().detect(payload) is not None
    alert = one(payload)
    assert (alert.fingerprint, alert.name, alert.labels["instance"]) == ("7", "CPU", "web-1")


def test_a_recovery_with_an_event_id_of_its_own_is_known_by_the_problems() -> None:
    assert one(media(event_id="513", p_event_id="512", event_value="0")).fingerprint == "512"
    assert one({"event_id": 9, "problem_id": 7, "trigger_status": "OK", "name": "CPU"}).fingerprint == "7"
    assert one(media(p_eventid="0")).status is AlertStatus.FIRING


def test_a_body_with_a_mere_link_is_known_by_its_trigger() -> None:
    flat = {
        "hostname": "web-1",
        "severity": "High",
        "item": "load is 9",
        "trigger": "Load is high",
        "status": "PROBLEM",
    }
    firing = flat | {"link": "https://zabbix.example.com/tr_events.php?triggerid=5&eventid=10"}
    over = flat | {
        "status": "OK",
        "trigger": "Load is fine",
        "link": "https://zabbix.example.com/tr_events.php?triggerid=5&eventid=11",
    }
    assert Driver().detect(flat) is not None
    assert one(firing).fingerprint == one(over).fingerprint == "trigger:5"
    assert one(firing).generator_url.endswith("eventid=10")
    assert one(flat).fingerprint == one(flat | {"status": "OK", "item": "load is 1", "severity": "5"}).fingerprint


@pytest.mark.parametrize("timezone", [None, "Europe/Riga"])
def test_dates_without_a_zone_are_taken_only_when_the_zone_is_known(timezone: str | None) -> None:
    alert = one(media(), timezone)
    assert (iso(alert.starts_at), alert.annotations.get("event_time")) == (
        ("2026-03-02T09:02:17Z", None) if timezone else (None, "2026.03.02 11:02:17")
    )


@pytest.mark.parametrize(
    "times",
    [
        {"event_timestamp": "1772442137"},
        {"event_timestamp": "2026-03-02T09:02:17.000Z"},
        {"clock": 1772442137},
        {"datetime": "2026-03-02T09:02:17Z"},
        {"startsAt": "2026.03.02T11:02:17+02:00"},
        {"timestamp": "2026-03-02 09:02:17"},
    ],
)
def test_a_moment_with_a_zone_and_what_a_script_made_of_it_are_taken_as_they_are(times: dict[str, Any]) -> None:
    assert iso(one(media(**times)).starts_at) == "2026-03-02T09:02:17Z"
    undated = media(event_date="", event_time="", **times)
    assert iso(one(undated, "Asia/Tokyo").starts_at) == "2026-03-02T09:02:17Z"


def test_a_time_zone_that_does_not_exist_is_a_problem_of_the_configuration() -> None:
    assert Config(timezone="Europe/Riga").problems() == Config().problems() == []
    for name in ("Middle/Earth", "", "/etc/passwd", "\0"):
        (phrase,) = Config(timezone=name).problems()
        assert phrase.startswith("timezone: there is no time zone")
        assert one(media(), name).starts_at is None


@pytest.mark.parametrize(
    "tags",
    [
        '[{"tag": "scope", "value": "capacity"}, {"tag": "db", "value": "a, b"}, {"tag": "vip", "value": ""}]',
        [{"tag": "scope", "value": "capacity"}, {"tag": "db", "value": "a, b"}, {"tag": "vip", "value": ""}],
        {"scope": ["capacity"], "db": ["a", "b"], "vip": [""]},
        {"scope": "capacity", "db": "a, b", "vip": None},
    ],
)
def test_tags_are_labels_in_each_form_that_has_their_values_apart(tags: Any) -> None:
    labels = one(media(event_tags=tags)).labels
    assert (labels["scope"], labels["db"], labels["vip"]) == ("capacity", "a, b", "")


@pytest.mark.parametrize(
    ("tags", "labels"),
    [
        ("scope:capacity, vip", {"scope": "capacity", "tags": "vip"}),
        ("service:web,priority:high", {"service": "web", "priority": "high"}),
        ("[]", {}),
        ("[cut", {}),
        ("[" * 100_000, {}),
        ("{EVENT.TAGS}", {}),
    ],
)
def test_tags_as_text_are_labels_as_far_as_they_can_be_told_apart(tags: str, labels: dict[str, str]) -> None:
    found = one({"event_id": "7", "trigger_id": "1", "event_tags": tags}).labels
    assert found == {**labels, "trigger_id": "1"}


def test_a_tag_called_instance_or_severity_does_not_hide_the_host_and_the_severity() -> None:
    labels = one(media(event_tags="instance:postgres-1,severity:none")).labels
    assert (labels["instance"], labels["severity"]) == ("web-1", "High")


def test_macros_that_were_not_replaced_say_nothing() -> None:
    alert = one(
        media(
            event_name="{EVENT.NAME}",
            alert_subject="Problem: CPU",
            host_name="*UNKNOWN*",
            host="web-9",
            event_opdata="{{ITEM.VALUE1}.regsub(x, y)}",
            zabbix_url="{$ZABBIX.URL}",
            event_tags='{$TAGS:"a"}',
        )
    )
    assert (alert.name, alert.labels["instance"], alert.generator_url) == ("CPU", "web-9", "")
    assert "opdata" not in alert.annotations
    assert "scope" not in alert.labels


def test_what_a_script_sends_beside_the_known_parameters_is_not_kept() -> None:
    alert = one(media(token="canary", HTTPProxy="http://u:canary@p", api_key="canary", endpoint="https://x?k=canary"))
    assert "canary" not in repr(alert)


@pytest.mark.parametrize("key", ["host_groups", "hostgroup", "groups"])
@pytest.mark.parametrize("groups", ["Linux, Web", ["Linux", "Web"], [{"name": "Linux"}, {"name": "Web", "groupid": 2}]])
def test_host_groups_are_one_label(key: str, groups: Any) -> None:
    assert one(media(**{key: groups})).labels["groups"] == "Linux, Web"


def test_the_test_of_a_media_type_is_ignored() -> None:
    payload = {key: f"{{{key.upper().replace('_', '.')}}}" for key in media()}
    assert Driver().detect(payload) is not None
    assert Driver().parse(payload).ignored == "none of its macros was replaced, as in the test of a media type"


@pytest.mark.parametrize(("source", "word"), [("1", "discovered"), (2, "registered")])
def test_events_that_are_no_problem_are_ignored(source: Any, word: str) -> None:
    parsed = Driver().parse(media(event_source=source, trigger_id="{TRIGGER.ID}", event_value="1"))
    assert word in (parsed.ignored or "")


@pytest.mark.parametrize("source", ["0", "3", "4", "trigger"])
def test_events_of_triggers_items_and_services_are_alerts(source: str) -> None:
    assert one(media(event_source=source, trigger_id="*UNKNOWN*")).status is AlertStatus.FIRING


@pytest.mark.parametrize(
    ("payload", "code"), [(7, "undetected"), ("x", "undetected"), ({}, "no_alerts"), ([1], "no_alerts")]
)
def test_what_is_not_zabbixs_is_refused_by_name(payload: Any, code: str) -> None:
    with pytest.raises(PayloadError) as caught:
        Driver().parse(payload)
    assert caught.value.code == code


def test_an_empty_list_is_ignored() -> None:
    assert Driver().parse([]).ignored == "the list of events is empty"


@pytest.mark.parametrize(
    "payload",
    [
        {"action": "Create", "alert": {"alertId": "x", "message": "y"}},
        {"event": {"id": "x", "event_type": "incident.triggered", "data": {"status": "triggered"}}},
        {"event": {"id": "x", "source": "shop", "value": 3}},
        {"trigger_id": "t", "trigger_name": "n", "trigger_severity": "1", "state": "ACTIVE"},
        {"event_id": "1", "event_type": "query_alert_monitor", "title": "[Triggered] x"},
        {"event_id": "1", "event_name": "page_view", "timestamp": 1},
        {"alerts": [{"labels": {"alertname": "x", "host_name": "y"}}], "groupKey": "g", "status": "firing"},
        {"host": "a", "severity": "high", "status": "problem", "message": "x"},
        {"itemid": "9", "name": "x"},
        {"eventid": {}, "clock": 1, "ns": 1},
        [],
        [{"name": "x"}],
        None,
    ],
)
def test_what_others_send_is_not_claimed(payload: Any) -> None:
    assert Driver().detect(payload) is None


def test_a_script_may_hide_the_event_among_fields() -> None:
    zabbix = {"event_id": "938274", "event_value": "0", "event_nseverity": "3", "host_name": "db-1"}
    body = {"timestamp": "2026-03-02T10:09:00Z", "host": "db-1", "description": "No ping", "fields": {"zabbix": zabbix}}
    assert Driver().detect(body) == "`eventid` with `eventvalue`"
    alert = one(body)
    assert (alert.fingerprint, alert.name, alert.status.value) == ("938274", "No ping", "resolved")
    assert (alert.labels["instance"], iso(alert.ends_at)) == ("db-1", "2026-03-02T10:09:00Z")
