"""Splunk On-Call (VictorOps): what its REST endpoint takes, which is how many tools can send an alert.

https://help.victorops.com/knowledge-base/rest-endpoint-integration-guide/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import ACKNOWLEDGED, CRITICAL, FIRING, INFO, RESOLVED, WARNING, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"message_type"})

_TABLE: Final = Table(
    source="splunk_oncall",
    name=("entity_display_name", "entity_id"),
    status=("message_type",),
    statuses={
        **dict.fromkeys(("critical", "warning", "info"), FIRING),
        "acknowledgement": ACKNOWLEDGED,
        **dict.fromkeys(("recovery", "ok"), RESOLVED),
    },
    severity=("message_type",),
    severities={"critical": CRITICAL, "warning": WARNING, "info": INFO, "recovery": WARNING, "ok": WARNING},
    identity=(("entity_id",),),
    description=("state_message", "entity_display_name"),
    host=("host_name", "hostname", "host"),
    annotations={"monitoring_tool": "monitoring_tool", "ack_author": "ack_author"},
    moment=("state_start_time", "timestamp"),
    url=("alert_url",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A type of message of Splunk On-Call's with the entity."""
    known = words(payload, "message_type").lower() in _TABLE.statuses and has(payload, "entity_id")
    return "`message_type` and `entity_id` of Splunk On-Call" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The entity's state."""
    return _TABLE.read(payload)
