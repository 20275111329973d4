"""updown.io: one event of a check; it sends a list of them.

https://updown.io/doc/how-webhooks-work
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, RESOLVED, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"event"})

_TABLE: Final = Table(
    source="updown",
    name=("check.alias", "check.url"),
    status=("event",),
    statuses={
        **dict.fromkeys(("check.down", "check.still_down", "check.ssl_invalid", "check.ssl_expiration"), FIRING),
        **dict.fromkeys(("check.up", "check.ssl_valid", "check.ssl_renewed"), RESOLVED),
        "check.performance_drop": FIRING,
    },
    severity=("level",),
    usually=CRITICAL,
    identity=(("check.token", "kind"), ("check.token",)),
    description=("description", "downtime.error", "check.error"),
    host=("check.url",),
    labels={"kind": "kind"},
    annotations={"error": "downtime.error", "check_url": "check.url"},
    starts_at=("downtime.started_at",),
    ends_at=("downtime.ended_at",),
    moment=("time",),
    url=("check.url",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """An event of a check with its token."""
    known = words(payload, "event").startswith("check.") and has(payload, "check.token")
    return "`event` and `check.token` of updown.io" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The check's state; its certificate and its speed are alerts of their own."""
    _, _, event = words(payload, "event").partition(".")
    kind = "ssl" if event.startswith("ssl") else "performance" if event.startswith("performance") else ""
    return _TABLE.read({**payload, "kind": kind, "level": "warning" if kind else ""})
