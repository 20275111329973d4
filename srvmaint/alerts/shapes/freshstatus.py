"""Freshstatus: the incidents of a status page.

    https://support.freshstatus.io/

The first message has the incident's id as `id`; a note, which may close the incident, has an id of its own and that of
the incident beside it. Maintenance that was planned is no alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import FIRING, RESOLVED, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"event_data"})

_TABLE: Final = Table(
    source="freshstatus",
    name=("title",),
    status=("incident_status", "status"),
    statuses={"open": FIRING, "closed": RESOLVED},
    identity=(("incident_id",), ("id",)),
    description=("message", "description"),
    annotations={"affected_services": "affected_services"},
    starts_at=("start_time",),
    ends_at=("end_time",),
    moment=("closed",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A title with an event about an incident or maintenance."""
    kind = words(payload, "event_data.event_type")
    known = has(payload, "title", "id") and kind.startswith(("INCIDENT_", "MAINTENANCE_"))
    return "`event_data` of Freshstatus" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The incident; the time of a note is no start."""
    if not words(payload, "event_data.event_type").startswith("INCIDENT_"):
        return Parsed(ignored="Freshstatus speaks of maintenance that was planned")
    closed = words(payload, "event_data.event_created_on") if _TABLE.state(payload) is RESOLVED else ""
    return _TABLE.read({**payload, "closed": closed})
