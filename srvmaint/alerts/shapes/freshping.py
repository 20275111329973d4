"""Freshping, and Insping before it, whose checks have no name: the webhook of a check.

https://support.freshping.io/support/solutions/articles/50000003709
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, RESOLVED, Table, has, words

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"webhook_event_data"})

_TABLE: Final = Table(
    source="freshping",
    name=("webhook_event_data.check_name", "webhook_event_data.request_url"),
    status=("webhook_event_data.check_state_name",),
    statuses={
        "available": RESOLVED,
        **dict.fromkeys(("not responding", "reporting error", "slow", "degraded performance"), FIRING),
    },
    ignored={"paused": "the check was paused in Freshping"},
    usually=CRITICAL,
    identity=(("webhook_event_data.check_id",),),
    description=("text",),
    host=("webhook_event_data.request_url",),
    labels={"application": "webhook_event_data.application_name", "organization": "organization_name"},
    annotations={"http_status_code": "webhook_event_data.http_status_code"},
    moment=("webhook_event_data.request_start_time", "webhook_event_created_on"),
    url=("webhook_event_data.request_url",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A check's id and state within the event."""
    known = has(payload, "webhook_event_data.check_id", "webhook_event_data.check_state_name")
    return "`webhook_event_data` of Freshping" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The check's state."""
    state, code = (
        words(payload, "webhook_event_data.check_state_name"),
        words(payload, "webhook_event_data.http_status_code"),
    )
    return _TABLE.read({**payload, "text": f"{state} (HTTP {code})" if code else state})
