"""ThousandEyes: the webhook of an alert that was triggered or cleared.

https://docs.thousandeyes.com/product-documentation/integration-guides/custom-webhooks
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import FIRING, RESOLVED, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"eventType"})

_TABLE: Final = Table(
    source="thousandeyes",
    name=("alert.ruleName", "alert.testName"),
    status=("eventType",),
    statuses={"alert_notification_trigger": FIRING, "alert_notification_clear": RESOLVED},
    ignored={"webhook_test": "the test message of ThousandEyes has arrived"},
    severity=("alert.severity",),
    identity=(("alert.alertId",), ("alert.ruleId", "alert.testId")),
    description=("alert.ruleExpression",),
    host=("alert.hostname", "alert.testTargetsDescription.0", "alert.agentName"),
    labels={"test": "alert.testName", "type": "alert.type"},
    annotations={"rule": "alert.ruleExpression", "violations": "alert.violationCount"},
    starts_at=("alert.dateStartZoned", "alert.dateStart"),
    ends_at=("alert.dateEndZoned", "alert.dateEnd"),
    url=("alert.permalink",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """An event type of ThousandEyes with the alert's id."""
    kind = words(payload, "eventType").lower()
    known = kind == "webhook_test" or (kind in _TABLE.statuses and has(payload, "alert.alertId"))
    return "`eventType` of ThousandEyes" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alert."""
    return _TABLE.read(payload)
