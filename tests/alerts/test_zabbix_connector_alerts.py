from __future__ import annotations

import json
from typing import Any

import pytest

from srvmaint.alerts import BadAlert
from srvmaint.alerts._decode import decode
from srvmaint.alerts.zabbix import Driver
from srvmaint.clock import iso
from srvmaint.model import Alert, AlertStatus, Severity

PROBLEM = {
    "clock": 1772445737,
    "ns": 483920115,
    "value": 1,
    "eventid": 512,
    "name": "Disk is full",
    "severity": 4,
    "hosts": [{"host": "web-1.example.com", "name": "web-1"}, {"host": "web-2.example.com", "name": "web-2"}],
    "groups": ["Linux servers", "Web"],
    "tags": [{"tag": "scope", "value": "capacity"}, {"tag": "silent", "value": ""}],
}
RECOVERY = {"clock": 1772446187, "ns": 918000000, "value": 0, "eventid": 513, "p_eventid": 512}
ITEM = {"host": {"host": "a", "name": "A"}, "itemid": 9, "name": "load", "clock": 1772445737, "ns": 1, "value": 0}


def one(payload: Any) -> Alert:
    (alert,) = Driver().parse(payload).alerts
    return alert


def test_a_connectors_problem_is_read_whole() -> None:
    assert Driver().detect(PROBLEM) == "`eventid`, `clock` and `ns`, as a connector streams events"
    assert one(PROBLEM) == Alert(
        source="zabbix",
        fingerprint="512",
        name="Disk is full",
        status=AlertStatus.FIRING,
        severity=Severity.CRITICAL,
        description="",
        labels={
            "scope": "capacity",
            "silent": "",
            "instance": "web-1",
            "hosts": "web-1, web-2",
            "groups": "Linux servers, Web",
            "severity": "High",
        },
        annotations={},
        starts_at=1_772_445_737_483,
        ends_at=None,
        generator_url="",
    )


def test_a_connectors_recovery_is_known_by_the_problem_alone() -> None:
    assert Driver().detect(RECOVERY) is not None
    alert = one(RECOVERY)
    assert (alert.fingerprint, alert.name, alert.status) == ("512", "Zabbix event 512", AlertStatus.RESOLVED)
    assert (alert.starts_at, iso(alert.ends_at)) == (None, "2026-03-02T10:09:47.918Z")


def test_lines_of_a_connector_keep_their_order_and_a_recovery_takes_over_what_its_problem_said() -> None:
    again = {**PROBLEM, "eventid": 514, "severity": 0, "name": "Other"}
    body = "\n".join(json.dumps(event) for event in (PROBLEM, ITEM, RECOVERY, again)).encode()
    payload = decode(body)
    assert Driver().detect(payload) is not None
    parsed = Driver().parse(payload)
    assert [(alert.fingerprint, alert.name, alert.status.value, alert.severity.value) for alert in parsed.alerts] == [
        ("512", "Disk is full", "firing", "critical"),
        ("512", "Disk is full", "resolved", "critical"),
        ("514", "Other", "firing", "info"),
    ]
    assert parsed.alerts[1].labels == parsed.alerts[0].labels
    assert parsed.alerts[1].starts_at == parsed.alerts[0].starts_at
    assert parsed.errors == ()


@pytest.mark.parametrize("payload", [ITEM, [ITEM, {**ITEM, "clock": 1}], {**ITEM, "count": 3}])
def test_values_of_items_are_ignored(payload: Any) -> None:
    assert Driver().detect(payload) == "`itemid`, `clock` and `value`, as a connector streams values"
    assert Driver().parse(payload).ignored == "the values of items are no alerts"


def test_problems_of_the_api_are_read_with_their_recovery_and_acknowledgement() -> None:
    problem = {"eventid": "512", "clock": "1772445737", "ns": "0", "name": "x", "severity": "3", "r_eventid": "0"}
    acknowledged = one({"problems": [{**problem, "acknowledged": "1"}]})
    assert (acknowledged.status, acknowledged.severity) == (AlertStatus.ACKNOWLEDGED, Severity.WARNING)
    over = one([{**problem, "r_eventid": "513", "r_clock": "1772446187", "r_ns": "918000000"}])
    assert (over.fingerprint, over.status) == ("512", AlertStatus.RESOLVED)
    assert (iso(over.starts_at), iso(over.ends_at)) == ("2026-03-02T10:02:17Z", "2026-03-02T10:09:47.918Z")


def test_a_bad_member_is_reported_beside_the_good_ones() -> None:
    parsed = Driver().parse([PROBLEM, 7, {"severity": "High"}, RECOVERY])
    assert [alert.fingerprint for alert in parsed.alerts] == ["512", "512"]
    assert parsed.errors == (BadAlert(1, "is not an object"), BadAlert(2, "has neither an event id nor a name"))
