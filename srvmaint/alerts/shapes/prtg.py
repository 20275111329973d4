"""PRTG: the HTTP action with its placeholders as keys.

https://www.paessler.com/manuals/prtg/execute_http_action
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import ACKNOWLEDGED, CRITICAL, FIRING, RESOLVED, WARNING, Table, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"sensor", "sensorname", "sensorid"})

_TABLE: Final = Table(
    source="prtg",
    name=("sensor", "sensorname"),
    status=("word",),
    statuses={
        "down": FIRING,
        "warning": FIRING,
        "unusual": FIRING,
        "unknown": FIRING,
        "up": RESOLVED,
        "ack": ACKNOWLEDGED,
    },
    ignored={"paused": "the sensor was paused in PRTG"},
    severity=("word",),
    severities={"down": CRITICAL, "warning": WARNING, "unusual": WARNING, "unknown": WARNING, "up": CRITICAL},
    identity=(("sensorid",), ("device", "sensor"), ("host", "sensor")),
    description=("message", "lastmessage", "status"),
    host=("host", "device"),
    labels={"device": "device", "group": "group", "probe": "probe"},
    annotations={"priority": "priority", "last_value": "lastvalue"},
    moment=("datetime",),
    url=("linksensor",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A sensor on a device, with its status."""
    if "name" in payload:
        return None
    known = words(payload, "sensor", "sensorname", "sensorid") and words(payload, "device", "host")
    return "`sensor`, `device` and `status` of PRTG" if known and _word(payload) else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The sensor's state."""
    return _TABLE.read({**payload, "word": _word(payload)})


def _word(payload: Mapping[str, Any]) -> str:
    """What a status begins with; "Down ended (now: Up)" is over, "Down (Acknowledged)" is known."""
    text = words(payload, "status", "laststatus", "state").lower()
    if "acknowledged" in text:
        return "ack"
    if "ended" in text or "now: up" in text:
        return "up"
    first = text.partition(" ")[0]
    return first if first in _TABLE.statuses or first in _TABLE.ignored else ""
