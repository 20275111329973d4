"""Better Stack Uptime (Better Uptime): the incidents of its outgoing webhook.

https://betterstack.com/docs/uptime/webhooks/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"data"})

_TABLE: Final = Table(
    source="better_stack",
    name=("data.attributes.name", "data.attributes.url", "data.attributes.cause"),
    status=("state", "data.attributes.status"),
    statuses={"started": FIRING},
    severity=("data.attributes.severity",),
    usually=CRITICAL,
    identity=(("data.id",),),
    description=("data.attributes.cause", "data.attributes.response_content"),
    host=("data.attributes.url",),
    labels={"team": "data.attributes.team_name"},
    annotations={
        "incident_group": "data.attributes.incident_group_id",
        "acknowledged_by": "data.attributes.acknowledged_by",
    },
    starts_at=("data.attributes.started_at",),
    ends_at=("data.attributes.resolved_at",),
    url=("data.attributes.origin_url", "data.attributes.url"),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """An incident in the JSON:API form."""
    known = has(payload, "data.id", "data.attributes.cause") or has(payload, "data.id", "data.attributes.started_at")
    return (
        "`data` of the type incident of Better Stack" if known and words(payload, "data.type") == "incident" else None
    )


def read(payload: Mapping[str, Any]) -> Parsed:
    """The incident; the times say how far it has come."""
    over, known = words(payload, "data.attributes.resolved_at"), words(payload, "data.attributes.acknowledged_at")
    return _TABLE.read({**payload, "state": "resolved" if over else "acknowledged" if known else ""})
