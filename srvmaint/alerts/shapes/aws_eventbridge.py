"""Amazon EventBridge: the events of AWS itself other than a CloudWatch alarm (Health, GuardDuty, EC2, ECS ...).

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, INFO, WARNING, Table, at, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"detail-type"})

_HIGH: Final = 7
_MEDIUM: Final = 4
"""https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html"""
_TABLE: Final = Table(
    source="aws_eventbridge",
    name=("detail.title", "detail.eventTypeCode", "detail-type"),
    status=("detail.statusCode", "detail.findings.0.Workflow.Status"),
    severity=("level", "detail.findings.0.Severity.Label"),
    severities={"critical": CRITICAL, "high": CRITICAL, "medium": WARNING, "low": INFO},
    identity=(("detail.eventArn",), ("detail.findings.0.Id",), ("detail.id", "source"), ("detail-type", "resources.0")),
    description=("detail.eventDescription.0.latestDescription", "detail.description", "detail-type"),
    host=("detail.instance-id", "resources.0"),
    labels={"region": "region", "account": "account", "service": "source"},
    annotations={"detail": "detail"},
    starts_at=("detail.startTime",),
    ends_at=("detail.endTime",),
    moment=("time",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """What every EventBridge event has, from AWS itself, and not about an alarm."""
    kind, source = payload.get("detail-type"), payload.get("source")
    if not isinstance(kind, str) or not isinstance(source, str) or not isinstance(payload.get("detail"), dict):
        return None
    is_other = source.startswith("aws.") and not has(payload, "detail.alarmName")
    return "an EventBridge event with `detail-type` and `detail`" if is_other else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """One alert; GuardDuty's severity is a number from 0.1 to 10."""
    number = at(payload, "detail.severity")
    if isinstance(number, int | float) and not isinstance(number, bool):
        level = "high" if number >= _HIGH else "medium" if number >= _MEDIUM else "low"
        return _TABLE.read({**payload, "level": level})
    return _TABLE.read({**payload, "level": words(payload, "detail.severity")})
