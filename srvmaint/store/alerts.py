"""Reading alerts."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from srvmaint.model import Alert, AlertStatus, Severity, StoredAlert
from srvmaint.store.rows import select

COLUMNS: Final = (
    "key, source, fingerprint, name, status, severity, description, labels, annotations, generator_url, "
    "coalesce(starts_at, fired_at), ends_at, received_at, last_seen_at, times_seen, incident_id"
)
_decode = msgspec.json.Decoder(dict[str, str]).decode
_WORST: Final = "CASE severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END"


def worst_of(
    connection: sqlite3.Connection, incident_ids: Sequence[str], limit: int
) -> dict[str, tuple[StoredAlert, ...]]:
    """Up to `limit` alerts of each incident: those still live first, then the worst, then the oldest."""
    order = f"PARTITION BY incident_id ORDER BY status = 'resolved', {_WORST}, id"
    members = f"{COLUMNS}, row_number() OVER ({order}) AS place"
    found: dict[str, list[StoredAlert]] = {incident_id: [] for incident_id in incident_ids}
    for row in select(connection, "alert", members, "incident_id", incident_ids, tail="ORDER BY place"):
        if row[-1] <= limit:
            found[row[-2]].append(alert_from(row))
    return {incident_id: tuple(alerts) for incident_id, alerts in found.items()}


def alert_from(row: Sequence[Any]) -> StoredAlert:
    """A row of COLUMNS as a StoredAlert."""
    alert = Alert(
        source=row[1],
        fingerprint=row[2],
        name=row[3],
        status=AlertStatus(row[4]),
        severity=Severity(row[5]),
        description=row[6],
        labels=_decode(row[7]),
        annotations=_decode(row[8]),
        generator_url=row[9],
        starts_at=row[10],
        ends_at=row[11],
    )
    return StoredAlert(
        id=row[0].hex(),
        alert=alert,
        received_at=row[12],
        last_seen_at=row[13],
        times_seen=row[14],
        incident_id=row[15],
    )
