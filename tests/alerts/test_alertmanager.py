from __future__ import annotations

from typing import Any

import pytest

from srvmaint.alerts import BadAlert
from srvmaint.alerts.alertmanager import Driver
from srvmaint.clock import Clock, iso
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus, Severity

NOON = 1_772_452_800_000
"""2026-03-02T12:00:00Z"""


class Noon(Clock):
    """It is always noon."""

    def now(self) -> int:
        """Noon."""
        return NOON


def body(*alerts: Any, **group: Any) -> dict[str, Any]:
    return {"version": "4", "groupKey": "{}:{}", "receiver": "r", "status": "firing", "alerts": list(alerts), **group}


def member(**changes: Any) -> dict[str, Any]:
    return {
        "status": "firing",
        "labels": {"alertname": "DiskFull", "instance": "web-1", "severity": "critical"},
        "annotations": {"summary": "in short", "description": "at length"},
        "startsAt": "2026-03-02T10:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph",
        "fingerprint": "00112233aabbccdd",
        **changes,
    }


def one(payload: Any) -> Alert:
    (alert,) = Driver(clock=Noon()).parse(payload).alerts
    return alert


def test_an_alert_is_read_whole() -> None:
    alert = one(body(member()))
    assert alert == Alert(
        source="alertmanager",
        fingerprint="00112233aabbccdd",
        name="DiskFull",
        status=AlertStatus.FIRING,
        severity=Severity.CRITICAL,
        description="at length",
        labels={"alertname": "DiskFull", "instance": "web-1", "severity": "critical"},
        annotations={"summary": "in short", "description": "at length"},
        starts_at=1_772_445_600_000,
        ends_at=None,
        generator_url="http://prometheus/graph",
    )


def test_every_alert_has_its_own_status_whatever_the_group_says() -> None:
    resolved = member(status="resolved", endsAt="2026-03-02T11:00:00Z")
    parsed = Driver().parse(body(resolved, member(fingerprint="1" * 16)))
    assert [alert.status for alert in parsed.alerts] == [AlertStatus.RESOLVED, AlertStatus.FIRING]
    assert [iso(alert.ends_at) for alert in parsed.alerts] == ["2026-03-02T11:00:00Z", None]


@pytest.mark.parametrize("status", [None, "", "banana", 1, []])
def test_the_groups_status_fills_a_gap(status: Any) -> None:
    assert one(body(member(status=status), status="resolved")).status is AlertStatus.RESOLVED
    assert one(body(member(status=status))).status is AlertStatus.FIRING


def test_an_alert_without_any_status_is_firing() -> None:
    entry = member()
    del entry["status"]
    assert one({"alerts": [entry], "commonLabels": {}}).status is AlertStatus.FIRING


@pytest.mark.parametrize("end", ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2030-01-01T00:00:00Z", None, "x"])
def test_a_firing_alert_has_no_end(end: Any) -> None:
    assert one(body(member(endsAt=end))).ends_at is None


def test_a_resolved_alert_with_the_zero_time_has_no_end() -> None:
    assert one(body(member(status="resolved"))).ends_at is None


def test_without_a_fingerprint_the_labels_are_the_identity() -> None:
    entry = member()
    del entry["fingerprint"]
    shuffled = {**entry, "labels": dict(reversed(entry["labels"].items())), "status": "resolved", "annotations": {}}
    other = {**entry, "labels": {**entry["labels"], "instance": "web-2"}}
    assert one(body(entry)).fingerprint == one(body(shuffled)).fingerprint
    assert one(body(entry)).fingerprint != one(body(other)).fingerprint


@pytest.mark.parametrize(
    ("labels", "severity"),
    [
        ({"severity": "Warning"}, Severity.WARNING),
        ({"severity": "page"}, Severity.CRITICAL),
        ({"priority": "P4"}, Severity.INFO),
        ({"severity": "none"}, Severity.INFO),
        ({"severity": "banana"}, Severity.WARNING),
        ({}, Severity.WARNING),
    ],
)
def test_the_severity_label_is_read_and_kept_as_it_came(labels: dict[str, str], severity: Severity) -> None:
    alert = one(body(member(labels={"alertname": "x", **labels})))
    assert alert.severity is severity
    assert alert.labels == {"alertname": "x", **labels}


@pytest.mark.parametrize(
    ("annotations", "extra", "expected"),
    [
        ({"message": "m", "summary": "s"}, {}, "s"),
        ({"message": "m"}, {}, "m"),
        ({"description": " ", "summary": "s"}, {}, "s"),
        ({}, {"description": "on the alert"}, "on the alert"),
        (None, {}, ""),
        ("text", {}, ""),
    ],
)
def test_the_description_is_found_where_people_put_it(annotations: Any, extra: dict[str, Any], expected: str) -> None:
    assert one(body(member(annotations=annotations, **extra))).description == expected


def test_an_alert_without_alertname_is_called_by_the_next_best() -> None:
    assert one(body(member(labels={"job": "x"}), groupLabels={"alertname": "Grouped"})).name == "Grouped"
    assert one(body(member(labels={"job": "x"}))).name == "in short"
    assert one(body(member(labels={"job": "x"}, annotations={}))).name == "unnamed alert"


def test_common_labels_serve_an_alert_that_has_none() -> None:
    entry = {"status": "firing", "fingerprint": "f" * 16}
    alert = one(body(entry, commonLabels={"alertname": "Shared"}, commonAnnotations={"summary": "for all"}))
    assert (alert.name, alert.description) == ("Shared", "for all")


def test_of_several_alerts_none_is_made_of_what_is_said_about_all() -> None:
    common = {"commonLabels": {"alertname": "Shared"}, "commonAnnotations": {"summary": "for all"}}
    assert one(body({"status": "firing"}, **common)).name == "Shared"
    parsed = Driver().parse(body({"status": "firing"}, member(), {}, **common))
    assert [alert.name for alert in parsed.alerts] == [member()["labels"]["alertname"]]
    assert [bad.index for bad in parsed.errors] == [0, 2]


def test_the_format_of_2016_with_a_numeric_group_key_is_read() -> None:
    entry = member(startsAt="2016-08-01T13:27:08.008+03:00")
    del entry["fingerprint"]
    payload = body(entry, version="3", groupKey=5615590933959184469)
    assert Driver().detect(payload) is not None
    assert iso(one(payload).starts_at) == "2016-08-01T10:27:08.008Z"


def test_an_empty_batch_is_ignored_with_a_reason() -> None:
    assert Driver().parse(body()).ignored == "the list of alerts is empty"


def test_a_bad_member_is_named_by_its_index_and_the_others_are_kept() -> None:
    parsed = Driver().parse(body(member(), "text", None, {}, member(labels=None)))
    assert len(parsed.alerts) == 2
    nothing = "has nothing to know it by"
    assert parsed.errors == (BadAlert(1, "is not an object"), BadAlert(2, "is not an object"), BadAlert(3, nothing))


def test_a_batch_of_nothing_but_bad_members_is_an_error() -> None:
    with pytest.raises(PayloadError, match="alert 0 is not an object") as caught:
        Driver().parse(body("x", 7))
    assert caught.value.code == "no_alerts"


@pytest.mark.parametrize("payload", [None, 1, "alerts", {}, {"alerts": {}}, {"status": "firing"}, {"alerts": None}])
def test_a_body_without_a_list_of_alerts_is_not_this_senders(payload: Any) -> None:
    assert Driver().detect(payload) is None
    with pytest.raises(PayloadError) as caught:
        Driver().parse(payload)
    assert caught.value.code == "undetected"


def test_more_alerts_than_one_body_may_hold_are_refused() -> None:
    with pytest.raises(PayloadError) as caught:
        Driver().parse(body(*[None] * 10_001))
    assert caught.value.code == "too_many_alerts"


def test_a_list_of_alerts_without_a_group_is_this_senders_by_its_members() -> None:
    assert Driver().detect({"alerts": [member()], "status": "firing"}) is not None
    assert Driver().detect({"alerts": [{"name": "DiskFull", "labels": {"alertname": "DiskFull"}}]}) is None
    assert Driver().detect({"alerts": [{"labels": {"host": "web-1"}, "startsAt": "2026-03-02T10:00:00Z"}]}) is None


def test_what_only_the_group_says_of_its_members_completes_them() -> None:
    entry = member(labels={"disk": "sda"}, annotations={"topic": "disks"})
    common = {"alertname": "DiskFull", "instance": "web-1", "severity": "critical", "disk": "other"}
    alert = one(body(entry, commonLabels=common, commonAnnotations={"description": "at length"}))
    assert (alert.name, alert.severity, alert.description) == ("DiskFull", Severity.CRITICAL, "at length")
    assert alert.labels == {**common, "disk": "sda"}
    assert alert.annotations == {"topic": "disks", "description": "at length"}


def test_annotations_of_other_names_are_the_description_when_there_is_no_other() -> None:
    said = {"info": "disk sda is full", "advice": "grow it", "runbook": "https://wiki/disk", "_private": "x"}
    assert one(body(member(annotations=said))).description == "info: disk sda is full\nadvice: grow it"


def test_the_host_of_an_alert_is_its_instance_and_not_part_of_its_identity() -> None:
    entry = member(labels={"alertname": "DiskFull", "host": "web-1"})
    assert one(body(entry)).labels == {"alertname": "DiskFull", "host": "web-1", "instance": "web-1"}
    assert entry["labels"] == {"alertname": "DiskFull", "host": "web-1"}


def test_a_severity_may_stand_among_the_annotations() -> None:
    entry = member(labels={"alertname": "DiskFull"}, annotations={"severity": "info"})
    assert one(body(entry)).severity is Severity.INFO


def test_a_group_whose_list_is_null_is_empty() -> None:
    payload = {**body(), "alerts": None}
    assert Driver().detect(payload) is not None
    assert Driver().parse(payload).ignored == "the list of alerts is empty"


def test_a_list_for_the_api_is_resolved_when_its_end_has_passed() -> None:
    def posted(end: Any) -> AlertStatus:
        entry = member(endsAt=end)
        del entry["status"]
        assert Driver().detect([entry]) is not None
        return one([entry]).status

    assert posted("2026-03-02T12:04:00Z") is AlertStatus.FIRING
    assert posted("2026-03-02T11:59:59Z") is AlertStatus.RESOLVED
    assert posted("0001-01-01T00:00:00Z") is AlertStatus.FIRING
    assert posted(None) is AlertStatus.FIRING


def test_a_list_from_the_api_says_its_state_itself() -> None:
    entry = member(endsAt="2026-03-02T11:00:00Z", status={"state": "suppressed", "silencedBy": ["x"]})
    assert one([entry]).status is AlertStatus.FIRING


def test_the_fast_way_and_the_careful_way_read_the_same() -> None:
    entry = member()
    careful = {**entry, "labels": {**entry["labels"], "shard": 3}, "annotations": {**entry["annotations"], "n": None}}
    fast = {**entry, "labels": {**entry["labels"], "shard": "3"}, "annotations": {**entry["annotations"], "n": ""}}
    assert one(body(careful)) == one(body(fast))
