from __future__ import annotations

import json
from typing import Any

import pytest

from srvmaint.alerts import Parsed
from srvmaint.alerts.generic import Driver
from srvmaint.clock import iso
from srvmaint.model import Alert, AlertStatus, Severity
from tests.alerts.wrapped_clouds import SUBSCRIPTION, TOPIC, alarm, alarm_event, azure, classic, gcp, sns
from tests.alerts.wrapped_uptime import kuma

ARN = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:web-cpu"
CONFIRM: dict[str, Any] = {
    "Type": "SubscriptionConfirmation",
    "MessageId": "m",
    "Token": "t",
    "TopicArn": TOPIC,
    "Message": "You have chosen to subscribe",
    "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t",
}


def parse(payload: Any) -> Parsed:
    return Driver().parse(payload)


def one(payload: Any) -> Alert:
    (alert,) = parse(payload).alerts
    return alert


def test_an_sns_subscription_is_not_confirmed_but_the_operator_is_told_how() -> None:
    reason = parse(CONFIRM).ignored
    assert reason is not None
    assert TOPIC in reason
    assert "open https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t" in reason


@pytest.mark.parametrize(
    "address",
    ["https://evil.example.com/", "http://sns.eu-west-1.amazonaws.com/", "https://x.s3.amazonaws.com/", 7, None],
)
def test_an_address_that_is_not_amazons_is_not_shown(address: Any) -> None:
    assert "do not open it" in str(parse({**CONFIRM, "SubscribeURL": address}).ignored)


def test_the_end_of_an_sns_subscription_is_ignored_with_a_text() -> None:
    assert "was cancelled" in str(parse({**CONFIRM, "Type": "UnsubscribeConfirmation"}).ignored)


def test_a_delivery_of_sns_has_an_id_that_is_the_same_when_it_is_sent_again() -> None:
    first, again = parse(sns(alarm("ALARM", "x"))), parse(sns(alarm("ALARM", "x"), Signature="other"))
    assert first.delivery_id == again.delivery_id != parse(sns(alarm("OK", "x"))).delivery_id
    assert str(first.delivery_id).startswith("0a1b2c3d-0000-5000-8000-000000000001-")
    assert parse(sns("text", MessageId=None)).delivery_id is None
    assert parse({"name": "x"}).delivery_id is None


def test_a_message_of_sns_that_is_no_json_is_an_alert_named_by_its_subject() -> None:
    alert = one(sns("The disk of web-1 is full\n93 %", Subject="Disk full"))
    assert (alert.source, alert.name, alert.description) == ("aws_sns", "Disk full", "The disk of web-1 is full\n93 %")
    assert one(sns("The disk is full\n93 %", Subject=None)).name == "The disk is full"
    assert "is empty" in str(parse(sns("", Subject=None)).ignored)


@pytest.mark.parametrize(
    ("message", "source", "name"),
    [
        (kuma(0), "uptime_kuma", "Shop"),
        ({"name": "Nightly backup failed"}, "generic", "Nightly backup failed"),
        (alarm_event("ALARM", "2026-03-02T10:00:00Z"), "aws_cloudwatch", "web-cpu"),
        (sns(sns({"name": "deep"})), "generic", "deep"),
        ({"foo": "bar"}, "aws_sns", "news from AWS"),
        ("[]x", "aws_sns", "news from AWS"),
        ("7", "aws_sns", "news from AWS"),
        ("[" * 500, "aws_sns", "news from AWS"),
    ],
)
def test_what_sns_carries_is_read_as_the_body_it_is(message: Any, source: str, name: str) -> None:
    alert = one(sns(message))
    assert (alert.source, alert.name) == (source, name)


def test_an_event_of_lambda_is_the_message_in_its_record() -> None:
    assert one({"Records": [{"EventSource": "aws:sns", "Sns": sns(alarm("OK", "x"))}]}).name == "web-cpu"
    assert Driver().detect({"Records": [{"s3": {}}]}) is None


def test_a_message_inside_messages_without_end_is_read_as_text() -> None:
    body: Any = {"name": "x"}
    for _ in range(6):
        body = sns(body)
    assert one(body).source == "aws_sns"


def test_a_message_that_is_an_object_and_no_text_is_read_as_well() -> None:
    assert one({**sns(""), "Message": alarm("ALARM", "2026-03-02T10:00:00Z")}).name == "web-cpu"


def test_an_alarm_has_its_dimensions_as_labels_and_its_times_by_state() -> None:
    alert = one(alarm("OK", "2026-03-02T10:09:00.093+0000"))
    assert alert.labels == {
        "InstanceId": "i-0abc",
        "instance": "i-0abc",
        "region": "EU (Ireland)",
        "account": "123456789012",
        "namespace": "AWS/EC2",
    }
    assert (alert.starts_at, iso(alert.ends_at)) == (None, "2026-03-02T10:09:00.093Z")
    assert "CPU of the web tier\nThreshold Crossed" in alert.description


def test_an_alarm_is_the_same_by_sns_and_by_eventbridge_where_both_have_its_arn() -> None:
    event = one(alarm_event("ALARM", "2026-03-02T10:00:00Z"))
    assert event.fingerprint == one(alarm("OK", "x", AlarmArn=ARN)).fingerprint == ARN
    assert event.labels["instance"] == "i-0abc"
    assert one(alarm_event("OK", "2026-03-02T10:09:00Z")).status is AlertStatus.RESOLVED


def test_an_alarm_without_enough_data_changes_nothing() -> None:
    assert "not enough data" in str(parse(alarm("INSUFFICIENT_DATA", "x")).ignored)
    assert "not enough data" in str(parse(sns(alarm_event("INSUFFICIENT_DATA", "x"))).ignored)


def test_an_alarm_of_metric_math_has_the_dimensions_of_its_first_metric() -> None:
    metric = {"MetricStat": {"Metric": {"Dimensions": [{"name": "InstanceId", "value": "i-7"}]}}}
    trigger = {"Metrics": [{"Expression": "m1/m2"}, {"Id": "m1", **metric}]}
    assert one(alarm("ALARM", "x", Trigger=trigger)).labels["instance"] == "i-7"


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("Sev0", "critical"),
        ("Sev1", "critical"),
        ("Sev2", "warning"),
        ("Sev3", "info"),
        ("Sev4", "info"),
        ("?", "warning"),
    ],
)
def test_azures_five_severities_are_three(word: str, severity: str) -> None:
    assert one(azure("Fired", severity=word)).severity.value == severity


def test_an_azure_alert_is_known_by_its_alert_id_and_shows_its_target() -> None:
    alert = one(azure("Resolved", resolvedDateTime="2026-03-02T10:09:00Z"))
    assert alert.fingerprint == f"{SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/2222"
    assert iso(alert.ends_at) == "2026-03-02T10:09:00Z"
    assert alert.annotations["condition"] == "CPU GreaterThan 90"


def test_a_property_of_the_operators_own_is_no_state_of_azures() -> None:
    body = azure("Resolved")
    body["data"]["alertContext"]["properties"] = {"stage": "Active", "trackingId": "x"}
    assert one(body).status is AlertStatus.RESOLVED
    assert one(body).fingerprint == one(azure("Fired")).fingerprint


def test_a_service_health_event_of_azure_is_over_when_its_stage_says_so() -> None:
    def health(stage: str) -> dict[str, Any]:
        body = azure("Fired", signalType="Activity Log", monitoringService="ServiceHealth", alertId=f"x/{stage}")
        body["data"]["alertContext"]["properties"] = {"stage": stage, "trackingId": "VN11", "title": "Storage is slow"}
        return body

    active, over = one(health("Active")), one(health("Resolved"))
    assert (active.status, over.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert active.fingerprint == over.fingerprint == "VN11"


@pytest.mark.parametrize(
    "wrap", [lambda body: body, lambda body: {"schemaId": "AzureMonitorMetricAlert", "data": body}]
)
def test_a_classic_azure_alert_is_the_same_before_and_after(wrap: Any) -> None:
    before, after = one(wrap(classic("Activated"))), one(wrap(classic("Deactivated")))
    assert (before.name, before.status, after.status) == ("web-cpu", AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert before.fingerprint == after.fingerprint
    assert (iso(before.starts_at), iso(after.ends_at)) == ("2026-03-02T10:00:00.123Z", "2026-03-02T10:00:00.123Z")
    assert before.labels["instance"] == "web-1"


def test_two_dimensions_of_one_azure_rule_are_two_alerts() -> None:
    def disk(name: str, status: str) -> Alert:
        body = classic(status)
        body["context"]["condition"] = {
            "allOf": [{"metricName": "Disk", "dimensions": [{"name": "disk", "value": name}]}]
        }
        return one(body)

    assert disk("sda", "Activated").fingerprint == disk("sda", "Deactivated").fingerprint
    assert disk("sda", "Activated").fingerprint != disk("sdb", "Activated").fingerprint


def test_a_log_alert_and_an_activity_log_alert_of_azure_are_read() -> None:
    log = {"AlertRuleName": "Errors", "Severity": "Warning", "SearchQuery": "x | y", "ResultCount": 7}
    alert = one({"schemaId": "Microsoft.Insights/LogAlert", "data": log})
    assert (alert.name, alert.severity, alert.annotations["result_count"]) == ("Errors", Severity.WARNING, "7")
    activity = {
        "operationName": "Delete VM",
        "level": "Error",
        "resourceId": "/x",
        "eventTimestamp": "2026-03-02T10:00:00Z",
    }
    body = {
        "schemaId": "Microsoft.Insights/activityLogs",
        "data": {"status": "Activated", "context": {"activityLog": activity}},
    }
    assert (one(body).name, one(body).severity) == ("Delete VM", Severity.CRITICAL)


@pytest.mark.parametrize(
    ("state", "ended", "status"),
    [("open", 0, "firing"), ("OPEN", None, "firing"), ("closed", 1_772_446_140, "resolved")],
)
def test_an_incident_of_google_is_read_in_every_schema(state: str, ended: Any, status: str) -> None:
    alert = one(gcp(state, ended))
    assert (alert.status.value, alert.fingerprint) == (status, "0.abc")
    assert (alert.ends_at is None) == (status == "firing")


@pytest.mark.parametrize(
    ("more", "severity"),
    [
        ({"severity": "Critical"}, "critical"),
        ({"severity": "No severity", "policy_user_labels": {"severity": "info"}}, "info"),
        ({"metadata": {"system_labels": {"severity": "critical"}}}, "critical"),
        ({}, "warning"),
    ],
)
def test_the_severity_of_an_incident_of_google_is_where_its_policy_puts_it(more: dict[str, Any], severity: str) -> None:
    assert one(gcp("open", None, **more)).severity.value == severity


def test_a_documentation_that_is_json_is_only_text() -> None:
    alert = one(gcp("open", None, documentation={"content": json.dumps({"summary": "x"})}))
    assert alert.annotations["documentation"] == '{"summary": "x"}'


@pytest.mark.parametrize("left_out", [("TopicArn",), ("Type",), ("TopicArn", "Type", "MessageId", "Subject")])
def test_a_message_about_an_alarm_may_have_lost_its_envelope(left_out: tuple[str, ...]) -> None:
    body = {
        key: value for key, value in sns(alarm("OK", "2026-03-02T10:09:00.000+0000")).items() if key not in left_out
    }
    alert = one(body)
    assert (alert.source, alert.status) == ("aws_cloudwatch", AlertStatus.RESOLVED)
    assert one({"Message": json.loads(body["Message"])}).fingerprint == alert.fingerprint


def test_an_sns_subscription_is_known_without_its_topic() -> None:
    reason = parse({key: value for key, value in CONFIRM.items() if key != "TopicArn"}).ignored
    assert "an unnamed topic" in str(reason)


def test_an_incident_of_google_cloud_without_an_id_is_known_by_its_policy() -> None:
    bodies = [gcp("open", None), gcp("closed", 1_772_446_140)]
    for body in bodies:
        del body["incident"]["incident_id"]
    first, last = map(one, bodies)
    assert (first.source, last.status) == ("gcp_monitoring", AlertStatus.RESOLVED)
    assert first.fingerprint == last.fingerprint


def test_oracle_cloud_may_say_the_status_of_the_alarm_alone() -> None:
    body = {"title": "CPU", "severity": "CRITICAL", "alarmMetaData": [{"status": "OK", "alarmSummary": "well again"}]}
    assert (one(body).status, one(body).description) == (AlertStatus.RESOLVED, "well again")


def test_a_subscription_of_oracle_cloud_is_not_confirmed_but_the_operator_is_told_how() -> None:
    assert "open https://cell1.example.com/x" in str(parse({"ConfirmationURL": "https://cell1.example.com/x"}).ignored)
