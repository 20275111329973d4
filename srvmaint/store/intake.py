"""One accepted body, one transaction: raw payload, alerts, history, incidents, and the runs they call for.

Loads the rows the batch can touch, lets `incidents.ledger` decide, writes down what changed.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from srvmaint.incidents.ledger import AlertRow, HistoryLine, IncidentRow, Ledger
from srvmaint.incidents.transition import Became
from srvmaint.model import Alert, AlertStatus, IncidentStatus, Severity
from srvmaint.store import heard, newborn, runs
from srvmaint.store.records import Accepted, Batch, Job, QueuedRun
from srvmaint.store.repeats import Repeats
from srvmaint.store.rows import insert, select, update

_decode = msgspec.json.Decoder(dict[str, str]).decode
_encode = msgspec.json.Encoder().encode
_ALERT_COLUMNS = (
    "id, key, source, fingerprint, name, status, severity, description, labels, annotations, generator_url, starts_at, "
    "ends_at, received_at, fired_at, last_seen_at, times_seen, digest, fired_seq, incident_id, payload_id"
)
DEFLATE_FROM: Final = 4096
"""Bytes; below that it is not worth giving the interpreter away. Deflated bodies begin with 0x78, JSON never does."""
DEFLATE_LEVEL: Final = 1
"""The fastest: bodies repeat themselves so much that every level finds it."""
_PAYLOAD = ("id", "received_at", "driver", "origin", "trace_id", "body")
_ALERT_CHANGES = (
    "name",
    "status",
    "severity",
    "description",
    "labels",
    "annotations",
    "generator_url",
    "starts_at",
    "ends_at",
    "fired_at",
    "last_seen_at",
    "times_seen",
    "digest",
    "fired_seq",
    "payload_id",
    "incident_id",
)
_INCIDENT_CHANGES = (
    "status",
    "severity",
    "labels",
    "pipeline",
    "acknowledged_at",
    "acknowledged_by",
    "resolved_at",
    "closed_at",
    "live_critical",
    "live_warning",
    "live_info",
    "acknowledged",
    "resolved",
    "fired_seq",
    "changed_at",
)
_INCIDENT_COLUMNS = (
    "id, title, status, severity, group_key, labels, pipeline, opened_at, acknowledged_at, "
    "acknowledged_by, resolved_at, "
    "closed_at, live_critical, live_warning, live_info, acknowledged, resolved, fired_seq"
)


def take_in(connection: sqlite3.Connection, jobs: Sequence[Job]) -> list[Accepted]:
    """Write bodies down, in the order they came, and queue what has to happen because of them.

    Runs that are due are taken in the same transaction where there is a lease, so that a free worker starts without
    another one. Of a delivery that has been heard before nothing is written.
    """
    fresh = heard.new_ones(connection, jobs)
    if len(fresh) == len(jobs):
        return _take_in(connection, jobs)
    results = iter(_take_in(connection, fresh) if fresh else ())
    found = {id(job) for job in fresh}
    return [next(results) if id(job) in found else _nothing_new(job.batch) for job in jobs]


def _nothing_new(batch: Batch) -> Accepted:
    return Accepted(unchanged=len(batch.alerts), duplicate=True)


def _take_in(connection: sqlite3.Connection, jobs: Sequence[Job]) -> list[Accepted]:
    repeats = Repeats(connection, [job.batch for job in jobs])
    ledger, book = _load(connection, jobs, repeats)
    payload_id = jobs[0].numbers.payloads(len(jobs))
    accepted: list[Accepted] = []
    history: list[tuple[Any, ...]] = []
    for place, job in enumerate(jobs):
        batch = job.batch
        ledger.begin(batch.received_at, batch.reopen_within_ms)
        for incoming in batch.alerts:
            if repeats.take(incoming, batch.received_at):
                ledger.became[Became.UNCHANGED] += 1
            else:
                ledger.apply(incoming, payload_id + place)
        history += [_history_values(line, batch) for line in ledger.history]
        accepted.append(_outcome(ledger, _queue_runs(book, batch, ledger)))
    insert(
        connection, "payload", _PAYLOAD, [(payload_id + n, *_payload_values(job.batch)) for n, job in enumerate(jobs)]
    )
    repeats.write()
    _write_incidents(connection, ledger)
    _write_alerts(connection, ledger)
    insert(connection, "alert_history", ("alert_id", "seen", "at", "event", "trace_id", "changes"), history)
    newborn.take(book, ledger, jobs, accepted)
    book.write()
    _claim(connection, jobs, accepted)
    jobs[0].numbers.next_alert = ledger.next_alert_id
    return accepted


def _load(connection: sqlite3.Connection, jobs: Sequence[Job], repeats: Repeats) -> tuple[Ledger, runs.RunBook]:
    """Everything the news in these bodies can touch, by one look-up for each kind."""
    incoming = [alert for job in jobs for alert in job.batch.alerts if repeats.is_news(alert)]
    keys = list({alert.key for alert in incoming if repeats.is_known(alert)})
    alerts = {row.key: row for row in map(_alert_row, select(connection, "alert", _ALERT_COLUMNS, "key", keys))}
    ids = list({row.incident_id for row in alerts.values() if row.incident_id is not None})
    incidents = {
        row.id: row for row in map(_incident_row, select(connection, "incident", _INCIDENT_COLUMNS, "id", ids))
    }
    by_group = {row.group_key: row for row in incidents.values() if row.status is not IncidentStatus.CLOSED}
    groups = list({alert.group_key for alert in incoming if alert.alert.status is AlertStatus.FIRING} - by_group.keys())
    for found in select(connection, "incident", _INCIDENT_COLUMNS, "status <> 'closed' AND group_key", groups):
        row = _incident_row(found)
        incidents[row.id] = by_group[row.group_key] = row
    ledger = Ledger(
        next_alert_id=jobs[0].numbers.next_alert,
        new_id=jobs[0].new_id,
        alerts=alerts,
        incidents=incidents,
        by_group=by_group,
    )
    return ledger, runs.RunBook(connection, list(incidents), jobs[0].new_id)


def _outcome(ledger: Ledger, queued: list[QueuedRun]) -> Accepted:
    return Accepted(
        created=ledger.became[Became.CREATED],
        updated=ledger.became[Became.UPDATED],
        resolved=ledger.became[Became.RESOLVED],
        unchanged=ledger.became[Became.UNCHANGED],
        runs=queued,
    )


def _claim(connection: sqlite3.Connection, jobs: Sequence[Job], accepted: Sequence[Accepted]) -> None:
    """Take what is due and share it out: no job gets more runs than its lease has room for."""
    asking = [
        (job.lease, result, job.lease.limit - len(result.claimed))
        for job, result in zip(jobs, accepted, strict=True)
        if job.lease is not None and len(result.claimed) < len(result.runs)
    ]
    if not asking:
        return
    room = sum(left for _, _, left in asking)
    found = runs.claim_runs(connection, msgspec.structs.replace(asking[-1][0], limit=room))
    taken = found.runs
    for _, result, left in asking:
        result.claimed, taken = (*result.claimed, *taken[:left]), taken[left:]
        result.more = found.more


def _payload_values(batch: Batch) -> tuple[Any, ...]:
    body = zlib.compress(batch.body, DEFLATE_LEVEL) if len(batch.body) >= DEFLATE_FROM else batch.body
    return (batch.received_at, batch.driver, batch.origin, batch.trace_id, body)


def _history_values(line: HistoryLine, batch: Batch) -> tuple[Any, ...]:
    changes = _json(line.changes) if line.changes else None
    return (line.alert_id, line.seen, batch.received_at, line.event, batch.trace_id, changes)


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
        payload_id=row[20],
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
    dirty = [row for row in ledger.incidents.values() if row.dirty]
    update(
        connection,
        "incident",
        _INCIDENT_CHANGES,
        [(row.id, *_incident_values(row, ledger.now)) for row in dirty if not row.new],
    )
    insert(
        connection,
        "incident",
        (*_INCIDENT_CHANGES, "id", "title", "group_key", "opened_at"),
        [
            (*_incident_values(row, ledger.now), row.id, row.title, row.group_key, row.opened_at)
            for row in dirty
            if row.new
        ],
    )


def _incident_values(row: IncidentRow, now: int) -> tuple[Any, ...]:
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
        now,
    )


def _write_alerts(connection: sqlite3.Connection, ledger: Ledger) -> None:
    rows = ledger.alerts.values()
    seen = [(row.id, row.last_seen_at, row.times_seen) for row in rows if not row.new and not row.dirty]
    update(connection, "alert", ("last_seen_at", "times_seen"), seen)
    changed = [(row.id, *_alert_values(row)) for row in rows if row.dirty and not row.new]
    update(connection, "alert", _ALERT_CHANGES, changed)
    insert(
        connection,
        "alert",
        (*_ALERT_CHANGES, "id", "key", "source", "fingerprint", "received_at"),
        [
            (*_alert_values(row), row.id, row.key, row.alert.source, row.alert.fingerprint, row.received_at)
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
        row.payload_id,
        row.incident_id,
    )


def _queue_runs(book: runs.RunBook, batch: Batch, ledger: Ledger) -> list[QueuedRun]:
    queued = []
    for incident in ledger.touched.values():
        pipeline = batch.pipeline or incident.pipeline
        if pipeline is None and incident.changes and not incident.new:
            pipeline = book.announced_by(incident.id)
        if batch.requested or (incident.changes and pipeline and incident.status is not IncidentStatus.CLOSED):
            queued.append(book.queue(_order(batch, incident.id, pipeline), incident.changes))
        if not batch.tells and incident.changes and incident.pipeline not in (None, batch.pipeline):
            queued.append(book.queue(_order(batch, incident.id, incident.pipeline), incident.changes))
    if batch.requested and not queued:
        queued.append(book.queue(_order(batch, None, batch.pipeline), []))
    return queued


def _order(batch: Batch, incident_id: str | None, pipeline: str | None) -> runs.Order:
    return runs.Order(
        incident_id=incident_id,
        pipeline=pipeline or batch.fallback,
        trace_id=batch.trace_id,
        source=batch.source,
        environment=batch.environment,
        now=batch.received_at,
    )


def _json(value: dict[str, Any]) -> str:
    return _encode(value).decode()
