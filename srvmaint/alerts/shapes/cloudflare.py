"""Cloudflare: the generic webhook of its notifications.

    https://developers.cloudflare.com/notifications/reference/webhook-payload-schema/

Only some notifications have a state, and then one id for the beginning and the end; the others never end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import FIRING, RESOLVED, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"policy_id", "alert_event"})

_TABLE: Final = Table(
    source="cloudflare",
    name=("name", "policy_name", "alert_type"),
    status=("alert_event",),
    statuses={"alert_state_event_start": FIRING, "alert_state_event_end": RESOLVED},
    severity=("data.severity",),
    identity=(("alert_correlation_id",), ("policy_id", "alert_type")),
    description=("text",),
    labels={"account": "account_id", "policy": "policy_name", "alert_type": "alert_type"},
    annotations={"data": "data"},
    moment=("ts",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A text with the kind of alert, the account and the policy."""
    known = has(payload, "account_id", "alert_type", "text") and words(payload, "policy_id", "alert_event")
    return "`alert_type`, `account_id` and `policy_id` of Cloudflare" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The notification."""
    return _TABLE.read(payload)
