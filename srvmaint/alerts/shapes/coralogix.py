"""Coralogix: the generic outbound webhook, whose details are a list of fields.

    https://coralogix.com/docs/user-guides/alerting/outbound-webhooks/generic-outbound-webhooks-alert-webhooks/

Fields that do not apply are left as the placeholder they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import FIRING, RESOLVED, Table, has, words

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"alert_action"})

_TABLE: Final = Table(
    source="coralogix",
    name=("name", "title"),
    status=("alert_action",),
    statuses={"trigger": FIRING, "resolve": RESOLVED},
    severity=("priority", "field.priority", "field.severity", "severity"),
    identity=(("alert_id", "which"), ("alert_id",), ("uuid",)),
    description=("description", "field.text"),
    host=("field.computer", "field.ipAddress"),
    labels={"application": "field.application", "subsystem": "field.subsystem", "team": "field.team"},
    annotations={"log_url": "log_url", "hits": "field.hitCount", "meta": "field.metaLabels"},
    moment=("field.timestampMs", "field.timestampISO", "field.timestamp"),
    url=("alert_url",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """An action with the alert's id."""
    return "`alert_action` and `alert_id` of Coralogix" if has(payload, "alert_action", "alert_id") else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alert; what it was grouped by tells it from the others of its definition."""
    given = payload.get("fields")
    members = given if isinstance(given, list) else []
    fields = {words(entry, "key"): words(entry, "value") for entry in members if has(entry, "key")}
    fields = {key: value for key, value in fields.items() if not value.startswith("*insert")}
    which = [fields.get(f"Group-by Value{number}", "") for number in (1, 2)]
    return _TABLE.read({**payload, "field": fields, "which": ",".join(filter(None, which))})
