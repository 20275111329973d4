"""Amazon CloudWatch: an alarm as SNS carries it, and as EventBridge does.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html

An alarm has no severity. INSUFFICIENT_DATA is neither firing nor over, so it changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import FIRING, RESOLVED, Table, at, has, words

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"AlarmName", "detail-type"})

_STATES: Final = {"alarm": FIRING, "ok": RESOLVED}
_NO_DATA: Final = {"insufficient_data": "CloudWatch has not enough data: the alarm is neither firing nor over"}
_SNS: Final = Table(
    source="aws_cloudwatch",
    name=("AlarmName",),
    status=("NewStateValue",),
    statuses=_STATES,
    ignored=_NO_DATA,
    severity=("Priority", "Severity"),
    identity=(("AlarmArn",), ("AWSAccountId", "Region", "AlarmName"), ("AlarmName",)),
    description=("text",),
    host=("dimensions.InstanceId", "dimensions.DBInstanceIdentifier", "dimensions.ServiceName"),
    labels={"region": "Region", "account": "AWSAccountId", "namespace": "Trigger.Namespace"},
    tags=("dimensions",),
    annotations={
        "metric": "Trigger.MetricName",
        "threshold": "Trigger.Threshold",
        "previous_state": "OldStateValue",
        "alarm_arn": "AlarmArn",
    },
    moment=("StateChangeTime",),
)
_EVENT: Final = Table(
    source="aws_cloudwatch",
    name=("detail.alarmName",),
    status=("detail.state.value",),
    statuses=_STATES,
    ignored=_NO_DATA,
    identity=(("resources.0",), ("account", "region", "detail.alarmName")),
    description=("text",),
    host=("dimensions.InstanceId", "dimensions.DBInstanceIdentifier", "dimensions.ServiceName"),
    labels={"region": "region", "account": "account"},
    tags=("dimensions",),
    annotations={"previous_state": "detail.previousState.value", "alarm_arn": "resources.0"},
    moment=("detail.state.timestamp", "time"),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """An alarm's name with its state or its metric; or the event about a change of state."""
    if has(payload, "AlarmName"):
        marks = ("NewStateValue", "Trigger", "MetricName", "AlarmRule")
        return next((f"a CloudWatch alarm with `{key}`" for key in marks if payload.get(key)), None)
    kind = payload.get("detail-type")
    is_alarm = isinstance(kind, str) and kind.startswith("CloudWatch Alarm") and has(payload, "detail.alarmName")
    return "the EventBridge event of a CloudWatch alarm" if is_alarm else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alarm; what its dimensions name become labels."""
    if "AlarmName" in payload:
        reasons = (words(payload, "AlarmDescription"), words(payload, "NewStateReason"))
        dimensions = at(payload, "Trigger.Dimensions") or _first_dimensions(at(payload, "Trigger.Metrics"))
        return _SNS.read({**payload, "text": "\n".join(filter(None, reasons)), "dimensions": _pairs(dimensions)})
    reasons = (words(payload, "detail.configuration.description"), words(payload, "detail.state.reason"))
    metrics = at(payload, "detail.configuration.metrics")
    dimensions = at(metrics, "0.metricStat.metric.dimensions")
    return _EVENT.read({**payload, "text": "\n".join(filter(None, reasons)), "dimensions": _pairs(dimensions)})


def _first_dimensions(metrics: Any) -> Any:
    members = metrics if isinstance(metrics, list) else []
    return next((found for metric in members if (found := at(metric, "MetricStat.Metric.Dimensions"))), None)


def _pairs(dimensions: Any) -> dict[str, Any]:
    """`[{"name": .., "value": ..}]`, or an object of them."""
    if isinstance(dimensions, dict):
        return dimensions
    members = dimensions if isinstance(dimensions, list) else []
    return {words(entry, "name", "Name"): words(entry, "value", "Value") for entry in members if has(entry, "name")}
