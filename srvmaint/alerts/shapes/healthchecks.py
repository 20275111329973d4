"""Healthchecks: a webhook whose body is its `$JSON`, the check as its API shows it.

    https://healthchecks.io/docs/configuring_notifications/#webhook

A body that the operator wrote with `$NAME` and `$STATUS` is a plain one and no business of this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import FIRING, RESOLVED, Table, has

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"n_pings"})

_NOT_YET: Final = "the check is not down: Healthchecks is waiting for its ping"
_TABLE: Final = Table(
    source="healthchecks",
    name=("name", "slug"),
    status=("status",),
    statuses={"down": FIRING, "up": RESOLVED},
    ignored=dict.fromkeys(("new", "grace", "started", "paused"), _NOT_YET),
    identity=(("uuid",), ("unique_key",), ("ping_url",), ("slug",)),
    description=("desc",),
    labels={"tags": "tags", "slug": "slug"},
    annotations={"last_ping": "last_ping", "schedule": "schedule", "grace": "grace"},
    url=("badge_url",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A check's status with the count of its pings."""
    known = has(payload, "status", "n_pings") and "last_ping" in payload
    return "`n_pings` and `last_ping` of Healthchecks" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The check's state."""
    return _TABLE.read({**payload, "name": payload.get("name") or "unnamed check"})
