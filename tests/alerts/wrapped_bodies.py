"""Made-up bodies of every shape: of each the first one fires, and the last one ends it where the tool has an end."""

from __future__ import annotations

from typing import Any

from tests.alerts.wrapped_clouds import CLOUDS
from tests.alerts.wrapped_uptime import UPTIME


def sentry(action: str, status: str) -> dict[str, Any]:
    issue = {
        "id": "1638",
        "shortId": "SHOP-E",
        "title": "ValueError: no such basket",
        "culprit": "shop.views in basket",
        "level": "error",
        "status": status,
        "firstSeen": "2026-03-02T10:00:00.000000Z",
        "web_url": "https://example.sentry.io/issues/1638/",
        "project": {"slug": "shop"},
    }
    return {"action": action, "data": {"issue": issue}, "installation": {"uuid": "u"}, "actor": {"type": "user"}}


def checkmk(kind: str, status: str, severity: str) -> dict[str, Any]:
    return {
        "id": "18",
        "summary": f"CheckMK web-1/Disk / - {severity}",
        "host": "web-1",
        "service": "Filesystem /",
        "event": "OK -> CRIT",
        "output": "93.1% used",
        "status": status,
        "severity": severity,
        "url": "/check_mk/index.py",
        "site": "prod",
        "what": "SERVICE",
        "notification_type": kind,
        "short_date_time": "2026-03-02 10:00:00",
    }


def librenms(state: int | str, **more: Any) -> dict[str, Any]:
    return {
        "title": f"Alert for device web-1 - Devices up/down: {state}",
        "hostname": "web-1",
        "sysName": "web-1.example.com",
        "device_id": "2",
        "rule_id": "13",
        "alert_id": "26",
        "uid": "41",
        "id": "38",
        "severity": "critical",
        "name": "Devices up/down",
        "state": state,
        "msg": "Device web-1 is down",
        "timestamp": "2026-03-02 10:00:00",
        **more,
    }


def opensearch(state: str) -> dict[str, Any]:
    return {
        "monitor_id": "m1",
        "monitor_name": "Errors",
        "trigger_id": "t1",
        "trigger_name": "many",
        "trigger_severity": "2",
        "alert_id": "a1",
        "state": state,
        "period_start": "2026-03-02T10:00:00Z",
        "period_end": "2026-03-02T10:09:00Z",
    }


def aria(status: str) -> dict[str, Any]:
    return {
        "startDate": 1_772_445_600_000,
        "cancelDate": 1_772_446_140_000,
        "updateDate": 1_772_446_140_000,
        "criticality": "ALERT_CRITICALITY_LEVEL_IMMEDIATE",
        "resourceId": "r1",
        "resourceName": "esx-1",
        "resourceKind": "HostSystem",
        "adapterKind": "VMWARE",
        "alertId": "v1",
        "status": status,
        "subType": "ALERT_SUBTYPE_AVAILABILITY_PROBLEM",
        "info": "Host is not responding",
    }


def jenkins(status: str) -> dict[str, Any]:
    build = {"number": 7, "phase": "FINALIZED", "status": status, "full_url": "https://ci.example.com/job/shop/7/"}
    return {"name": "shop", "url": "job/shop/", "build": build}


def gitlab(status: str) -> dict[str, Any]:
    return {
        "object_kind": "pipeline",
        "object_attributes": {"id": 31, "ref": "main", "status": status, "finished_at": "2026-03-02 10:00:00 UTC"},
        "project": {"path_with_namespace": "shop/web", "web_url": "https://gitlab.example.com/shop/web"},
    }


def github(conclusion: str) -> dict[str, Any]:
    run = {"id": 1, "workflow_id": 9, "name": "CI", "head_branch": "main", "conclusion": conclusion}
    repository = {"full_name": "example/shop", "html_url": "https://github.com/example/shop"}
    return {"action": "completed", "workflow_run": run, "repository": repository, "sender": {"login": "ada"}}


def sensu(status: int) -> dict[str, Any]:
    return {
        "entity": {"metadata": {"name": "web-1", "namespace": "default"}},
        "check": {"metadata": {"name": "disk"}, "status": status, "output": "93 %", "executed": 1_772_445_600},
        "timestamp": 1_772_445_600,
    }


BODIES: dict[str, list[dict[str, Any]]] = {
    **CLOUDS,
    **UPTIME,
    "sentry": [sentry("created", "unresolved"), sentry("ignored", "ignored"), sentry("resolved", "resolved")],
    "checkmk": [
        checkmk("PROBLEM", "DOWN", "CRIT"),
        checkmk("ACKNOWLEDGEMENT", "ACKNOWLEDGED", "CRIT"),
        checkmk("RECOVERY", "UP", "OK"),
    ],
    "librenms": [librenms("1"), librenms(2, uid="42"), librenms("0", severity="ok", uid="43", id="39")],
    "graylog": [
        {
            "event_definition_id": "671",
            "event_definition_title": "Failed logins",
            "event": {
                "id": "01J",
                "key": "web-1",
                "message": "Failed logins: web-1",
                "priority": 2,
                "timestamp": "2026-03-02T10:00:00.000Z",
                "group_by_fields": {"source": "web-1"},
                "fields": {},
            },
            "backlog": [],
        }
    ],
    "opensearch": [opensearch("ACTIVE"), opensearch("ACKNOWLEDGED"), opensearch("COMPLETED")],
    "kibana": [
        {
            "rule": {"id": "r1", "name": "CPU is high", "spaceId": "default"},
            "alert": {"id": "web-1", "uuid": "u1", "actionGroup": group},
            "context": {"reason": "CPU is 93 %", "host": {"name": "web-1"}},
            "date": "2026-03-02T10:00:00.000Z",
        }
        for group in ("metrics.threshold.fired", "recovered")
    ],
    "vmware_aria": [aria("ACTIVE"), aria("CANCELED")],
    "grafana_oncall": [
        {"alert_uid": "08d", "title": "Disk full on web-1", "state": state, "message": "93 %"}
        for state in ("alerting", "ok")
    ],
    "goalert": [
        {"AppName": "GoAlert", "Type": "Alert", "AlertID": 7, "Summary": "Disk full", "ServiceName": "web"},
        {
            "AppName": "GoAlert",
            "Type": "AlertStatus",
            "AlertID": 7,
            "Summary": "Disk full",
            "LogEntry": "Closed by Ada",
            "ServiceName": "web",
        },
    ],
    "ilert": [
        {"eventType": kind, "apiKey": "k", "alertKey": "disk/web-1", "summary": "Disk full", "priority": "HIGH"}
        for kind in ("ALERT", "ACCEPT", "RESOLVE")
    ],
    "splunk_oncall": [
        {
            "message_type": kind,
            "entity_id": "disk/web-1",
            "entity_display_name": "Disk full",
            "state_message": "93 %",
            "state_start_time": 1_772_445_600,
            "host_name": "web-1",
        }
        for kind in ("CRITICAL", "ACKNOWLEDGEMENT", "RECOVERY")
    ],
    "host_service": [
        {
            "HOSTNAME": "web-1",
            "SERVICEDESC": "Disk /",
            "SERVICESTATE": state,
            "NOTIFICATIONTYPE": kind,
            "SERVICEOUTPUT": "DISK 93%",
            "TIMET": "1772445600",
        }
        for state, kind in (("CRITICAL", "PROBLEM"), ("CRITICAL", "ACKNOWLEDGEMENT"), ("OK", "RECOVERY"))
    ],
    "kapacitor": [
        {
            "id": "cpu:host=web-1",
            "message": f"cpu is {level}",
            "details": "93 %",
            "time": "2026-03-02T10:00:00Z",
            "level": level,
            "previousLevel": "OK",
            "data": {"series": [{"name": "cpu", "tags": {"host": "web-1"}, "values": [[1, 93]]}]},
        }
        for level in ("CRITICAL", "OK")
    ],
    "falco": [
        {
            "output": "10:00:00 Warning a shell was opened",
            "priority": "Warning",
            "rule": "Terminal shell in container",
            "time": "2026-03-02T10:00:00.000000000Z",
            "hostname": "node-1",
            "output_fields": {"k8s.pod.name": "shop-1", "container.id": "c1"},
        }
    ],
    "wazuh": [
        {
            "timestamp": "2026-03-02T10:00:00.000+0000",
            "rule": {"level": 12, "description": "Many failed logins", "id": "5712", "groups": ["syslog", "sshd"]},
            "agent": {"id": "001", "name": "web-1"},
            "full_log": "sshd: failed",
        }
    ],
    "netdata": [
        {
            "message": f"disk is {severity}",
            "alert": "disk_space",
            "chart": "disk_space._",
            "severity": severity,
            "info": "space used",
            "node": "web-1",
            "date": "2026-03-02T10:00:00Z",
            "alert_url": "https://app.netdata.cloud/a",
        }
        for severity in ("critical", "clear")
    ],
    "alerta": [
        {
            "id": "i",
            "resource": "web-1",
            "event": "DiskFull",
            "environment": "Production",
            "severity": severity,
            "status": status,
            "service": ["Shop"],
            "text": "93 %",
            "tags": ["eu"],
            "createTime": "2026-03-02T10:00:00.000Z",
        }
        for severity, status in (("major", "open"), ("major", "ack"), ("normal", "closed"))
    ],
    "zenduty": [
        {"payload": {"event_type": event, "incident": {"unique_id": "x1", "title": "Disk full", "status": number}}}
        for event, number in (("triggered", 1), ("acknowledged", 2), ("resolved", 3))
    ],
    "flux": [
        {
            "involvedObject": {"kind": "HelmRelease", "namespace": "shop", "name": "web"},
            "severity": severity,
            "timestamp": "2026-03-02T10:00:00Z",
            "message": "reconciliation",
            "reason": "X",
            "reportingController": "helm-controller",
        }
        for severity in ("error", "info")
    ],
    "jenkins": [jenkins("FAILURE"), jenkins("SUCCESS")],
    "gitlab": [gitlab("failed"), gitlab("running"), gitlab("success")],
    "github": [github("failure"), github("success")],
    "sensu": [sensu(2), sensu(0)],
    "robusta": [
        {
            "title": "CrashLoopBackOff",
            "description": "Container is crashing",
            "cluster_name": "prod",
            "severity": "HIGH",
            "source": "KUBERNETES_API_SERVER",
            "finding_type": "ISSUE",
            "aggregation_key": "CrashLoopBackOff",
            "failure": failure,
            "fingerprint": "2c1d",
            "starts_at": "2026-03-02T10:00:00+00:00",
            "ends_at": ends_at,
            "subject": {"name": "shop-1", "kind": "pod", "namespace": "shop", "node": "node-1"},
            "links": [],
        }
        for failure, ends_at in ((True, None), (False, "2026-03-02T10:09:00+00:00"))
    ],
    "prtg": [
        {"sensorid": "2041", "sensor": "Ping", "device": "web-1", "host": "10.0.0.1", "status": status, "message": "x"}
        for status in ("Down", "Down (Acknowledged)", "Down ended (now: Up)")
    ],
    "push_message": [{"title": "Updates on web-1", "message": "3 containers", "priority": 5}],
    "watchtower": [
        {
            "title": "Watchtower updates on nas-1",
            "host": "nas-1",
            "report": {"scanned": [], "updated": [{"name": "/shop"}], "failed": None},
            "entries": [{"message": "Found new image", "level": "info", "time": "2026-03-02T10:00:00.000Z"}],
        }
    ],
    "chat_message": [
        {"username": "nas", "attachments": [{"title": f"[{state}] Volume 1 is degraded", "text": "x", "color": color}]}
        for state, color in (("FIRING", "danger"), ("RESOLVED", "good"))
    ],
}
NEVER_END = frozenset({"aws_eventbridge", "splunk", "graylog", "falco", "wazuh", "push_message", "watchtower"})
