"""GoAlert: its outgoing webhook, and what others send to its generic API.

    https://goalert.me/docs

A status body says by its log entry what was done; without a state in it the alert is as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import ACKNOWLEDGED, FIRING, RESOLVED, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"AppName", "AlertType", "dedup", "action"})

_TYPES: Final = ("Alert", "AlertStatus")
_OTHERS: Final = ("AlertBundle", "AlertStatusBundle", "Test", "Verification", "ScheduleOnCallUsers")
_OUTGOING: Final = Table(
    source="goalert",
    name=("Summary",),
    status=("state",),
    identity=(("AlertID",),),
    description=("Details", "Summary"),
    labels={"service": "ServiceName"},
    tags=("Meta",),
    annotations={"log_entry": "LogEntry", "alert_id": "AlertID"},
    url=("GoAlertURL",),
)
_INCOMING: Final = Table(
    source="goalert",
    name=("summary",),
    status=("action",),
    statuses={"close": RESOLVED, "trigger": FIRING},
    identity=(("dedup",),),
    description=("details", "summary"),
    tags=("meta",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A type of message (once `AlertType`) with `AppName`; or a summary with a dedup key or an action to close."""
    kind = words(payload, "Type", "AlertType")
    if words(payload, "AppName", "AlertType") and kind in (*_TYPES, *_OTHERS):
        return f"the type {kind} of GoAlert"
    known = (
        "name" not in payload
        and has(payload, "summary")
        and (has(payload, "dedup") or words(payload, "action") in _INCOMING.statuses)
    )
    return "`summary` and `dedup` or `action` of GoAlert's generic API" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """One alert; a bundle, a test or a duty roster carries none."""
    kind = words(payload, "Type", "AlertType")
    if kind not in (*_TYPES, *_OTHERS):
        return _INCOMING.read(payload)
    if kind not in _TYPES or not has(payload, "Summary"):
        return Parsed(ignored=f"GoAlert's message of the type {kind} carries no alert")
    entry = words(payload, "LogEntry").lower()
    done = {"closed": RESOLVED, "acknowledged": ACKNOWLEDGED}
    return _OUTGOING.read({**payload, "state": next((word for word in done if entry.startswith(word)), "")})
