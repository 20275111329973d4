"""Webhook bodies and configurations that the end-to-end tests share."""

from __future__ import annotations

from typing import Any, Final

TRACE: Final = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT: Final = f"00-{TRACE}-00f067aa0ba902b7-01"
BEGIN: Final = "2026-03-02T10:02:17Z"
END: Final = "2026-03-02T10:09:47Z"
AGAIN: Final = "2026-03-02T11:30:00Z"


def hook(url: str, name: str = "hook") -> str:
    """A channel that posts the documented JSON."""
    return f'[[channels]]\nname = "{name}"\ndriver = "generic"\nendpoint_url = "{url}/{name}"\n'


def alert(alertname: str, instance: str = "db1:9100", **changes: Any) -> dict[str, Any]:
    """One alert as Alertmanager sends it; `starts` and `ends` are its times, other changes are labels."""
    starts, ends = changes.pop("starts", BEGIN), changes.pop("ends", None)
    labels = {"alertname": alertname, "instance": instance, "severity": "critical", **changes}
    return {
        "status": "resolved" if ends else "firing",
        "labels": labels,
        "annotations": {"description": f"{alertname} on {instance}"},
        "startsAt": starts,
        "endsAt": ends or "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example.com/graph",
        "fingerprint": f"{alertname}-{instance}-{changes.get('mountpoint', '')}",
    }


def body(*alerts: dict[str, Any]) -> dict[str, Any]:
    """The webhook that carries them."""
    status = "firing" if any(each["status"] == "firing" for each in alerts) else "resolved"
    return {
        "version": "4",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "srvmaint",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example.com",
        "alerts": list(alerts),
    }
