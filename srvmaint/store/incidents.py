"""Incidents as people handle them: read, acknowledge, resolve, close, write notes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from srvmaint.errors import ConflictError, NotFoundError
from srvmaint.model import AlertStatus, Incident, IncidentStatus, Severity
from srvmaint.store.rows import select

MOST_NOTES: Final = 1000
COLUMNS: Final = (
    "id, title, status, severity, group_key, labels, pipeline, opened_at, acknowledged_at, "
    "acknowledged_by, resolved_at, "
    "closed_at, notes, live_critical + live_warning + live_info, acknowledged, resolved"
)


def get_incident(connection: sqlite3.Connection, incident_id: str) -> Incident:
    """One incident.

    Raises:
        NotFoundError: there is no such incident.
    """
    row = connection.execute(f"SELECT {COLUMNS} FROM incident WHERE id = ?", (incident_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"there is no incident {incident_id!r}")
    return incident_from(row)


def get_incidents(connection: sqlite3.Connection, incident_ids: Sequence[str]) -> list[Incident]:
    """The incidents with these ids, in no particular order."""
    return [incident_from(row) for row in select(connection, "incident", COLUMNS, "id", incident_ids)]


def incident_from(row: Sequence[Any]) -> Incident:
    """A row of COLUMNS as an Incident."""
    return Incident(
        id=row[0],
        title=row[1],
        status=IncidentStatus(row[2]),
        severity=Severity(row[3]),
        group_key=row[4],
        labels=msgspec.json.decode(row[5]),
        alerts={
            AlertStatus.FIRING: row[13] - row[14],
            AlertStatus.ACKNOWLEDGED: row[14],
            AlertStatus.RESOLVED: row[15],
        },
        pipeline=row[6],
        opened_at=row[7],
        acknowledged_at=row[8],
        acknowledged_by=row[9],
        resolved_at=row[10],
        closed_at=row[11],
        notes=tuple(msgspec.json.decode(row[12])),
    )


def acknowledge(connection: sqlite3.Connection, incident_id: str, by: str, now: int) -> Incident:
    """Say that somebody is on it. Acknowledging twice keeps the first name and time.

    Raises:
        NotFoundError: there is no such incident.
        ConflictError: it is over already.
    """
    incident = get_incident(connection, incident_id)
    if incident.status is IncidentStatus.ACKNOWLEDGED:
        return incident
    if incident.status is not IncidentStatus.OPEN:
        raise ConflictError(f"cannot acknowledge incident {incident_id}: it is {incident.status.value} already.")
    notes = _with_note(incident, now, by, "acknowledged", event="acknowledged")
    connection.execute(
        "UPDATE incident SET status = 'acknowledged', acknowledged_at = ?, acknowledged_by = ?, notes = ?,"
        " changed_at = ? WHERE id = ?",
        (now, by, notes, now, incident_id),
    )
    return get_incident(connection, incident_id)


def resolve(connection: sqlite3.Connection, incident_id: str, by: str, now: int) -> Incident:
    """Say that it is over, whatever its alerts say. Resolving twice keeps the first time.

    Raises:
        NotFoundError: there is no such incident.
        ConflictError: it is closed.
    """
    incident = get_incident(connection, incident_id)
    if incident.status is IncidentStatus.RESOLVED:
        return incident
    if incident.status is IncidentStatus.CLOSED:
        raise ConflictError(f"cannot resolve incident {incident_id}: it is closed.")
    connection.execute(
        "UPDATE incident SET status = 'resolved', resolved_at = ?, notes = ?, changed_at = ? WHERE id = ?",
        (now, _with_note(incident, now, by, "resolved by hand"), now, incident_id),
    )
    return get_incident(connection, incident_id)


def close(connection: sqlite3.Connection, incident_id: str, by: str, now: int) -> Incident:
    """Say that all is done about it: it is not reopened any more. Closing twice keeps the first time.

    Raises:
        NotFoundError: there is no such incident.
        ConflictError: it is not over.
    """
    incident = get_incident(connection, incident_id)
    if incident.status is IncidentStatus.CLOSED:
        return incident
    if incident.status is not IncidentStatus.RESOLVED:
        raise ConflictError(
            f"cannot close incident {incident_id}: it is {incident.status.value}. Resolve it first, so that whoever was"
            " told of it hears that it is over."
        )
    connection.execute(
        "UPDATE incident SET status = 'closed', closed_at = ?, notes = ?, changed_at = ? WHERE id = ?",
        (now, _with_note(incident, now, by, "closed by hand"), now, incident_id),
    )
    return get_incident(connection, incident_id)


def add_note(connection: sqlite3.Connection, incident_id: str, by: str, text: str, now: int) -> Incident:
    """Write something down about it, whatever its status.

    Raises:
        NotFoundError: there is no such incident.
        ConflictError: it has as many notes as it can have.
    """
    incident = get_incident(connection, incident_id)
    if len(incident.notes) >= MOST_NOTES:
        raise ConflictError(f"cannot add a note to incident {incident_id}: it has {MOST_NOTES} already.")
    connection.execute("UPDATE incident SET notes = ? WHERE id = ?", (_with_note(incident, now, by, text), incident_id))
    return get_incident(connection, incident_id)


def _with_note(incident: Incident, at: int, by: str, text: str, **more: str) -> str:
    """Its notes and one more, as they are stored. One with an `event` is part of the timeline alone."""
    return msgspec.json.encode([*incident.notes, {"at": at, "by": by, "text": text, **more}]).decode()
