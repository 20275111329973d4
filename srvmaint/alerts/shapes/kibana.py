"""Kibana: a webhook connector whose body has the rule's and the alert's variables.

    https://www.elastic.co/docs/explore-analyze/alerting/alerts/rule-action-variables

The body is written by the operator; what is known are the variables as Kibana names them, nested or spelled as one
word. The action group says whether it is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import FIRING, RESOLVED, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"rule", "ruleName", "rule_name", "actionGroup", "alertActionGroup"})

_GROUPS: Final = ("alert.actionGroup", "actionGroup", "alertActionGroup", "alert_action_group", "action_group")
_TABLE: Final = Table(
    source="kibana",
    name=("rule.name", "ruleName", "rule_name", "alertName"),
    status=(*_GROUPS, "alertStatus", "status"),
    statuses={
        "recovered": RESOLVED,
        **dict.fromkeys(("default", "query matched", "threshold met", "alert"), FIRING),
    },
    severity=("severity", "context.severity", "alert.actionGroupName", "actionGroupName"),
    identity=(
        ("alert.uuid",),
        ("alertUuid",),
        ("rule.id", "alert.id"),
        ("ruleId", "alertId"),
        ("rule_id", "alert_id"),
        ("rule.id",),
        ("ruleId",),
    ),
    description=("context.reason", "context.message", "reason", "message", "context.title"),
    host=("context.host.name", "host", "hostName"),
    labels={"space": "rule.spaceId", "rule_type": "rule.type"},
    annotations={"alert": "alert.id", "params": "params", "tags": "rule.tags"},
    moment=("date", "context.timestamp", "timestamp"),
    url=("context.alertDetailsUrl", "rule.url", "context.link", "alertDetailsUrl"),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A rule's name with an action group, or with Kibana's own address."""
    named = words(payload, *_TABLE.name) and (words(payload, *_GROUPS) or has(payload, "kibanaBaseUrl"))
    return "a rule and an action group of Kibana" if named else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The rule's alert."""
    return _TABLE.read(payload)
