"""VMware Aria Operations (vRealize, vCenter Operations) and Aria Operations for Logs (Log Insight): their webhooks.

    https://techdocs.broadcom.com/us/en/vmware-cis/aria/aria-operations.html

`cancelDate` is filled while the alert is active; only the status says whether it is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, INFO, RESOLVED, WARNING, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"criticality", "AlertName"})

_LEVEL: Final = "alert_criticality_level_"
_LEVELS: Final = {
    **dict.fromkeys(("critical", "immediate"), CRITICAL),
    **dict.fromkeys(("warning", "auto"), WARNING),
    **dict.fromkeys(("info", "information", "normal", "none"), INFO),
}
_TABLE: Final = Table(
    source="vmware_aria",
    name=("alertName", "alertDefinitionName", "info", "subType", "resourceName"),
    status=("status",),
    statuses={"active": FIRING, "canceled": RESOLVED, "cancelled": RESOLVED},
    severity=("criticality",),
    severities=_LEVELS | {_LEVEL + word: severity for word, severity in _LEVELS.items()},
    identity=(("alertId",), ("resourceId", "subType")),
    description=("info",),
    host=("resourceName",),
    labels={"resource_kind": "resourceKind", "adapter_kind": "adapterKind", "type": "type", "sub_type": "subType"},
    annotations={"impact": "impact", "health": "Health", "risk": "Risk", "efficiency": "Efficiency"},
    starts_at=("startDate",),
    ends_at=("cancelDate", "updateDate"),
)
_LOGS: Final = Table(
    source="vmware_aria",
    name=("AlertName",),
    identity=(("AlertName",),),
    description=("messages.0.text", "Info", "AlertName"),
    annotations={"recommendation": "Recommendation", "hits": "NumHits", "info": "Info"},
    moment=("messages.0.timestamp", "TriggeredAt"),
    url=("Url", "EditUrl"),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """An alert's criticality with the resource it is about."""
    if has(payload, "AlertName", "AlertType") and "messages" in payload:
        return "`AlertName` and `messages` of VMware Aria Operations for Logs"
    is_ours = words(payload, "criticality").lower().startswith(_LEVEL) or has(payload, "adapterKind")
    known = is_ours and has(payload, "alertId") and words(payload, "resourceId", "resourceName")
    return "`criticality` and `alertId` of VMware Aria Operations" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alert; one of the logs never ends."""
    return _LOGS.read(payload) if "AlertName" in payload else _TABLE.read(payload)
