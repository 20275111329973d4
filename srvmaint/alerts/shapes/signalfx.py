"""Splunk Observability Cloud (SignalFx): the webhook of a detector.

https://help.splunk.com/en/splunk-observability-cloud
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, INFO, RESOLVED, WARNING, Table, has, words

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"detectOnCondition", "detectorUrl"})

_TABLE: Final = Table(
    source="signalfx",
    name=("rule", "inputs.rule", "detector", "messageTitle"),
    status=("statusExtended", "status"),
    statuses={
        "anomalous": FIRING,
        **dict.fromkeys(("ok", "manually resolved", "stopped", "auto resolved"), RESOLVED),
    },
    ignored={"too low": "the detector was muted"},
    severity=("severity",),
    severities={"critical": CRITICAL, "major": CRITICAL, "minor": WARNING, "warning": WARNING, "info": INFO},
    identity=(("incidentId",), ("detectorId", "rule")),
    description=("messageBody", "description", "inputs.description"),
    host=("dimensions.host", "dimensions.host.name"),
    labels={"detector": "detector", "metric": "originatingMetric"},
    tags=("dimensions",),
    annotations={"runbook_url": "runbookUrl", "tip": "tip", "condition": "detectOnCondition"},
    moment=("timestampISO8601", "timestamp"),
    url=("detectorUrl", "imageUrl"),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A detector's incident."""
    known = has(payload, "incidentId") and words(payload, "statusExtended", "status", "detectOnCondition")
    return "`incidentId` and a detector of SignalFx" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alert."""
    return _TABLE.read(payload)
