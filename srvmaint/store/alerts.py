"""Reading alerts."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from srvmaint.model import Alert, AlertStatus, Severity, StoredAlert

COLUMNS: Final = (
    "key, source, fingerprint, name, status, severity, description, labels, annotations, generator_url, "
    "coalesce(starts_at, fired_at), ends_at, received_at, last_seen_at, times_seen, incident_id"
)
_decode = msgspec.json.Decoder(dict[str, str]).decode
_WORST: Final = "CASE severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END"


def worst_of(connection: sqlite3.Connection, incident_id: str, limit: int) -> tuple[StoredAlert, ...]:
    """The alerts of an incident: those still live first, then the worst, then the oldest."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM alert WHERE incident_id = ? ORDER BY status = 'resolved', {_WORST}, id LIMIT ?",
        (incident_id, limit),
    ).fetchall()
    return tuple(map(alert_from, rows))


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
