"""Site24x7: the webhook of a monitor, with the incident parameters as keys.

https://www.site24x7.com/help/admin/third-party-integrations/webhooks.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, WARNING, Table, has

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"MONITORNAME"})

_TABLE: Final = Table(
    source="site24x7",
    name=("MONITORNAME",),
    status=("STATUS",),
    statuses=dict.fromkeys(("trouble", "critical", "down"), FIRING),
    ignored={"suspended": "the monitor was suspended in Site24x7", "maintenance": "the monitor is under maintenance"},
    severity=("STATUS",),
    severities={"down": CRITICAL, "critical": CRITICAL, "trouble": WARNING, "up": CRITICAL},
    identity=(("MONITOR_ID",), ("MONITORNAME", "MONITORURL")),
    description=("INCIDENT_REASON", "FAILED_LOCATIONS"),
    host=("MONITORURL",),
    labels={"monitor_type": "MONITORTYPE", "group": "GROUP_TAGS", "tags": "TAGS"},
    annotations={"failed_locations": "FAILED_LOCATIONS", "incident_details": "INCIDENT_DETAILS"},
    starts_at=("OUTAGE_TIME_UNIX_FORMAT",),
    moment=("INCIDENT_TIME_ISO", "INCIDENT_TIME"),
    url=("MONITOR_DASHBOARD_LINK", "MONITORURL"),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A monitor's name and its status, in capitals."""
    return "`MONITORNAME` and `STATUS` of Site24x7" if has(payload, "MONITORNAME", "STATUS") else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alert."""
    return _TABLE.read(payload)
