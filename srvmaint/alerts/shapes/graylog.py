"""Graylog: the HTTP notification of event definitions (3 and later) and the alarm callback before it.

    https://go2docs.graylog.org/current/interacting_with_your_log_data/notifications.html

An event never ends in Graylog. What it was grouped by tells one alert of a definition from another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, INFO, RESOLVED, WARNING, Table, at, has, holds

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"event_definition_id", "event_definition_title", "check_result"})

_EVENT: Final = Table(
    source="graylog",
    name=("event_definition_title", "event.message"),
    severity=("event.priority",),
    severities={"1": INFO, "2": WARNING, "3": CRITICAL, "4": CRITICAL},
    identity=(("event_definition_id", "event.key"), ("event_definition_id",)),
    description=("event.message", "event_definition_description"),
    host=("event.group_by_fields.source", "event.fields.source", "event.source"),
    tags=("event.group_by_fields",),
    annotations={
        "definition": "event_definition_description",
        "fields": "event.fields",
        "event_id": "event.id",
        "message": "backlog.0.message",
    },
    moment=("event.timestamp",),
)
_CALLBACK: Final = Table(
    source="graylog",
    name=("stream.title", "check_result.triggered_condition.title", "check_result.result_description"),
    status=("check_result.triggered",),
    statuses={"true": FIRING, "false": RESOLVED},
    identity=(("stream.id", "condition"), ("stream.id",), ("condition",)),
    description=("check_result.result_description",),
    labels={"stream": "stream.title", "condition_type": "check_result.triggered_condition.type"},
    annotations={"message": "check_result.matching_messages.0.message", "condition": "condition_text"},
    moment=("check_result.triggered_at",),
    url=("stream_url",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """An event with its definition, or the result of a check."""
    if has(payload, "event_definition_id") and isinstance(payload.get("event"), dict):
        return "`event_definition_id` and `event` of Graylog"
    known = holds(payload, "check_result", "triggered_condition") or holds(
        payload, "check_result", "result_description"
    )
    return "`check_result` of Graylog's alarm callback" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The event, or the triggered condition."""
    if "check_result" in payload:
        condition = at(payload, "check_result.triggered_condition")
        body = {**payload, "condition": at(condition, "id"), "condition_text": at(condition, "description")}
        return _CALLBACK.read(body)
    return _EVENT.read(payload)
