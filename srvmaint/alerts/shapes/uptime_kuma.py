"""Uptime Kuma: what its webhook notification sends by default, in every version.

    https://github.com/louislam/uptime-kuma/blob/master/server/notification-providers/webhook.js

A status of 0 is down, 1 up, 2 pending, 3 maintenance. Times are UTC without a zone. The test button and the warning
about a certificate have neither heartbeat nor monitor, only the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._read import mapping
from srvmaint.alerts._table import CRITICAL, FIRING, RESOLVED, Facts, Table, words
from srvmaint.alerts.shapes import Inner

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"heartbeat", "data"})

_SOURCE: Final = "uptime_kuma"
_CERTIFICATE: Final = re.compile(r"\[(?P<name>[^\]]+)\]\s*\[(?P<url>[^\]]*)\]\s.{0,200}certificate.{0,500}", re.DOTALL)
_TABLE: Final = Table(
    source=_SOURCE,
    name=("monitor.name", "monitor.pathName", "msg"),
    status=("heartbeat.status",),
    statuses={"0": FIRING, "1": RESOLVED, "down": FIRING, "up": RESOLVED, "false": FIRING, "true": RESOLVED},
    ignored={
        "2": "Uptime Kuma is still trying: the monitor is pending, neither up nor down",
        "3": "the monitor is under maintenance in Uptime Kuma",
    },
    usually=CRITICAL,
    identity=(("monitor.id",), ("heartbeat.monitorID",), ("heartbeat.monitor_id",)),
    description=("heartbeat.msg", "msg"),
    host=("monitor.hostname", "url"),
    labels={"monitor_type": "monitor.type"},
    tags=("monitor.tags",),
    annotations={"msg": "msg", "description": "monitor.description", "monitor_url": "url", "port": "monitor.port"},
    moment=("heartbeat.time", "local"),
    url=("url",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """`heartbeat` and `monitor`, each an object or null, and at least one of them or a text."""
    if set(payload) == {"data"} and isinstance(payload["data"], str) and payload["data"].startswith('{"heartbeat"'):
        return "the form field `data` of Uptime Kuma"
    parts = (payload.get("heartbeat"), payload.get("monitor"))
    if not payload.keys() >= {"heartbeat", "monitor"} or not all(
        part is None or isinstance(part, dict) for part in parts
    ):
        return None
    return "`heartbeat` and `monitor` of Uptime Kuma" if any(parts) or words(payload, "msg") else None


def read(payload: Mapping[str, Any]) -> Parsed | Inner:
    """The monitor's state; of a body without a monitor what the text says."""
    if "heartbeat" not in payload:
        nothing = Parsed(ignored="the form field `data` holds nothing that Uptime Kuma sends")
        return Inner(words(payload, "data").encode("utf-8", "replace"), nothing)
    if payload["heartbeat"] or payload.get("monitor"):
        address = words(mapping(payload.get("monitor")), "url")
        local = f"{words(payload, 'heartbeat.localDateTime')}{words(payload, 'heartbeat.timezoneOffset')}"
        url = address if address.rstrip("/") not in ("https:", "http:") else ""
        return _TABLE.read({**payload, "url": url, "local": local})
    text = words(payload, "msg")
    match = _CERTIFICATE.match(text)
    if match is None:
        return Parsed(ignored="Uptime Kuma's test message has arrived")
    name = f"Certificate of {match['name']}"
    return Facts(source=_SOURCE, name=name, description=text, host=match["url"], url=match["url"]).parsed()
