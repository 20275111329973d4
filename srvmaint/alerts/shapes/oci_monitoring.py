"""Oracle Cloud Monitoring: an alarm as its notifications carry it.

    https://docs.oracle.com/iaas/Content/Monitoring/alarm-message-format.htm

The title is the same while it fires and when it is over; the kind of change and the alarm's own status say which. The
address that confirms a subscription is shown and never called.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import FIRING, RESOLVED, Table, at, has, words

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"alarmMetaData", "ConfirmationURL"})

_TABLE: Final = Table(
    source="oci_monitoring",
    name=("title",),
    status=("type", "alarmMetaData.0.status"),
    statuses={**dict.fromkeys(("ok_to_firing", "repeat"), FIRING), "firing_to_ok": RESOLVED},
    ignored={"reset": "the history of the alarm was reset in Oracle Cloud: it is neither firing nor over"},
    severity=("severity", "alarmMetaData.0.severity"),
    identity=(("alarmMetaData.0.id",), ("dedupeKey",)),
    description=("body", "alarmMetaData.0.alarmSummary", "alarmMetaData.0.query"),
    host=("dimensions.resourceDisplayName", "dimensions.resourceId"),
    labels={"namespace": "alarmMetaData.0.namespace"},
    annotations={"query": "alarmMetaData.0.query", "values": "alarmMetaData.0.metricValues", "dedupe_key": "dedupeKey"},
    moment=("timestampEpochMillis", "timestamp"),
    url=("alarmMetaData.0.alarmUrl",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A title with what is known of the alarm; or the address that confirms a subscription."""
    if has(payload, "title") and isinstance(at(payload, "alarmMetaData.0"), dict):
        return "`alarmMetaData` of Oracle Cloud Monitoring"
    return "`ConfirmationURL` of Oracle Cloud" if set(payload) == {"ConfirmationURL"} else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alarm; several resources may be in it, and it ends when all of them are well."""
    if "alarmMetaData" not in payload:
        address = words(payload, "ConfirmationURL", limit=2000)
        return Parsed(ignored=f"Oracle Cloud wants to send alarms here: to let it, open {address}, if you know it")
    dimensions = at(payload, "alarmMetaData.0.dimensions")
    one = dimensions[0] if isinstance(dimensions, list) and len(dimensions) == 1 else None
    return _TABLE.read({**payload, "dimensions": one})
