"""Checkly: the webhook with the variables of its documentation.

https://www.checklyhq.com/docs/alerting-and-retries/webhooks/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, RESOLVED, WARNING, Table, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"alert_type", "ALERT_TYPE"})

_TABLE: Final = Table(
    source="checkly",
    name=("check_name", "alert_title", "event"),
    status=("alert_type",),
    statuses={
        **dict.fromkeys(("alert_failure", "alert_failure_remain", "alert_failure_degraded", "alert_ssl"), FIRING),
        **dict.fromkeys(("alert_degraded", "alert_degraded_remain", "alert_degraded_failure"), FIRING),
        **dict.fromkeys(("alert_recovery", "alert_degraded_recovery"), RESOLVED),
    },
    severity=("alert_type",),
    severities={
        **dict.fromkeys(("alert_degraded", "alert_degraded_remain", "alert_degraded_recovery", "alert_ssl"), WARNING),
        **dict.fromkeys(("alert_failure_degraded",), WARNING),
    },
    usually=CRITICAL,
    identity=(("check_id",),),
    description=("check_error_message", "event", "alert_title"),
    labels={"check_type": "check_type", "group": "group_name", "tags": "tags"},
    annotations={"location": "run_location", "status_code": "api_check_response_status_code"},
    moment=("started_at",),
    url=("link", "result_link"),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """An alert type of Checkly's with the check."""
    known = words(payload, "alert_type").lower() in _TABLE.statuses and words(payload, "check_name", "check_id")
    return "`alert_type` of Checkly" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The check's state."""
    return _TABLE.read(payload)
