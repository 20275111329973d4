"""Runs that are taken in the transaction that makes them.

An incident opened here has no other run, nobody has been told anything about it, and all its alerts are at hand. So its
run needs no look-up of what is due, and what it is to speak of need not be read back: under a steady stream of new
alerts that is a third of the statements of a body.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from srvmaint.incidents.ledger import AlertRow, IncidentRow, Ledger
from srvmaint.model import Alert, AlertStatus, Incident, Run, RunState, StoredAlert
from srvmaint.store.records import Accepted, ClaimedRun, Job, Lease
from srvmaint.store.runs import MESSAGE_ALERTS, Order, RunBook, Waiting


def take(book: RunBook, ledger: Ledger, jobs: Sequence[Job], accepted: Sequence[Accepted]) -> None:
    """Let free workers have the runs of new incidents, before `book` writes them down."""
    members: dict[str, list[AlertRow]] | None = None
    taken: set[str] = set()
    for job, result in zip(jobs, accepted, strict=True):
        if job.lease is None or not job.lease.newborn:
            continue
        for waiting, order in book.made(result.runs):
            incident = ledger.incidents[order.incident_id or ""]
            if not incident.new or incident.id in taken:
                continue
            if len(result.claimed) == job.lease.limit:
                break
            if members is None:
                members = _members(ledger)
            taken.add(incident.id)
            waiting.lease = job.lease
            result.claimed = (*result.claimed, _claimed(waiting, order, job.lease, incident, members[incident.id]))


def _members(ledger: Ledger) -> dict[str, list[AlertRow]]:
    found: defaultdict[str, list[AlertRow]] = defaultdict(list)
    for row in ledger.alerts.values():
        if row.incident_id is not None:
            found[row.incident_id].append(row)
    return found


def _claimed(
    waiting: Waiting, order: Order, lease: Lease, incident: IncidentRow, members: list[AlertRow]
) -> ClaimedRun:
    """The run with its world, as `runs.claim_runs` would read it."""
    members.sort(key=lambda row: (not _is_live(row), -row.alert.severity.rank, row.id))
    return ClaimedRun(
        run=Run(
            id=waiting.run_id,
            trace_id=order.trace_id,
            pipeline=waiting.pipeline,
            state=RunState.PENDING,
            incident_id=incident.id,
            source=order.source,
            environment=order.environment,
            changes=tuple(waiting.changes),
            created_at=order.now,
            started_at=lease.now,
            next_at=lease.until,
        ),
        incident=_incident(incident),
        alerts=tuple(_stored(row) for row in members[:MESSAGE_ALERTS]),
        fired_seq=max((row.fired_seq for row in members if _is_live(row)), default=0),
        told={},
    )


def _incident(row: IncidentRow) -> Incident:
    return Incident(
        id=row.id,
        title=row.title,
        status=row.status,
        severity=row.severity,
        group_key=row.group_key,
        labels=row.labels,
        alerts={
            AlertStatus.FIRING: row.live_total - row.acknowledged,
            AlertStatus.ACKNOWLEDGED: row.acknowledged,
            AlertStatus.RESOLVED: row.resolved,
        },
        pipeline=row.pipeline,
        opened_at=row.opened_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        resolved_at=row.resolved_at,
        closed_at=row.closed_at,
    )


def _stored(row: AlertRow) -> StoredAlert:
    return StoredAlert(row.key.hex(), _begun(row), row.received_at, row.last_seen_at, row.times_seen, row.incident_id)


def _begun(row: AlertRow) -> Alert:
    """The alert; one whose sender named no start began when it was first heard to fire."""
    if row.alert.starts_at is not None:
        return row.alert
    return msgspec.structs.replace(row.alert, starts_at=row.fired_at)


def _is_live(row: AlertRow) -> bool:
    return row.alert.status is not AlertStatus.RESOLVED
