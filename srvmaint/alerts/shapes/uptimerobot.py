"""UptimeRobot: a webhook with its variables as JSON or as form fields, in the old and in the new spelling.

    https://help.uptimerobot.com/en/articles/11360876-integrations-overview-webhooks

`alertType` is 1 for down, 2 for up and 3 for a certificate or domain that is about to run out, as text or number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, RESOLVED, Table, has, words

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"monitorFriendlyName", "monitor_friendly_name", "monitorfriendlyname"})

_TABLE: Final = Table(
    source="uptimerobot",
    name=("monitorfriendlyname",),
    status=("alerttype", "alerttypefriendlyname"),
    statuses={"1": FIRING, "2": RESOLVED, "3": FIRING, "down": FIRING, "up": RESOLVED},
    ignored={
        **dict.fromkeys(("98", "started"), "the monitor was started in UptimeRobot"),
        **dict.fromkeys(("99", "paused"), "the monitor was paused in UptimeRobot"),
    },
    severity=("level",),
    usually=CRITICAL,
    identity=(("monitorid", "kind"), ("monitorid",)),
    description=("alertdetails", "friendlymessage", "alerttypefriendlyname"),
    host=("monitorurl",),
    labels={"monitor_id": "monitorid", "kind": "kind"},
    annotations={
        "monitor_url": "monitorurl",
        "duration": "alertfriendlyduration",
        "duration_seconds": "alertduration",
        "ssl_expiry_date": "sslexpirydate",
        "ssl_expiry_days_left": "sslexpirydaysleft",
    },
    moment=("alertdatetime",),
    url=("monitorurl",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A monitor's friendly name, and what has happened to it."""
    body = _one_spelling(payload)
    known = has(body, "monitorfriendlyname") and words(body, "alerttype", "alerttypefriendlyname")
    return "a monitor's friendly name and an alert type of UptimeRobot" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The monitor's state; running out of a certificate is another alert than being down."""
    body = _one_spelling(payload)
    kind = words(body, "alerttype", "alerttypefriendlyname").lower()
    is_expiry = kind == "3" or "expir" in kind
    body["level"] = "warning" if is_expiry else "critical"
    return _TABLE.read({**body, "kind": "expiry"} if is_expiry else body)


def _one_spelling(payload: Mapping[str, Any]) -> dict[str, Any]:
    # A template that some documents show leaves out the asterisks, and the name of the variable is all that arrives.
    return {key.replace("_", "").lower(): value for key, value in payload.items() if value != key}
