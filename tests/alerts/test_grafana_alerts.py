from __future__ import annotations

from typing import Any

import pytest

from srvmaint.alerts import BadAlert
from srvmaint.alerts._limits import MAX_ALERTS
from srvmaint.alerts.alertmanager import Driver as Alertmanager
from srvmaint.alerts.grafana import Driver
from srvmaint.clock import Clock, iso
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus, Severity

ZERO = "0001-01-01T00:00:00Z"


class Noon(Clock):
    """It is always noon of 2026-03-02."""

    def now(self) -> int:
        """Noon."""
        return 1_772_452_800_000


def body(*alerts: Any, **group: Any) -> dict[str, Any]:
    return {
        "receiver": "srvmaint", "status": "firing", "alerts": list(alerts), "groupLabels": {}, "commonLabels": {},
        "commonAnnotations": {}, "externalURL": "https://grafana.example.com/", "version": "1", "groupKey": "{}:{}",
        "truncatedAlerts": 0, "orgId": 1, "title": "[FIRING:1]  (x)", "state": "alerting", "message": "**Firing**",
        **group,
    }  # fmt: skip


def member(**changes: Any) -> dict[str, Any]:
    return {
        "status": "firing",
        "labels": {"alertname": "QueueLong", "grafana_folder": "Shop", "instance": "mq-1", "severity": "critical"},
        "annotations": {"summary": "in short", "description": "at length", "runbook_url": "runbooks.example.com/q"},
        "startsAt": "2026-03-02T11:05:10.25+01:00",
        "endsAt": ZERO,
        "generatorURL": "https://grafana.example.com/alerting/grafana/abc/view?orgId=1",
        "fingerprint": "0123456789abcdef",
        "silenceURL": "https://grafana.example.com/alerting/silence/new?matcher=a%3Db",
        "dashboardURL": "",
        "panelURL": "",
        "values": {"B": 17, "C": 1},
        "valueString": "[ var='B' labels={instance=mq-1} value=17 ]",
        **changes,
    }


def rule(**changes: Any) -> dict[str, Any]:
    return {
        "dashboardId": 3, "evalMatches": [{"value": 93.2, "metric": "user", "tags": {"host": "web-1", "cpu": "0"}}],
        "message": "The processor is busy.", "orgId": 1, "panelId": 5, "ruleId": 12, "ruleName": "CPU alert",
        "ruleUrl": "https://grafana.example.com/d/x?tab=alert&orgId=1", "state": "alerting", "tags": {},
        "title": "[Alerting] CPU alert", **changes,
    }  # fmt: skip


def one(payload: Any) -> Alert:
    (alert,) = Driver(clock=Noon()).parse(payload).alerts
    return alert


def without(source: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in source.items() if key not in keys}


def test_an_alert_of_unified_alerting_is_read_whole() -> None:
    assert one(body(member())) == Alert(
        source="grafana",
        fingerprint="0123456789abcdef",
        name="QueueLong",
        status=AlertStatus.FIRING,
        severity=Severity.CRITICAL,
        description="at length",
        labels={"alertname": "QueueLong", "grafana_folder": "Shop", "instance": "mq-1", "severity": "critical"},
        annotations={
            "summary": "in short",
            "description": "at length",
            "runbook_url": "runbooks.example.com/q",
            "silence_url": "https://grafana.example.com/alerting/silence/new?matcher=a%3Db",
            "values": "B=17, C=1",
            "value_string": "[ var='B' labels={instance=mq-1} value=17 ]",
        },
        starts_at=1_772_445_910_250,
        ends_at=None,
        generator_url="https://grafana.example.com/alerting/grafana/abc/view?orgId=1",
    )


def test_every_alert_has_its_own_status_whatever_the_group_says() -> None:
    ended = member(status="resolved", endsAt="2026-03-02T10:30:00Z")
    parsed = Driver().parse(body(ended, member(fingerprint="f" * 16), title="[FIRING:1, RESOLVED:1]  (x)"))
    assert [alert.status for alert in parsed.alerts] == [AlertStatus.RESOLVED, AlertStatus.FIRING]
    assert [iso(alert.ends_at) for alert in parsed.alerts] == ["2026-03-02T10:30:00Z", None]


def test_the_identity_and_the_name_stay_from_firing_to_resolved() -> None:
    ended = member(status="resolved", endsAt="2026-03-02T11:00:00Z", values={"B": 0, "C": 0}, valueString="")
    before, after = one(body(member())), one(body(ended, status="resolved", state="ok", title="[RESOLVED]  (x)"))
    assert (before.fingerprint, before.name, before.labels) == (after.fingerprint, after.name, after.labels)


@pytest.mark.parametrize(
    ("word", "group", "status"),
    [
        ("resolved", {}, AlertStatus.RESOLVED),
        ("Alerting (NoData)", {"status": "resolved"}, AlertStatus.FIRING),
        ("Normal (MissingSeries)", {}, AlertStatus.RESOLVED),
        ("Recovering", {"status": "resolved"}, AlertStatus.FIRING),
        ({"state": "active"}, {"status": "resolved"}, AlertStatus.FIRING),
        (None, {"status": "resolved"}, AlertStatus.RESOLVED),
        (None, {"status": None, "state": "ok"}, AlertStatus.RESOLVED),
        (None, {"status": None, "state": "alerting"}, AlertStatus.FIRING),
        ("banana", {}, AlertStatus.FIRING),
    ],
)
def test_the_status_is_the_alerts_then_the_groups(word: Any, group: dict[str, Any], status: AlertStatus) -> None:
    assert one(body(member(status=word), **group)).status is status


@pytest.mark.parametrize(
    "end", [ZERO, "1970-01-01T00:00:00Z", "2030-01-01T00:00:00Z", None, "0001-01-01 00:00:00 +0000 UTC"]
)
def test_a_firing_alert_has_no_end(end: Any) -> None:
    assert one(body(member(endsAt=end))).ends_at is None


def test_a_time_as_go_templates_print_it_is_read() -> None:
    alert = one(body(member(startsAt="2026-03-02 10:05:10.112013015 +0000 UTC m=+85.285724134")))
    assert iso(alert.starts_at) == "2026-03-02T10:05:10.112Z"


def test_without_a_fingerprint_name_and_labels_are_the_identity() -> None:
    entry = without(member(), "fingerprint")
    moved = {**entry, "labels": dict(reversed(entry["labels"].items())), "values": {"B": 99}, "status": "resolved"}
    other = {**entry, "labels": {**entry["labels"], "instance": "mq-2"}}
    assert one(body(entry)).fingerprint == one(body(moved)).fingerprint
    assert one(body(entry)).fingerprint != one(body(other)).fingerprint


@pytest.mark.parametrize(
    ("labels", "annotations", "severity"),
    [
        ({"severity": "Warning"}, {}, Severity.WARNING),
        ({"priority": "P1"}, {}, Severity.CRITICAL),
        ({"severity": "team-a"}, {}, Severity.WARNING),
        ({}, {"severity": "info"}, Severity.INFO),
        ({}, {}, Severity.WARNING),
    ],
)
def test_the_severity_is_a_label_by_convention(
    labels: dict[str, str], annotations: dict[str, str], severity: Severity
) -> None:
    assert one(body(member(labels={"alertname": "x", **labels}, annotations=annotations))).severity is severity


@pytest.mark.parametrize(
    ("group", "name"),
    [
        ({"commonLabels": {"alertname": "Shared"}}, "Shared"),
        ({"groupLabels": {"alertname": "Grouped"}}, "Grouped"),
        ({"groupKey": '{alertname="Keyed", instance="Grafana"}2026-03-02 10:05:04 +0000 UTC m=+42208.2'}, "Keyed"),
        ({"title": "[FIRING:1] Titled (x)"}, "Titled (x)"),
        ({"title": "[RESOLVED]  (In brackets)"}, "In brackets"),
        ({"title": ""}, "in short"),
    ],
)
def test_an_alert_without_alertname_is_called_by_the_next_best(group: dict[str, Any], name: str) -> None:
    assert one(body(member(labels={"team": "shop"}), **group)).name == name


def test_the_title_of_a_group_of_several_names_none_of_them() -> None:
    first, second = (
        Driver().parse(body(member(labels={"a": "1"}), member(labels={"a": "2"}), title="[FIRING:2] T")).alerts
    )
    assert (first.name, second.name) == ("in short", "in short")


def test_an_alert_that_says_nothing_itself_is_known_by_its_envelope() -> None:
    alert = one(body({"status": "firing"}, title="[FIRING:1]", message="Webhook test message."))
    assert (alert.name, alert.description) == ("unnamed alert", "Webhook test message.")


@pytest.mark.parametrize("label", ["host", "hostname", "node"])
def test_the_host_becomes_the_label_instance(label: str) -> None:
    assert one(body(member(labels={"alertname": "x", label: "web-1"}))).labels["instance"] == "web-1"
    assert one(body(member(labels={"alertname": "x", label: "web-1", "instance": "own"}))).labels["instance"] == "own"


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({"generatorURL": "?orgId=1"}, "https://grafana.example.com/?orgId=1"),
        ({"generatorURL": "/alerting/abc/view"}, "https://grafana.example.com/alerting/abc/view"),
        ({"generatorURL": "", "panelURL": "https://g/d/1?viewPanel=2"}, "https://g/d/1?viewPanel=2"),
        ({"generatorURL": "javascript:alert(1)"}, ""),
    ],
)
def test_the_link_leads_to_the_rule(changes: dict[str, Any], url: str) -> None:
    assert one(body(member(**changes))).generator_url == url


def test_a_bad_member_is_reported_and_the_others_are_read() -> None:
    parsed = Driver().parse({"alerts": ["text", member(), {}], "commonLabels": {}})
    assert [alert.name for alert in parsed.alerts] == ["QueueLong"]
    assert parsed.errors == (BadAlert(0, "is not an object"), BadAlert(2, "has nothing to know it by"))


def test_of_several_alerts_none_is_made_of_what_is_said_about_all() -> None:
    common = {"commonLabels": {"alertname": "Shared"}}
    assert one(body({"status": "firing"}, **common)).name == "Shared"
    parsed = Driver().parse(body({"status": "firing"}, member(), {}, {"title": "[Alerting] CPU"}, **common))
    assert [bad.index for bad in parsed.errors] == [0, 2]
    assert len(parsed.alerts) == 2


def test_what_only_the_group_says_of_its_members_completes_them() -> None:
    entry = without(member(labels={"queue": "a"}, annotations={"topic": "queues"}), "fingerprint")
    common = {"alertname": "QueueLong", "severity": "info", "queue": "other"}
    alert = one(body(entry, commonLabels=common, commonAnnotations={"summary": "in short"}))
    assert (alert.name, alert.severity, alert.description) == ("QueueLong", Severity.INFO, "in short")
    assert alert.labels == {**common, "queue": "a"}


def test_annotations_of_other_names_are_the_description_when_there_is_no_other() -> None:
    assert one(body(member(annotations={"info": "It is long."}), message="")).description == "info: It is long."


def test_a_body_without_a_usable_alert_is_refused_and_an_empty_one_ignored() -> None:
    assert Driver().parse(body()).ignored
    assert Driver().parse({**body(), "alerts": None}).ignored
    payload: Any
    for payload, code in (({"alerts": [{}]}, "no_alerts"), ({"alerts": [{}] * (MAX_ALERTS + 1)}, "too_many_alerts")):
        with pytest.raises(PayloadError) as caught:
            Driver().parse(payload)
        assert caught.value.code == code
    for stranger in ({}, {"a": 1}, "text", None, 7, {"title": "x", "text": "y"}):
        with pytest.raises(PayloadError) as caught:
            Driver().parse(stranger)
        assert caught.value.code == "undetected"


@pytest.mark.parametrize(
    "payload",
    [
        body(),
        body(member()),
        body({"status": "firing"}, orgId=None),
        without(body(member()), "orgId"),
        {"alerts": [without(member(), "values")]},
        [member()],
        {"status": "firing", "alerts": [{"labels": {"alertname": "x", "grafana_folder": "f"}}]},
        {"title": "one alert", "status": "firing", "dashboardURL": "https://grafana.example.com/d/1"},
    ],
)
def test_a_unified_body_is_known_by_grafanas_own_keys(payload: Any) -> None:
    assert Driver().detect(payload) is not None


@pytest.mark.parametrize(
    "payload",
    [
        {
            "alerts": [{"labels": {"alertname": "x"}}],
            "groupKey": "k",
            "receiver": "r",
            "status": "firing",
            "version": "4",
        },
        {"alerts": [{"labels": {"alertname": "x", "grafana_folder": "f"}}], "receiver": "r", "version": "4"},
        {"alerts": [], "state": "x", "orgId": True},
        {"alerts": [{"silenceURL": 1, "labels": []}], "state": 1, "title": 2, "message": 3},
        {"alerts": {"silenceURL": "x"}, "state": "alerting"},
        {"title": "x", "state": "alert", "message": "m", "orgId": 1},
        {"ruleName": 1, "ruleId": 1, "state": "ok"},
        {"ruleName": "x", "state": "ok"},
        {"evalMatches": "x", "state": "ok"},
        [{"labels": {"alertname": "x"}, "annotations": {}}],
        [None, 1],
        None,
    ],
)
def test_what_is_not_grafanas_is_not_claimed(payload: Any) -> None:
    assert Driver().detect(payload) is None


def test_through_the_oncall_contact_point_the_alerts_are_those_that_alertmanager_reads() -> None:
    payload = {
        "version": "4", "status": "firing", "receiver": "r", "groupKey": "{}", "numFiring": 1, "numResolved": 0,
        "alerts": [without(member(), "silenceURL", "dashboardURL", "panelURL", "valueString", "values")],
    }  # fmt: skip
    ours = one(payload)
    (theirs,) = Alertmanager().parse(payload).alerts
    assert (ours.fingerprint, ours.name, ours.status, ours.severity, ours.labels, ours.starts_at) == (
        theirs.fingerprint, theirs.name, theirs.status, theirs.severity, theirs.labels, theirs.starts_at,
    )  # fmt: skip


def test_a_payload_template_may_send_only_the_list() -> None:
    ended = without(member(endsAt="2026-03-02T11:59:59Z"), "status", "fingerprint")
    first, second = Driver(clock=Noon()).parse([without(member(), "status"), ended]).alerts
    assert (first.status, second.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)


def test_a_payload_template_may_flatten_the_alert() -> None:
    flat = {
        "status": "firing",
        "name": "Disk full",
        "level": "error",
        "host": "db-1",
        "message": "97 %",
        "fingerprint": "id-1",
    }
    for payload in (flat, {"alerts": [flat]}):
        alert = one(payload)
        assert (alert.name, alert.description, alert.fingerprint) == ("Disk full", "97 %", "id-1")
        assert (alert.severity, alert.labels) == (Severity.CRITICAL, {"instance": "db-1", "severity": "error"})


def test_a_legacy_rule_is_read_whole() -> None:
    payload = rule(tags={"severity": "crit", "team": "shop"}, imageUrl="https://images.example.com/1.png")
    assert Driver().detect(payload) == "`ruleName` with `evalMatches`"
    alert = one(payload)
    assert (alert.source, alert.name, alert.status) == ("grafana", "CPU alert", AlertStatus.FIRING)
    assert (alert.severity, alert.description) == (Severity.CRITICAL, "The processor is busy.")
    assert alert.labels == {"host": "web-1", "cpu": "0", "severity": "crit", "team": "shop", "instance": "web-1"}
    assert alert.annotations["values"] == "user: 93.2"
    assert alert.annotations["image_url"] == "https://images.example.com/1.png"
    assert (alert.starts_at, alert.ends_at) == (None, None)
    assert alert.generator_url == "https://grafana.example.com/d/x?tab=alert&orgId=1"


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("alerting", AlertStatus.FIRING),
        ("no_data", AlertStatus.FIRING),
        ("pending", AlertStatus.FIRING),
        ("unknown", AlertStatus.FIRING),
        ("ok", AlertStatus.RESOLVED),
        ("OK", AlertStatus.RESOLVED),
        ("paused", AlertStatus.RESOLVED),
    ],
)
def test_the_states_of_a_legacy_rule(state: str, status: AlertStatus) -> None:
    assert one(rule(state=state)).status is status


@pytest.mark.parametrize(("title", "status"), [("[OK] x", AlertStatus.RESOLVED), ("[No Data] x", AlertStatus.FIRING)])
def test_a_legacy_rule_without_state_says_it_in_the_title(title: str, status: AlertStatus) -> None:
    assert one(without(rule(title=title), "state")).status is status


def test_a_legacy_rule_keeps_its_identity_whatever_it_matched_and_whichever_version_sent_it() -> None:
    fired = one(rule())
    matched = one(rule(evalMatches=[{"value": 1, "metric": "a", "tags": None}], message="other"))
    ended = one(rule(evalMatches=[], state="ok", title="[OK] CPU alert"))
    older = one(without(rule(ruleId="12"), "orgId", "dashboardId", "panelId", "tags"))
    assert {fired.fingerprint, matched.fingerprint, ended.fingerprint, older.fingerprint} == {fired.fingerprint}


def test_rules_of_other_numbers_organisations_and_servers_are_other_alerts() -> None:
    others = [
        rule(),
        rule(ruleId=13),
        rule(orgId=2),
        rule(ruleUrl="https://grafana.example.org/d/x"),
        rule(ruleId=0),
        rule(ruleId=0, ruleName="another"),
    ]
    assert len({one(payload).fingerprint for payload in others}) == len(others)


def test_the_series_of_a_legacy_rule_lend_it_only_what_they_share() -> None:
    matches = [
        {"value": 1, "metric": "a", "tags": {"host": "web-1", "job": "node"}},
        {"value": 2, "metric": "b", "tags": {"host": "web-2", "job": "node"}},
    ]
    alert = one(rule(evalMatches=matches, message=""))
    assert alert.labels == {"job": "node"}
    assert alert.description == "a: 1, b: 2"


@pytest.mark.parametrize(
    "payload",
    [
        without(rule(), "evalMatches"),
        without(rule(), "evalMatches", "ruleId"),
        without(rule(), "ruleId", "ruleUrl"),
        without(rule(), "ruleName", "ruleId"),
        rule(ruleId=0, orgId=0, evalMatches=None),
    ],
)
def test_a_legacy_body_may_lack_much_and_is_one_alert(payload: Any) -> None:
    assert Driver().detect(payload) is not None
    assert one(payload).name == "CPU alert"
