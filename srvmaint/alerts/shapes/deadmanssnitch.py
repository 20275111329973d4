"""Dead Man's Snitch: the webhook of a snitch that did not report, or does again.

https://deadmanssnitch.com/docs/integrations/webhooks
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import FIRING, RESOLVED, Table, has

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"data"})

_TABLE: Final = Table(
    source="deadmanssnitch",
    name=("data.snitch.name",),
    status=("type", "data.snitch.status"),
    statuses={
        **dict.fromkeys(("snitch.missing", "snitch.errored", "missing", "errored"), FIRING),
        **dict.fromkeys(("snitch.reporting", "snitch.healthy", "reporting", "healthy"), RESOLVED),
    },
    ignored=dict.fromkeys(("snitch.paused", "snitch.created"), "the snitch was paused or made, and is not missing"),
    identity=(("data.snitch.token",),),
    description=("data.snitch.notes", "type"),
    labels={"tags": "data.snitch.tags"},
    moment=("timestamp",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A snitch with its token."""
    return "`data.snitch` of Dead Man's Snitch" if has(payload, "data.snitch.token", "data.snitch.name") else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alert."""
    return _TABLE.read(payload)
