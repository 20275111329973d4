"""Pingdom: the webhook of its uptime, transaction and page speed checks, and the one of BeepManager before it.

https://www.pingdom.com/resources/webhooks/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, INFO, RESOLVED, WARNING, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"check_id", "incidentid"})

_UP: Final = ("up", "success", "ok")
_STATES: Final = ("down", "up", "failing", "success", "unknown", "unconfirmed_down", "slow", "ok")
_TABLE: Final = Table(
    source="pingdom",
    name=("check_name",),
    status=("current_state",),
    statuses={**dict.fromkeys(_STATES, FIRING), **dict.fromkeys(_UP, RESOLVED)},
    ignored={"unknown": "Pingdom does not know whether the check is up or down"},
    severity=("importance_level",),
    severities={"high": CRITICAL, "medium": WARNING, "low": WARNING},
    usually=CRITICAL,
    identity=(("check_id",),),
    description=("text",),
    host=("check_params.hostname", "check_params.full_url", "check_params.url"),
    labels={"check_type": "check_type", "check_id": "check_id"},
    tags=("tags",),
    annotations={
        "previous_state": "previous_state",
        "first_probe": "first_probe.location",
        "second_probe": "second_probe.location",
        "message": "custom_message",
    },
    moment=("state_changed_timestamp", "state_changed_utc_time"),
    url=("check_params.full_url",),
)
_BEFORE: Final = Table(
    source="pingdom",
    name=("checkname", "check"),
    status=("action",),
    statuses={"assign": FIRING, "notify_of_close": RESOLVED},
    severities={"info": INFO},
    usually=CRITICAL,
    identity=(("check",), ("incidentid",)),
    description=("description",),
    host=("host",),
    annotations={"incident_id": "incidentid"},
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A check with a state of Pingdom's; New Relic's `current_state` has other words."""
    if has(payload, "incidentid", "action") and words(payload, "check", "checkname"):
        return "`incidentid` and `action` of Pingdom's BeepManager"
    word = words(payload, "current_state").lower()
    known = word in _STATES and has(payload, "check_id") and words(payload, "check_name", "check_type")
    return "`check_id` and `current_state` of Pingdom" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The check's state."""
    if "check_id" not in payload:
        return _BEFORE.read(payload)
    texts = dict.fromkeys((words(payload, "long_description"), words(payload, "description")))
    name = words(payload, "check_name") or f"check {words(payload, 'check_id')}"
    return _TABLE.read({**payload, "check_name": name, "text": "\n".join(filter(None, texts))})
