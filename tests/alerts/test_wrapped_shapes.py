from __future__ import annotations

from typing import Any

import pytest

from srvmaint.alerts import Parsed, _wrapped
from srvmaint.alerts.generic import Driver
from srvmaint.clock import iso
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus
from tests.alerts.wrapped_bodies import BODIES, NEVER_END

FIRING: dict[str, tuple[str, str, str | None, str | None]] = {
    "alerta": ("DiskFull", "critical", "web-1", "2026-03-02T10:00:00Z"),
    "aws_cloudwatch": ("web-cpu", "warning", "i-0abc", "2026-03-02T10:00:00Z"),
    "aws_eventbridge": ("SSH brute force against i-0abc", "critical", None, "2026-03-02T10:00:00Z"),
    "aws_sns": ("web-cpu", "warning", "i-0abc", "2026-03-02T10:00:00Z"),
    "axiom": ("Login failures", "warning", None, "2026-03-02T10:00:00Z"),
    "azure_monitor": ("web-cpu", "critical", "web-1", "2026-03-02T10:00:00.123Z"),
    "better_stack": ("shop.example.com", "critical", "shop.example.com", "2026-03-02T10:00:00Z"),
    "chat_message": ("Volume 1 is degraded", "critical", None, None),
    "checkly": ("Shop API", "critical", None, "2026-03-02T10:00:00Z"),
    "checkmk": ("Filesystem /", "critical", "web-1", "2026-03-02T10:00:00Z"),
    "cloudflare": ("Health check", "warning", None, "2026-03-02T10:00:00Z"),
    "coralogix": ("Too many errors", "critical", None, "2026-03-02T10:00:00Z"),
    "cronitor": ("Nightly backup", "warning", None, None),
    "dash0": ("Too many errors", "critical", "web-1", "2026-03-02T10:00:00.123Z"),
    "deadmanssnitch": ("Nightly backup", "warning", None, "2026-03-02T10:00:00Z"),
    "dynatrace": ("Response time degradation", "warning", "web-1", None),
    "falco": ("Terminal shell in container", "warning", "node-1", "2026-03-02T10:00:00Z"),
    "flux": ("HelmRelease/shop/web is not reconciled", "warning", None, "2026-03-02T10:00:00Z"),
    "freshping": ("Shop", "critical", "shop.example.com", "2026-03-02T10:00:00Z"),
    "freshstatus": ("Slow database", "warning", None, "2026-03-02T10:00:00Z"),
    "gatus": ("website", "critical", None, None),
    "gcp_monitoring": ("CPU above 90%", "warning", "web-1", "2026-03-02T10:00:00Z"),
    "github": ("CI of example/shop", "warning", None, None),
    "gitlab": ("Pipeline of shop/web on main", "warning", None, "2026-03-02T10:00:00Z"),
    "goalert": ("Disk full", "warning", None, None),
    "grafana_oncall": ("Disk full on web-1", "warning", None, None),
    "graylog": ("Failed logins", "warning", "web-1", "2026-03-02T10:00:00Z"),
    "healthchecks": ("Backup", "warning", None, None),
    "hetrixtools": ("Shop", "critical", "shop.example.com", "2026-03-02T10:00:00Z"),
    "honeycomb": ("Slow requests", "warning", None, None),
    "host_service": ("Disk /", "critical", "web-1", "2026-03-02T10:00:00Z"),
    "ilert": ("Disk full", "critical", None, None),
    "instana": ("Garbage collection takes long", "critical", "web-1.example.com", "2026-03-02T10:00:00Z"),
    "jenkins": ("Build of shop", "critical", None, None),
    "kapacitor": ("cpu:host=web-1", "critical", "web-1", "2026-03-02T10:00:00Z"),
    "kibana": ("CPU is high", "warning", "web-1", "2026-03-02T10:00:00Z"),
    "librato": ("cpu.high", "warning", "web-1", "2026-03-02T10:00:00Z"),
    "librenms": ("Devices up/down", "critical", "web-1", "2026-03-02T10:00:00Z"),
    "mongodb_atlas": ("OUTSIDE_METRIC_THRESHOLD", "warning", "db-1.example.com:27017", "2026-03-02T10:00:00Z"),
    "netdata": ("disk_space", "critical", "web-1", "2026-03-02T10:00:00Z"),
    "openstatus": ("Shop", "critical", "shop.example.com", "2026-03-02T10:00:00Z"),
    "oci_monitoring": ("CPU is high", "critical", "web-1", "2026-03-02T10:00:00Z"),
    "opensearch": ("many", "critical", None, "2026-03-02T10:00:00Z"),
    "pingdom": ("Shop", "critical", "shop.example.com", "2026-03-02T10:00:00Z"),
    "prtg": ("Ping", "critical", "10.0.0.1", None),
    "push_message": ("Updates on web-1", "warning", None, None),
    "robusta": ("CrashLoopBackOff", "critical", "node-1", "2026-03-02T10:00:00Z"),
    "sensu": ("disk", "critical", "web-1", "2026-03-02T10:00:00Z"),
    "sentry": ("ValueError: no such basket", "critical", None, "2026-03-02T10:00:00Z"),
    "signalfx": ("Running out of memory", "warning", "web-1", "2026-03-02T10:00:00Z"),
    "site24x7": ("Shop", "critical", "shop.example.com", "2026-03-02T10:00:00Z"),
    "splunk_oncall": ("Disk full", "critical", "web-1", "2026-03-02T10:00:00Z"),
    "splunk": ("Failed logins", "warning", "web-1", "2026-03-02T10:00:00Z"),
    "statuscake": ("Shop", "critical", "shop.example.com", None),
    "statuspage": ("Slow database", "critical", None, "2026-03-02T10:00:00Z"),
    "thousandeyes": ("Agent offline", "critical", "agent-1", "2026-03-02T10:00:00Z"),
    "updown": ("Shop", "critical", "shop.example.com", "2026-03-02T10:00:00Z"),
    "uptime_com": ("Shop", "critical", "shop.example.com", "2026-03-02T10:00:00Z"),
    "uptime_kuma": ("Shop", "critical", "shop.example.com", "2026-03-02T10:00:00.123Z"),
    "uptimerobot": ("Shop", "critical", "shop.example.com", "2026-03-02T10:00:00Z"),
    "vmware_aria": ("Host is not responding", "critical", "esx-1", "2026-03-02T10:00:00Z"),
    "watchtower": ("Watchtower updates on nas-1", "info", "nas-1", "2026-03-02T10:00:00Z"),
    "wazuh": ("Many failed logins", "critical", "web-1", "2026-03-02T10:00:00Z"),
    "zenduty": ("Disk full", "warning", None, None),
}
"""Name, severity, instance and beginning of the first body of each shape."""
STAGES = {name: bodies for name, bodies in BODIES.items() if name not in NEVER_END}


def parse(payload: Any) -> Parsed:
    return Driver().parse(payload)


def one(payload: Any) -> Alert:
    (alert,) = parse(payload).alerts
    return alert


@pytest.mark.parametrize("name", sorted(BODIES))
def test_a_tools_body_says_what_is_wrong_how_bad_it_is_where_and_since_when(name: str) -> None:
    alert = one(BODIES[name][0])
    assert (alert.name, alert.severity.value, alert.labels.get("instance"), iso(alert.starts_at)) == FIRING[name]
    assert alert.status is AlertStatus.FIRING
    assert alert.ends_at is None


@pytest.mark.parametrize("name", sorted(STAGES))
def test_the_end_is_the_same_alert_as_the_beginning(name: str) -> None:
    first, last = one(STAGES[name][0]), one(STAGES[name][-1])
    assert last.status is AlertStatus.RESOLVED
    assert (first.source, first.fingerprint) == (last.source, last.fingerprint)


@pytest.mark.parametrize("name", sorted(STAGES))
def test_what_lies_between_changes_the_alert_or_nothing_and_ends_it_never(name: str) -> None:
    for body in STAGES[name][1:-1]:
        parsed = parse(body)
        assert parsed.ignored or [alert.fingerprint for alert in parsed.alerts] == [one(STAGES[name][0]).fingerprint]
        assert all(alert.status is not AlertStatus.RESOLVED for alert in parsed.alerts)


@pytest.mark.parametrize(
    "name",
    [
        "sentry",
        "checkmk",
        "librenms",
        "opensearch",
        "host_service",
        "alerta",
        "zenduty",
        "prtg",
        "ilert",
        "splunk_oncall",
    ],
)
def test_what_was_acknowledged_is_known_and_not_over(name: str) -> None:
    assert one(BODIES[name][1]).status is AlertStatus.ACKNOWLEDGED


# A cleared alert of Librato does not say where it was.
@pytest.mark.parametrize("name", sorted(STAGES.keys() - {"librato"}))
def test_the_labels_other_than_the_severity_do_not_change_with_the_state(name: str) -> None:
    first, last = (dict(one(STAGES[name][place]).labels) for place in (0, -1))
    for labels in (first, last):
        labels.pop("severity", None)
    assert first == last


def test_the_source_of_a_tools_alert_is_the_tool() -> None:
    assert one(BODIES["uptime_kuma"][0]).source == "uptime_kuma"
    assert one(BODIES["aws_sns"][0]).source == "aws_cloudwatch"


def test_the_reason_names_the_tool() -> None:
    assert Driver().detect(BODIES["gcp_monitoring"][0]) == "`incident.incident_id` of Google Cloud Monitoring"


@pytest.mark.parametrize(
    "payload",
    [
        {"name": "x", "monitor": {"name": "y"}},
        {"name": "x", "host": "web-1", "service": "disk", "state": "CRITICAL", "output": "93 %"},
        {"name": "x", "priority": "P1", "message": "y"},
        {"title": "x", "message": "y", "priority": 3, "host": "web-1"},
        {"text": "x"},
        {"check": "DB Backup", "status": "down", "now": "2026-03-01T02:30:00+00:00", "tags": "prod db"},
        {"name": "x", "status": "Activated", "context": "y"},
        {"name": "x", "event": "DOWN -> UP"},
        {"name": "x", "incident": {"state": "open"}},
        {"summary": "x", "action": "reboot"},
        {"name": "x", "summary": "y", "dedup": "z"},
        {"name": "x", "resource": "r", "event": "e", "environment": "prod", "service": "s"},
        {"name": "x", "sensor": "s", "device": "d", "status": "down"},
        {"title": "x", "attachments": [{"title": "y"}]},
        {"text": "x", "status": "ok", "attachments": [{"title": "y"}]},
        {"title": "x", "action": "update", "data": {"id": "7"}, "actor": {"name": "Ada"}},
        {"title": "x", "Message": "AlarmName", "eventType": "RESOLVE", "message_type": "RECOVERY"},
    ],
)
def test_a_plain_body_stays_a_plain_body(payload: dict[str, Any]) -> None:
    assert _wrapped.claim(payload) is None
    assert one(payload).source == "generic"


def test_a_list_of_wrapped_bodies_is_read_one_by_one() -> None:
    bad = {"foo": "bar"}
    parsed = parse([BODIES["updown"][0], bad, {"name": "plain"}, 7, BODIES["uptime_kuma"][1]])
    assert [(alert.source, alert.name) for alert in parsed.alerts] == [("updown", "Shop"), ("generic", "plain")]
    assert [error.index for error in parsed.errors] == [1, 3]
    assert parsed.ignored is None


def test_a_list_of_wrapped_bodies_without_an_alert_is_ignored_or_refused() -> None:
    assert "pending" in str(parse([BODIES["uptime_kuma"][1]]).ignored)
    nameless = {"incident": {"incident_id": "1", "state": "open"}}
    with pytest.raises(PayloadError, match="nothing in it names the alert"):
        parse([nameless])


def test_a_placeholder_that_was_not_filled_in_is_nothing() -> None:
    alert = one({**BODIES["uptimerobot"][0], "alertDetails": "*alertDetails*"})
    assert alert.description == "Down"
    assert "duration_seconds" not in alert.annotations
