"""Made-up bodies of the services that watch addresses: first one that fires, last one that ends it."""

from __future__ import annotations

from typing import Any


def kuma(status: int, time: str = "2026-03-02 10:00:00.123", **more: Any) -> dict[str, Any]:
    heartbeat = {"monitorID": 7, "status": status, "time": time, "msg": "connect timeout", "important": True}
    monitor = {
        "id": 7,
        "name": "Shop",
        "url": "https://shop.example.com/health",
        "hostname": None,
        "type": "http",
        "tags": [{"tag_id": 1, "name": "team", "value": "web", "color": "#fff"}],
        **more,
    }
    return {"heartbeat": heartbeat, "monitor": monitor, "msg": "[Shop] something"}


def robot(kind: Any, word: str, **more: Any) -> dict[str, Any]:
    return {
        "monitorID": "784",
        "monitorURL": "https://shop.example.com",
        "monitorFriendlyName": "Shop",
        "alertType": kind,
        "alertTypeFriendlyName": word,
        "alertDetails": "HTTP 502 - Bad Gateway",
        "alertDateTime": "1772445600",
        "alertDuration": "*alertDuration*",
        **more,
    }


def pingdom(state: str, timestamp: int = 1_772_445_600, **more: Any) -> dict[str, Any]:
    return {
        "check_id": 803,
        "check_name": "Shop",
        "check_type": "HTTP",
        "check_params": {"hostname": "shop.example.com", "full_url": "https://shop.example.com/"},
        "tags": ["web"],
        "previous_state": "UP",
        "current_state": state,
        "importance_level": "HIGH",
        "state_changed_timestamp": timestamp,
        "description": "HTTP Error 503",
        "long_description": "HTTP Server Error 503 Service Unavailable",
        **more,
    }


def statuspage(status: str, **more: Any) -> dict[str, Any]:
    incident = {
        "id": "z3l",
        "name": "Slow database",
        "status": status,
        "impact": "major",
        "created_at": "2026-03-02T10:00:00Z",
        "resolved_at": "2026-03-02T10:09:00Z" if status == "resolved" else None,
        "shortlink": "https://stspg.io/x",
        "incident_updates": [{"body": "We are looking", "status": status}],
        **more,
    }
    return {"meta": {"generated_at": "x"}, "page": {"id": "jb7", "status_indicator": "major"}, "incident": incident}


UPTIME: dict[str, list[dict[str, Any]]] = {
    "uptime_kuma": [kuma(0), kuma(2), kuma(3), kuma(1, "2026-03-02 10:09:00.000")],
    "uptimerobot": [robot("1", "Down"), robot(2, "Up", alertDateTime=1_772_446_140)],
    "pingdom": [pingdom("DOWN"), pingdom("UP", 1_772_446_140)],
    "healthchecks": [
        {
            "name": "Backup",
            "slug": "backup",
            "tags": "prod db",
            "n_pings": 7,
            "status": status,
            "last_ping": "2026-03-01T02:30:00+00:00",
            "uuid": "00000000-0000-4000-8000-000000000007",
        }
        for status in ("down", "up")
    ],
    "openstatus": [
        {"monitor": monitor, "cronTimestamp": 1_772_445_600_000, "status": "error", "errorMessage": "timeout"}
        for monitor in ({"id": 1, "name": "Shop", "url": "https://shop.example.com"},)
    ]
    + [
        {
            "monitor": {"id": 1, "name": "Shop", "url": "https://shop.example.com"},
            "cronTimestamp": 1_772_446_140_000,
            "status": "recovered",
            "statusCode": 200,
        }
    ],
    "gatus": [
        {"text": "TRIGGERED: core - website - healthcheck failed 3 times - [CONNECTED] == true"},
        {"text": "RESOLVED: core - website - healthcheck succeeded 2 times - "},
    ],
    "freshstatus": [
        {
            "id": "53481",
            "title": "Slow database",
            "start_time": "2026-03-02 10:00:00+00:00",
            "end_time": "None",
            "description": "We are looking into it.",
            "status": "Open",
            "event_data": {"event_type": "INCIDENT_OPEN", "event_created_on": "2026-03-02 10:01:00.5+00:00"},
        },
        {
            "id": "130594",
            "incident_id": "53481",
            "title": "Slow database",
            "status": "",
            "incident_status": "Closed",
            "message": "The incident has been resolved.",
            "event_data": {"event_type": "INCIDENT_NOTE_CREATE", "event_created_on": "2026-03-02 10:09:00.5+00:00"},
        },
    ],
    "statuspage": [statuspage("investigating"), statuspage("resolved")],
    "better_stack": [
        {
            "data": {
                "id": "25",
                "type": "incident",
                "attributes": {
                    "name": "shop.example.com",
                    "url": "https://shop.example.com",
                    "cause": "Status 503",
                    "started_at": "2026-03-02T10:00:00Z",
                    "acknowledged_at": acknowledged,
                    "resolved_at": resolved,
                },
            }
        }
        for acknowledged, resolved in ((None, None), ("2026-03-02T10:01:00Z", "2026-03-02T10:09:00Z"))
    ],
    "statuscake": [
        {"URL": "https://shop.example.com", "Name": "Shop", "StatusCode": code, "Status": status, "Tags": "web"}
        for code, status in ((503, "Down"), (200, "Up"))
    ],
    "site24x7": [
        {
            "MONITORNAME": "Shop",
            "MONITOR_ID": 12,
            "MONITORURL": "https://shop.example.com",
            "STATUS": status,
            "INCIDENT_REASON": "Host unavailable",
            "INCIDENT_TIME_ISO": "2026-03-02T10:00:00+0000",
        }
        for status in ("DOWN", "UP")
    ],
    "freshping": [
        {
            "organization_name": "Example",
            "webhook_type": "AL",
            "webhook_event_data": {
                "check_id": 5,
                "check_name": "Shop",
                "check_state_name": state,
                "http_status_code": code,
                "request_url": "https://shop.example.com",
                "request_start_time": "2026-03-02T10:00:00.000000+00:00",
            },
        }
        for state, code in (("Reporting Error", 521), ("Available", 200))
    ],
    "uptime_com": [
        {
            "event": event,
            "data": {
                "service": {"id": 9, "name": "Shop", "msp_address": "https://shop.example.com"},
                "alert": {"state": state, "output": "timeout"},
                "date": "2026-03-02T10:00:00Z",
            },
        }
        for event, state in (("alert_raised", "CRITICAL"), ("alert_cleared", "OK"))
    ],
    "hetrixtools": [
        {
            "monitor_id": "a1",
            "monitor_name": "Shop",
            "monitor_target": "https://shop.example.com",
            "monitor_status": status,
            "timestamp": 1_772_445_600,
        }
        for status in ("offline", "online")
    ],
    "updown": [
        {
            "event": event,
            "time": "2026-03-02T10:00:00Z",
            "check": {"token": "ngg8", "url": "https://shop.example.com", "alias": "Shop"},
            "downtime": {"error": "503", "started_at": "2026-03-02T10:00:00Z", "ended_at": None},
        }
        for event in ("check.down", "check.up")
    ],
    "cronitor": [
        {
            "id": "nightly",
            "monitor": "Nightly backup",
            "description": "did not complete",
            "type": kind,
            "environment": "prod",
            "issue_url": "https://cronitor.io/i/1",
            "monitor_url": "https://cronitor.io/m/1",
        }
        for kind in ("ALERT", "RECOVERY")
    ],
    "checkly": [
        {
            "event": "Shop API has failed",
            "alert_type": kind,
            "check_name": "Shop API",
            "check_id": "927",
            "check_type": "API",
            "started_at": "2026-03-02T10:00:00.000Z",
            "link": "https://app.checklyhq.com/c",
        }
        for kind in ("ALERT_FAILURE", "ALERT_RECOVERY")
    ],
    "deadmanssnitch": [
        {
            "type": f"snitch.{state}",
            "timestamp": "2026-03-02T10:00:00Z",
            "data": {"snitch": {"token": "c2354d53d2", "name": "Nightly backup", "notes": "nas-1", "tags": ["prod"]}},
        }
        for state in ("missing", "reporting")
    ],
}
