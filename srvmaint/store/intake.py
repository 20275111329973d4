"""One accepted body, one transaction: raw payload, alerts, history, incidents, and the runs they call for.

Loads the rows the batch can touch, lets `incidents.ledger` decide, writes down what changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from srvmaint.incidents.ledger import AlertRow, IncidentRow, Ledger
from srvmaint.incidents.transition import Became
from srvmaint.model import Alert, AlertStatus, IncidentStatus, Severity
from srvmaint.store import runs
from srvmaint.store.records import Accepted, Batch, Lease, QueuedRun

_decode = msgspec.json.Decoder(dict[str, str]).decode
_encode = msgspec.json.Encoder().encode
_CHUNK = 500
"""Rows looked up by one statement; SQLite allows 32,766 parameters (https://sqlite.org/limits.html)."""

_ALERT_COLUMNS = (
    "id, key, source, fingerprint, name, status, severity, description, labels, annotations, generator_url, starts_at, "
    "ends_at, received_at, fired_at, last_seen_at, times_seen, digest, fired_seq, incident_id"
)
_INCIDENT_COLUMNS = (
    "id, title, status, severity, group_key, labels, pipeline, opened_at, acknowledged_at, "
    "acknowledged_by, resolved_at, "
    "closed_at, live_critical, live_warning, live_info, acknowledged, resolved, fired_seq"
)


def intake(connection: sqlite3.Connection, batch: Batch, lease: Lease | None) -> Accepted:
    """Write a body down and queue what has to happen because of it.

    With a lease, runs that are due are taken in the same transaction, so that a free worker starts without another one.
    """
    payload_id = connection.execute(
        "INSERT INTO payload (received_at, driver, origin, trace_id, body) VALUES (?, ?, ?, ?, ?)",
        (batch.received_at, batch.driver, batch.origin, batch.trace_id, batch.body),
    ).lastrowid
    ledger = _load(connection, batch)
    for incoming in batch.alerts:
        ledger.apply(incoming)
    _write_incidents(connection, ledger)
    _write_alerts(connection, ledger, payload_id)
    connection.executemany(
        "INSERT INTO alert_history (alert_id, at, event, trace_id, changes) VALUES (?, ?, ?, ?, ?)",
        [
            (
                line.alert_id,
                batch.received_at,
                line.event,
                batch.trace_id,
                _json(line.changes) if line.changes else None,
            )
            for line in ledger.history
        ],
    )
    accepted = Accepted(
        created=ledger.became[Became.CREATED],
        updated=ledger.became[Became.UPDATED],
        resolved=ledger.became[Became.RESOLVED],
        unchanged=ledger.became[Became.UNCHANGED],
        runs=_queue_runs(connection, batch, ledger),
    )
    if lease is not None and accepted.runs:
        accepted.claimed = runs.claim_runs(connection, lease)
    return accepted


def _load(connection: sqlite3.Connection, batch: Batch) -> Ledger:
    keys = list({incoming.key for incoming in batch.alerts})
    alerts = {row.key: row for row in map(_alert_row, _select(connection, "alert", _ALERT_COLUMNS, "key", keys))}
    ids = list({row.incident_id for row in alerts.values() if row.incident_id is not None})
    incidents = {
        row.id: row for row in map(_incident_row, _select(connection, "incident", _INCIDENT_COLUMNS, "id", ids))
    }
    by_group = {row.group_key: row for row in incidents.values() if row.status is not IncidentStatus.CLOSED}
    groups = list({i.group_key for i in batch.alerts if i.alert.status is AlertStatus.FIRING} - by_group.keys())
    for found in _select(connection, "incident", _INCIDENT_COLUMNS, "status <> 'closed' AND group_key", groups):
        row = _incident_row(found)
        incidents[row.id] = by_group[row.group_key] = row
    return Ledger(
        now=batch.received_at,
        reopen_within_ms=batch.reopen_within_ms,
        next_alert_id=(connection.execute("SELECT max(id) FROM alert").fetchone()[0] or 0) + 1,
        fresh_incident_ids=list(batch.incident_ids),
        alerts=alerts,
        incidents=incidents,
        by_group=by_group,
    )


def _select(
    connection: sqlite3.Connection, table: str, columns: str, condition: str, values: Sequence[Any]
) -> Iterable[tuple[Any, ...]]:
    for start in range(0, len(values), _CHUNK):
        chunk = values[start : start + _CHUNK]
        marks = ",".join("?" * len(chunk))
        sql = f"SELECT {columns} FROM {table} WHERE {condition} IN ({marks})"
        yield from connection.execute(sql, chunk)


def _alert_row(row: tuple[Any, ...]) -> AlertRow:
    alert = Alert(
        source=row[2],
        fingerprint=row[3],
        name=row[4],
        status=AlertStatus(row[5]),
        severity=Severity(row[6]),
        description=row[7],
        labels=_decode(row[8]),
        annotations=_decode(row[9]),
        generator_url=row[10],
        starts_at=row[11],
        ends_at=row[12],
    )
    return AlertRow(
        id=row[0],
        key=row[1],
        alert=alert,
        digest=row[17],
        labels_json=row[8],
        annotations_json=row[9],
        received_at=row[13],
        fired_at=row[14],
        last_seen_at=row[15],
        times_seen=row[16],
        fired_seq=row[18],
        incident_id=row[19],
    )


def _incident_row(row: tuple[Any, ...]) -> IncidentRow:
    return IncidentRow(
        id=row[0],
        title=row[1],
        status=IncidentStatus(row[2]),
        severity=Severity(row[3]),
        group_key=row[4],
        labels=_decode(row[5]),
        pipeline=row[6],
        opened_at=row[7],
        acknowledged_at=row[8],
        acknowledged_by=row[9],
        resolved_at=row[10],
        closed_at=row[11],
        live={Severity.CRITICAL: row[12], Severity.WARNING: row[13], Severity.INFO: row[14]},
        acknowledged=row[15],
        resolved=row[16],
        fired_seq=row[17],
    )


def _write_incidents(connection: sqlite3.Connection, ledger: Ledger) -> None:
    """A closed incident gives its group key free before the next one takes it: updates first."""
    dirty = [row for row in ledger.touched.values() if row.dirty]
    connection.executemany(
        "UPDATE incident SET status = ?, severity = ?, labels = ?, pipeline = ?, acknowledged_at = ?, "
        "acknowledged_by = ?, "
        "resolved_at = ?, closed_at = ?, live_critical = ?, live_warning = ?, live_info = ?, acknowledged = "
        "?, resolved = ?, "
        "fired_seq = ?, changed_at = ? WHERE id = ?",
        [(*_incident_values(row), ledger.now, row.id) for row in dirty if not row.new],
    )
    connection.executemany(
        "INSERT INTO incident (status, severity, labels, pipeline, acknowledged_at, acknowledged_by, "
        "resolved_at, closed_at, "
        "live_critical, live_warning, live_info, acknowledged, resolved, fired_seq, changed_at, id, title, "
        "group_key, opened_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (*_incident_values(row), ledger.now, row.id, row.title, row.group_key, row.opened_at)
            for row in dirty
            if row.new
        ],
    )


def _incident_values(row: IncidentRow) -> tuple[Any, ...]:
    return (
        row.status,
        row.severity,
        _json(row.labels),
        row.pipeline,
        row.acknowledged_at,
        row.acknowledged_by,
        row.resolved_at,
        row.closed_at,
        row.live[Severity.CRITICAL],
        row.live[Severity.WARNING],
        row.live[Severity.INFO],
        row.acknowledged,
        row.resolved,
        row.fired_seq,
    )


def _write_alerts(connection: sqlite3.Connection, ledger: Ledger, payload_id: int | None) -> None:
    rows = ledger.alerts.values()
    connection.executemany(
        "UPDATE alert SET last_seen_at = ?, times_seen = ? WHERE id = ?",
        [(row.last_seen_at, row.times_seen, row.id) for row in rows if not row.new and not row.dirty],
    )
    connection.executemany(
        "UPDATE alert SET name = ?, status = ?, severity = ?, description = ?, labels = ?, annotations = ?, "
        "generator_url = ?, starts_at = ?, ends_at = ?, fired_at = ?, last_seen_at = ?, times_seen = ?, digest = ?, "
        "fired_seq = ?, payload_id = ?, incident_id = ? WHERE id = ?",
        [(*_alert_values(row), payload_id, row.incident_id, row.id) for row in rows if row.dirty and not row.new],
    )
    connection.executemany(
        "INSERT INTO alert (name, status, severity, description, labels, annotations, generator_url, "
        "starts_at, ends_at, "
        "fired_at, last_seen_at, times_seen, digest, fired_seq, payload_id, incident_id, id, key, source, fingerprint, "
        "received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *_alert_values(row),
                payload_id,
                row.incident_id,
                row.id,
                row.key,
                row.alert.source,
                row.alert.fingerprint,
                row.received_at,
            )
            for row in rows
            if row.new
        ],
    )


def _alert_values(row: AlertRow) -> tuple[Any, ...]:
    alert = row.alert
    return (
        alert.name,
        alert.status,
        alert.severity,
        alert.description,
        row.labels_json,
        row.annotations_json,
        alert.generator_url,
        alert.starts_at,
        alert.ends_at,
        row.fired_at,
        row.last_seen_at,
        row.times_seen,
        row.digest,
        row.fired_seq,
    )


def _queue_runs(connection: sqlite3.Connection, batch: Batch, ledger: Ledger) -> list[QueuedRun]:
    queued = []
    fresh = iter(batch.run_ids)
    for incident in ledger.touched.values():
        pipeline = batch.pipeline or incident.pipeline
        if batch.requested or (incident.changes and pipeline and incident.status is not IncidentStatus.CLOSED):
            order = _order(batch, next(fresh), incident.id, pipeline)
            queued.append(runs.queue_run(connection, order, incident.changes, batch.received_at))
    if batch.requested and not queued:
        order = _order(batch, next(fresh), None, batch.pipeline)
        queued.append(runs.queue_run(connection, order, [], batch.received_at))
    return queued


def _order(batch: Batch, run_id: str, incident_id: str | None, pipeline: str | None) -> runs.Order:
    return runs.Order(run_id, incident_id, pipeline or batch.fallback, batch.trace_id, batch.source, batch.environment)


def _json(value: dict[str, Any]) -> str:
    return _encode(value).decode()
