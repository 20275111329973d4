"""Checkmk: notification scripts that post the plug-in's context in lower case (Keep's is the best known).

    https://docs.checkmk.com/latest/en/notifications.html#scripts

The name is that of the host or service: the summary has both states in it. What the script calls the id is the number
of the problem, which a recovery does not always have. The context in capitals is Nagios' and read with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import ACKNOWLEDGED, CRITICAL, FIRING, INFO, RESOLVED, WARNING, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"notification_type"})

_OVER: Final = ("up", "ok")
_SILENT: Final = dict.fromkeys(
    ("downtimestart", "downtimeend", "downtimecancelled"), "Checkmk speaks of a downtime, not of a problem"
)
_TABLE: Final = Table(
    source="checkmk",
    name=("service", "host"),
    status=("kind", "state"),
    statuses={
        "problem": FIRING,
        "recovery": RESOLVED,
        "acknowledgement": ACKNOWLEDGED,
        **dict.fromkeys(("down", "unreach", "unreachable", "warn", "crit", "unknown"), FIRING),
        **dict.fromkeys(_OVER, RESOLVED),
    },
    ignored=_SILENT,
    severity=("level", "state"),
    severities={
        **dict.fromkeys(("crit", "critical", "down", "unreach", "unreachable"), CRITICAL),
        **dict.fromkeys(("warn", "warning", "unknown"), WARNING),
        **dict.fromkeys(_OVER, INFO),
    },
    identity=(("host", "service"), ("host",)),
    description=("text",),
    host=("host",),
    labels={"service": "service", "site": "site"},
    annotations={
        "summary": "summary",
        "event": "event",
        "address": "address",
        "check_command": "check_command",
        "problem_id": "id",
    },
    moment=("micro_time", "short_date_time"),
    url=("url",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A host with a type of notification and what it is about."""
    known = has(payload, "host", "notification_type") and words(payload, "what", "site", "check_command")
    return "`host` and `notification_type` of Checkmk" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The problem. A host's `severity` says OK at all times, so of a host the state is asked."""
    kind = words(payload, "notification_type").partition(" ")[0].lower()
    level = words(payload, "severity") if has(payload, "service") else words(payload, "status")
    texts = (words(payload, "output"), words(payload, "long_output"))
    body = {**payload, "kind": kind, "level": level, "state": words(payload, "status", "state")}
    return _TABLE.read({**body, "text": "\n".join(filter(None, texts)) or words(payload, "summary")})
