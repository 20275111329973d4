"""MongoDB Atlas: the webhook of an alert.

https://www.mongodb.com/docs/atlas/reference/api-resources-spec/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import FIRING, RESOLVED, Table, has, words

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"eventTypeName"})

_TABLE: Final = Table(
    source="mongodb_atlas",
    name=("eventTypeName",),
    status=("status",),
    statuses={"open": FIRING, "tracking": FIRING, "closed": RESOLVED, "cancelled": RESOLVED},
    ignored={"informational": "Atlas only informs: nothing is wrong"},
    identity=(("id",),),
    description=("humanReadable", "text"),
    host=("hostnameAndPort", "clusterName"),
    labels={"cluster": "clusterName", "replica_set": "replicaSetName", "group": "groupId", "metric": "metricName"},
    annotations={"value": "currentValue.number"},
    starts_at=("created",),
    ends_at=("resolved",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """An event type's name with its status and its id."""
    return "`eventTypeName` of MongoDB Atlas" if has(payload, "id", "eventTypeName", "status") else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alert."""
    place = words(payload, "hostnameAndPort", "clusterName", "replicaSetName")
    return _TABLE.read({**payload, "text": f"{words(payload, 'eventTypeName')} {place}".strip()})
