"""LibreNMS: the API transport, whose body lists the alert's variables, flat or in `alert` and `device`.

    https://docs.librenms.org/Alerting/Templates/

`state` is 0 over, 1 alert, 2 acknowledged, 3 worse, 4 better, 5 changed. The title has the state in it, so the rule
names the alert; a rule fires once per device, which is its identity. `uid` and `id` are of the log and change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._read import mapping
from srvmaint.alerts._table import ACKNOWLEDGED, FIRING, RESOLVED, Table, at, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"rule_id", "device_id", "sysName", "alert_id", "device"})

_TABLE: Final = Table(
    source="librenms",
    name=("name", "rule_name", "title"),
    status=("state",),
    statuses={
        "0": RESOLVED,
        "2": ACKNOWLEDGED,
        **dict.fromkeys(("1", "3", "4", "5", "alert", "alerted"), FIRING),
        "acknowledged": ACKNOWLEDGED,
        **dict.fromkeys(("ok", "recovered"), RESOLVED),
    },
    severity=("severity",),
    identity=(("device_id", "rule_id"), ("hostname", "rule_id"), ("alert_id",)),
    description=("msg", "title"),
    host=("hostname", "display", "sysName", "ip"),
    labels={"sysname": "sysName", "os": "os", "location": "location"},
    annotations={
        "title": "title",
        "hardware": "hardware",
        "faults": "faults",
        "notes": "alert_notes",
        "runbook_url": "proc",
        "device_id": "device_id",
        "rule_id": "rule_id",
    },
    moment=("timestamp",),
    url=("alert_url",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A state with a device and a rule; other tools have an `alert_id` too."""
    body = _flat(payload)
    device = words(body, "device_id", "sysName", "sysDescr")
    rule = words(body, "rule_id", "rule", "name")
    known = words(body, "state").lower() in _TABLE.statuses and device and rule and words(body, "hostname", "sysName")
    return "`state` with a device and a rule of LibreNMS" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alert of one rule on one device."""
    return _TABLE.read(_flat(payload))


def _flat(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The body with what its parts say; the id is that of the alert there, not of the log."""
    if not isinstance(payload.get("device"), dict) or not isinstance(payload.get("alert"), dict):
        return payload
    parts = {**mapping(payload.get("event")), **payload["device"], **payload["alert"]}
    return {**parts, "alert_id": words(parts, "alert_id", "id"), "alert_url": at(payload, "links.alert")}
