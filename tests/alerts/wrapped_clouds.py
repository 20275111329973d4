"""Made-up bodies of the clouds and the large observability products: first one that fires, last one that ends it."""

from __future__ import annotations

import json
from typing import Any

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
SUBSCRIPTION = "/subscriptions/11111111-1111-1111-1111-111111111111"
TRIGGER: dict[str, Any] = {
    "MetricName": "CPUUtilization",
    "Namespace": "AWS/EC2",
    "Dimensions": [{"name": "InstanceId", "value": "i-0abc"}],
    "Threshold": 90.0,
}


def alarm(state: str, time: str, **more: Any) -> dict[str, Any]:
    return {
        "AlarmName": "web-cpu",
        "AlarmDescription": "CPU of the web tier",
        "AWSAccountId": "123456789012",
        "NewStateValue": state,
        "NewStateReason": "Threshold Crossed: 1 datapoint [93.1]",
        "StateChangeTime": time,
        "Region": "EU (Ireland)",
        "OldStateValue": "OK" if state == "ALARM" else "ALARM",
        "Trigger": TRIGGER,
        **more,
    }


def sns(message: Any, **more: Any) -> dict[str, Any]:
    return {
        "Type": "Notification",
        "MessageId": "0a1b2c3d-0000-5000-8000-000000000001",
        "TopicArn": TOPIC,
        "Subject": "news from AWS",
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2026-03-02T10:00:00.000Z",
        **more,
    }


def alarm_event(state: str, time: str) -> dict[str, Any]:
    return {
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "account": "123456789012",
        "region": "eu-west-1",
        "time": time,
        "resources": ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:web-cpu"],
        "detail": {
            "alarmName": "web-cpu",
            "state": {"value": state, "reason": "Threshold Crossed", "timestamp": time},
            "previousState": {"value": "OK" if state == "ALARM" else "ALARM"},
            "configuration": {
                "metrics": [{"metricStat": {"metric": {"dimensions": {"InstanceId": "i-0abc"}, "name": "CPU"}}}]
            },
        },
    }


def azure(condition: str, **more: Any) -> dict[str, Any]:
    essentials = {
        "alertId": f"{SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/2222",
        "alertRule": "web-cpu",
        "severity": "Sev1",
        "signalType": "Metric",
        "monitorCondition": condition,
        "monitoringService": "Platform",
        "alertTargetIDs": [f"{SUBSCRIPTION}/resourcegroups/web/providers/microsoft.compute/virtualmachines/web-1"],
        "configurationItems": ["web-1"],
        "firedDateTime": "2026-03-02T10:00:00.1234567Z",
        "description": "CPU is high",
        **more,
    }
    context = {"condition": {"allOf": [{"metricName": "CPU", "operator": "GreaterThan", "threshold": "90"}]}}
    return {"schemaId": "azureMonitorCommonAlertSchema", "data": {"essentials": essentials, "alertContext": context}}


def classic(status: str) -> dict[str, Any]:
    return {
        "status": status,
        "context": {
            "timestamp": "2026-03-02T10:00:00.1234567Z",
            "id": f"{SUBSCRIPTION}/resourceGroups/web/providers/microsoft.insights/alertrules/web-cpu",
            "name": "web-cpu",
            "description": "",
            "conditionType": "Metric",
            "condition": {"metricName": "CPU", "threshold": "90", "operator": "GreaterThan"},
            "resourceName": "web-1",
            "resourceId": f"{SUBSCRIPTION}/resourceGroups/web/providers/microsoft.compute/virtualmachines/web-1",
            "portalLink": "https://portal.azure.com/#resource/web-1",
        },
        "properties": {"team": "web"},
    }


def gcp(state: str, ended_at: int | None, **more: Any) -> dict[str, Any]:
    incident = {
        "incident_id": "0.abc",
        "state": state,
        "started_at": 1_772_445_600,
        "ended_at": ended_at,
        "policy_name": "Web",
        "condition_name": "CPU above 90%",
        "resource_name": "web-1",
        "summary": "CPU of web-1 is above 90%",
        "url": "https://console.cloud.google.com/monitoring/alerting/incidents/0.abc",
        **more,
    }
    return {"version": "1.2", "incident": incident}


CLOUDS: dict[str, list[dict[str, Any]]] = {
    "cloudflare": [
        {
            "name": "Health check",
            "text": "The origin is unhealthy.",
            "data": {"name": "shop"},
            "ts": time,
            "account_id": "a1",
            "policy_id": "p1",
            "policy_name": "origins",
            "alert_type": "health_check_status_notification",
            "alert_correlation_id": "c1",
            "alert_event": f"ALERT_STATE_EVENT_{event}",
        }
        for event, time in (("START", 1_772_445_600), ("END", 1_772_446_140))
    ],
    "oci_monitoring": [
        {
            "dedupeKey": "d1",
            "title": "CPU is high",
            "body": "CPU of the web tier",
            "type": kind,
            "severity": "CRITICAL",
            "timestampEpochMillis": time,
            "alarmMetaData": [
                {
                    "id": "ocid1.alarm.oc1..a",
                    "status": status,
                    "namespace": "oci_computeagent",
                    "query": "CpuUtilization[1m].mean() > 90",
                    "dimensions": [{"resourceDisplayName": "web-1"}],
                }
            ],
        }
        for kind, status, time in (
            ("OK_TO_FIRING", "FIRING", 1_772_445_600_000),
            ("REPEAT", "FIRING", 1_772_445_660_000),
            ("RESET", "OK", 1_772_445_720_000),
            ("FIRING_TO_OK", "OK", 1_772_446_140_000),
        )
    ],
    "aws_sns": [sns(alarm("ALARM", "2026-03-02T10:00:00.000+0000")), sns(alarm("OK", "2026-03-02T10:09:00.000+0000"))],
    "aws_cloudwatch": [
        alarm("ALARM", "2026-03-02T10:00:00.000+0000"),
        alarm("INSUFFICIENT_DATA", "2026-03-02T10:05:00.000+0000"),
        alarm("OK", "2026-03-02T10:09:00.000+0000"),
    ],
    "aws_eventbridge": [
        {
            "source": "aws.guardduty",
            "detail-type": "GuardDuty Finding",
            "account": "123456789012",
            "region": "eu-west-1",
            "time": "2026-03-02T10:00:00Z",
            "resources": [],
            "detail": {"id": "f1", "title": "SSH brute force against i-0abc", "severity": 8.0, "description": "many"},
        }
    ],
    "azure_monitor": [azure("Fired"), azure("Resolved", resolvedDateTime="2026-03-02T10:09:00Z")],
    "gcp_monitoring": [gcp("open", None), gcp("closed", 1_772_446_140)],
    "dynatrace": [
        {
            "State": state,
            "ProblemID": "P-26031",
            "PID": "-123_456V2",
            "ProblemTitle": "Response time degradation",
            "ProblemSeverity": "PERFORMANCE",
            "ImpactedEntity": "web-1",
            "ProblemURL": "https://x.live.dynatrace.com/p",
            "Tags": "web",
        }
        for state in ("OPEN", "RESOLVED")
    ],
    "instana": [
        {
            "issue": {
                "id": "i53",
                "type": "issue",
                "state": state,
                "start": 1_772_445_600_000,
                "end": end,
                "severity": 10,
                "text": "Garbage collection takes long",
                "suggestion": "Give it more memory",
                "fqdn": "web-1.example.com",
                "link": "https://example.instana.io/i53",
            }
        }
        for state, end in (("OPEN", None), ("CLOSED", 1_772_446_140_000))
    ],
    "signalfx": [
        {
            "severity": "Minor",
            "status": status,
            "statusExtended": status,
            "rule": "Running out of memory",
            "detector": "Memory",
            "incidentId": "AbC",
            "detectOnCondition": "when(A > 90)",
            "messageBody": "Memory of web-1 is at 93 %",
            "dimensions": {"host": "web-1"},
            "timestamp": time,
        }
        for status, time in (("anomalous", "2026-03-02T10:00:00Z"), ("ok", "2026-03-02T10:09:00Z"))
    ],
    "splunk": [
        {
            "sid": "scheduler_admin_search_1",
            "search_name": "Failed logins",
            "app": "search",
            "owner": "admin",
            "results_link": "https://splunk.example.com/x",
            "result": {"host": "web-1", "_raw": "sshd: failed", "_time": "1772445600"},
        }
    ],
    "honeycomb": [
        {
            "version": "v0.1.0",
            "id": "abcd",
            "name": "Slow requests",
            "status": status,
            "summary": f"{status}: Slow requests",
            "trigger_url": "https://ui.honeycomb.io/t",
            "trigger_description": "p99 above 2 s",
            "dataset": "web",
        }
        for status in ("TRIGGERED", "OK")
    ],
    "coralogix": [
        {
            "uuid": uuid,
            "alert_id": "c-77",
            "name": "Too many errors",
            "description": "errors in the web tier",
            "alert_action": action,
            "alert_url": "https://x.coralogix.com/a",
            "fields": [
                {"key": "priority", "value": "P1"},
                {"key": "application", "value": "web"},
                {"key": "Group-by Value1", "value": "$GROUP_BY_VALUE_1"},
                {"key": "timestampMs", "value": 1_772_445_600_000},
            ],
        }
        for uuid, action in (("u1", "trigger"), ("u2", "resolve"))
    ],
    "dash0": [
        {
            "type": f"alert.{word}",
            "data": {
                "issue": {
                    "id": "b9",
                    "issueIdentifier": "6820",
                    "start": "2026-03-02T10:00:00.123456789Z",
                    "end": end,
                    "status": status,
                    "summary": "Errors",
                    "labels": [{"key": "host.name", "value": {"stringValue": "web-1"}}],
                    "checkrules": [{"name": "Too many errors"}],
                    "url": "https://app.dash0.com/x",
                }
            },
        }
        for word, status, end in (("ongoing", "critical", None), ("resolved", "resolved", "2026-03-02T10:09:00Z"))
    ],
    "axiom": [
        {
            "action": action,
            "event": {
                "monitorID": "Rx1",
                "title": f"{word}: Login failures",
                "body": "7 of them",
                "timestamp": "2026-03-02 10:00:00 +0000 UTC",
            },
        }
        for action, word in (("Open", "Triggered"), ("Closed", "Resolved"))
    ],
    "librato": [
        {
            "alert": {"id": 6, "name": "cpu.high", "runbook_url": "https://runbooks.example.com/cpu"},
            "account": "ops@example.com",
            "trigger_time": 1_772_445_600,
            "conditions": [{"id": 5, "type": "above", "threshold": 90}],
            "violations": {"web-1": [{"metric": "cpu", "value": 93, "condition_violated": 5}]},
        },
        {"alert": {"id": 6, "name": "cpu.high"}, "trigger_time": 1_772_446_140, "clear": "auto"},
    ],
    "mongodb_atlas": [
        {
            "id": "5f1",
            "eventTypeName": "OUTSIDE_METRIC_THRESHOLD",
            "status": status,
            "clusterName": "main",
            "hostnameAndPort": "db-1.example.com:27017",
            "created": "2026-03-02T10:00:00Z",
            "resolved": resolved,
        }
        for status, resolved in (("OPEN", None), ("CLOSED", "2026-03-02T10:09:00Z"))
    ],
    "thousandeyes": [
        {
            "eventId": event,
            "eventType": kind,
            "alert": {
                "alertId": 562949955000593,
                "ruleName": "Agent offline",
                "ruleExpression": "Last Contact >= 6 minutes ago",
                "severity": "Critical",
                "hostname": "agent-1",
                "dateStartZoned": "2026-03-02 10:00:00 UTC",
            },
        }
        for event, kind in (("1-1", "ALERT_NOTIFICATION_TRIGGER"), ("1-2", "ALERT_NOTIFICATION_CLEAR"))
    ],
}
