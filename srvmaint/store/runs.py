"""Runs and their steps: queue, lease, write down, resume.

`next_at` is when a run wants attention. While a worker has it, that is the end of the worker's lease, so a run whose
owner died comes back by itself, and at start at once.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from srvmaint.errors import ConflictError, NotFoundError
from srvmaint.incidents.what_to_send import Told
from srvmaint.model import Change, Run, RunState, Severity, Step, StepStatus
from srvmaint.store import alerts, deliveries, incidents
from srvmaint.store.records import Claimed, ClaimedRun, Lease, QueuedRun, RunEntry, RunUpdate, StepRecord
from srvmaint.store.rows import Executes, insert, select, update

MESSAGE_ALERTS: Final = 20
"""How many alerts of an incident a run looks at one by one; the incident itself has the counts."""
RUN_COLUMNS: Final = (
    "id, trace_id, pipeline, state, incident_id, source, environment, changes, created_at, started_at, finished_at, "
    "next_at, error"
)
STEP_COLUMNS: Final = "id, type, status, attempts, started_at, finished_at, duration_ms, output, error"
_decode = msgspec.json.decode


@dataclass(frozen=True, slots=True)
class Order:
    """A run to be made."""

    incident_id: str | None
    pipeline: str
    trace_id: str
    source: str
    environment: str
    now: int


@dataclass(slots=True)
class Waiting:
    """A run nobody has begun: further changes of its incident join it."""

    run_id: str
    pipeline: str
    changes: list[Change]
    order: Order | None = None
    """How it is to be made, when it is new."""
    lease: Lease | None = None
    """Whose it is from the beginning."""


class RunBook:
    """Queues runs, at most one waiting for each incident and pipeline.

    Args:
        connection: the write connection.
        incident_ids: the stored incidents that runs may be queued for.
        new_id: makes the ids of runs.
    """

    def __init__(self, connection: Executes, incident_ids: Sequence[str], new_id: Callable[[], str]) -> None:
        self._connection = connection
        self._new_id = new_id
        self._incident_ids = incident_ids
        self._announced: dict[str, str] | None = None
        self._changed: set[tuple[str, str]] = set()
        self._standalone: list[Waiting] = []
        condition = "started_at IS NULL AND incident_id IS NOT NULL AND incident_id"
        found = select(connection, "run", "incident_id, id, pipeline, changes", condition, incident_ids)
        self._waiting = {(row[0], row[2]): Waiting(row[1], row[2], _changes(row[3])) for row in found}

    def queue(self, order: Order, changes: Sequence[Change]) -> QueuedRun:
        """Make a run, or let the one that already waits for this incident speak of these changes too."""
        if order.incident_id is None:
            run = Waiting(self._new_id(), order.pipeline, list(changes), order)
            self._standalone.append(run)
            return QueuedRun(run.run_id, None, run.pipeline, coalesced=False)
        key = (order.incident_id, order.pipeline)
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = Waiting(self._new_id(), order.pipeline, list(changes), order)
            return QueuedRun(waiting.run_id, order.incident_id, waiting.pipeline, coalesced=False)
        waiting.changes += [change for change in changes if change not in waiting.changes]
        self._changed.add(key)
        return QueuedRun(waiting.run_id, order.incident_id, waiting.pipeline, coalesced=True)

    def made(self, queued: Sequence[QueuedRun]) -> Iterator[tuple[Waiting, Order]]:
        """Those of the queued runs that belong to an incident and are new, each with how it is to be made."""
        for run in queued:
            waiting = (
                self._waiting.get((run.incident_id, run.pipeline)) if run.incident_id and not run.coalesced else None
            )
            if waiting is not None and waiting.order is not None:
                yield waiting, waiting.order

    def announced_by(self, incident_id: str) -> str | None:
        """The pipeline that told somebody about an incident no route takes; None when nobody has been told."""
        if self._announced is None:
            tables = "told JOIN delivery ON delivery.id = told.delivery_id JOIN run ON run.id = delivery.run_id"
            columns = "told.incident_id, run.pipeline"
            found = select(self._connection, tables, columns, "told.incident_id", self._incident_ids)
            self._announced = {row[0]: row[1] for row in found}
        return self._announced.get(incident_id)

    def write(self) -> None:
        """Write down what has been queued."""
        runs = [*self._waiting.values(), *self._standalone]
        insert(
            self._connection,
            "run",
            _NEW_RUN,
            [_new_run(run, run.order) for run in runs if run.order is not None],
        )
        joined = [self._waiting[key] for key in self._changed]
        update(
            self._connection, "run", ("changes",), [(run.run_id, _json(run.changes)) for run in joined if not run.order]
        )


_NEW_RUN: Final = (
    "id",
    "trace_id",
    "pipeline",
    "state",
    "incident_id",
    "source",
    "environment",
    "changes",
    "created_at",
    "next_at",
    "started_at",
    "lease_owner",
)


def _new_run(run: Waiting, order: Order) -> tuple[Any, ...]:
    return (
        run.run_id,
        order.trace_id,
        order.pipeline,
        RunState.PENDING,
        order.incident_id,
        order.source,
        order.environment,
        _json(run.changes),
        order.now,
        run.lease.until if run.lease else order.now,
        run.lease.now if run.lease else None,
        run.lease.owner if run.lease else None,
    )


def queue_alone(connection: sqlite3.Connection, order: Order, new_id: Callable[[], str]) -> QueuedRun:
    """Queue a run that is about no incident."""
    book = RunBook(connection, (), new_id)
    queued = book.queue(order, ())
    book.write()
    return queued


def claim_runs(connection: sqlite3.Connection, lease: Lease) -> Claimed:
    """Take due runs, oldest first, never two of one incident at a time."""
    due = connection.execute(
        "SELECT id, incident_id, started_at FROM run AS due WHERE next_at <= ? AND NOT EXISTS ("
        " SELECT 1 FROM run AS busy WHERE busy.incident_id = due.incident_id AND busy.lease_owner IS NOT NULL"
        " AND busy.id <> due.id) ORDER BY next_at, id LIMIT ?",
        (lease.now, lease.limit),
    ).fetchall()
    one_each: dict[str, str] = {}
    for run_id, incident_id, _ in due:
        one_each.setdefault(incident_id or run_id, run_id)
    fresh = {run_id for run_id, _, started_at in due if started_at is None}
    taken = update(
        connection,
        "run",
        ("lease_owner", "next_at", "started_at = coalesce(started_at, {})"),
        [(run_id, lease.owner, lease.until, lease.now) for run_id in one_each.values()],
        returning=", ".join(f"run.{column}" for column in RUN_COLUMNS.split(", ")),
    )
    claimed = with_their_worlds(connection, [run_from(row) for row in sorted(taken)], fresh)
    next_at = _first_after(connection, 0)
    more = next_at is not None and next_at <= lease.now
    return Claimed(tuple(claimed), _first_after(connection, lease.now) if more else next_at, more)


def _first_after(connection: sqlite3.Connection, moment: int) -> int | None:
    """When the first run after that moment wants attention (epoch ms); None when none does."""
    sql = "SELECT next_at FROM run WHERE next_at > ? ORDER BY next_at LIMIT 1"
    row = connection.execute(sql, (moment,)).fetchone()
    return row[0] if row else None


def take_back(connection: sqlite3.Connection, now: int) -> int:
    """Give every leased run back: at start, whoever held them is dead. Returns how many."""
    cursor = connection.execute("UPDATE run SET lease_owner = NULL, next_at = ? WHERE lease_owner IS NOT NULL", (now,))
    return cursor.rowcount


def extend_leases(connection: sqlite3.Connection, owner: str, run_ids: Sequence[str], until: int) -> None:
    """The heartbeat: say that these runs are still being worked on."""
    connection.executemany(
        "UPDATE run SET next_at = ? WHERE id = ? AND lease_owner = ?", [(until, run_id, owner) for run_id in run_ids]
    )


def record(connection: sqlite3.Connection, entries: Sequence[RunEntry]) -> None:
    """Write down how runs and their steps stand; what comes later in the list is the later news."""
    insert(
        connection,
        "step",
        _STEP,
        [_step_values(record) for entry in entries for record in entry.steps],
        conflict=_STEP_CONFLICT,
    )
    updates = {entry.update.run_id: entry.update for entry in entries}
    update(connection, "run", _RUN_CHANGES, [_run_values(news) for news in updates.values()])


_STEP: Final = (
    "run_id",
    "seq",
    "id",
    "type",
    "status",
    "attempts",
    "started_at",
    "finished_at",
    "duration_ms",
    "input",
    "output",
    "error",
)
_STEP_CONFLICT: Final = (
    "(run_id, seq) DO UPDATE SET id = excluded.id, type = excluded.type, status = excluded.status,"
    " attempts = excluded.attempts, started_at = excluded.started_at, finished_at = excluded.finished_at,"
    " duration_ms = excluded.duration_ms, input = coalesce(excluded.input, input), output = excluded.output,"
    " error = excluded.error"
)
_RUN_CHANGES: Final = (
    "state",
    "next_at",
    "error",
    "finished_at",
    "nodes_done_at = coalesce({}, nodes_done_at)",
    "lease_owner = CASE WHEN {} THEN NULL ELSE lease_owner END",
)


def _step_values(record: StepRecord) -> tuple[Any, ...]:
    step = record.step
    return (
        record.run_id,
        record.seq,
        step.id,
        step.type,
        step.status,
        step.attempts,
        step.started_at,
        step.finished_at,
        step.duration_ms,
        record.input,
        record.output,
        step.error,
    )


def _run_values(news: RunUpdate) -> tuple[Any, ...]:
    return (news.run_id, news.state, news.next_at, news.error, news.finished_at, news.settles_at, news.release)


def resume(connection: sqlite3.Connection, run_id: str, now: int) -> Run:
    """Let a failed run go on from its last successful step, or its dead deliveries be sent again.

    Raises:
        NotFoundError: there is no such run.
        ConflictError: it is in a state that needs no resume, or later news has overtaken all it has to send.
    """
    run = get_run(connection, run_id)
    if run.state is not RunState.FAILED:
        raise ConflictError(f"cannot resume run {run_id}: it is {run.state.value}, only a failed run can be resumed.")
    nodes_done = connection.execute(
        "UPDATE run SET state = 'retrying', error = NULL, finished_at = NULL,"
        " next_at = CASE WHEN nodes_done_at IS NULL THEN ? END WHERE id = ? RETURNING nodes_done_at",
        (now, run_id),
    ).fetchone()[0]
    if nodes_done is None:
        connection.execute(
            "UPDATE step SET status = 'pending' WHERE run_id = ? AND status = 'failed'"
            " AND seq = (SELECT max(seq) FROM step WHERE run_id = ?)",
            (run_id, run_id),
        )
    revived = deliveries.revive(connection, "run_id", run_id, now)
    if nodes_done is not None and not revived:
        raise ConflictError(f"cannot resume run {run_id}: {deliveries.OVERTAKEN}")
    return get_run(connection, run_id)


def get_run(connection: sqlite3.Connection, run_id: str) -> Run:
    """One run.

    Raises:
        NotFoundError: there is no such run.
    """
    row = connection.execute(f"SELECT {RUN_COLUMNS} FROM run WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"there is no run {run_id!r}")
    return run_from(row)


def run_from(row: Sequence[Any]) -> Run:
    """A row of RUN_COLUMNS as a Run."""
    return Run(
        id=row[0],
        trace_id=row[1],
        pipeline=row[2],
        state=RunState(row[3]),
        incident_id=row[4],
        source=row[5],
        environment=row[6],
        changes=tuple(_changes(row[7])),
        created_at=row[8],
        started_at=row[9],
        finished_at=row[10],
        next_at=row[11],
        error=row[12],
    )


def step_from(row: Sequence[Any]) -> Step:
    """A row of STEP_COLUMNS as a Step."""
    return Step(
        id=row[0],
        type=row[1],
        status=StepStatus(row[2]),
        attempts=row[3],
        started_at=row[4],
        finished_at=row[5],
        duration_ms=row[6],
        output=_decode(row[7]) if row[7] is not None else None,
        error=row[8],
    )


def steps_of(connection: sqlite3.Connection, run_id: str) -> tuple[Step, ...]:
    """The steps of a run in the order of execution."""
    sql = f"SELECT {STEP_COLUMNS} FROM step WHERE run_id = ? ORDER BY seq"
    return tuple(map(step_from, connection.execute(sql, (run_id,))))


def with_their_worlds(connection: sqlite3.Connection, found: Sequence[Run], fresh: Container[str]) -> list[ClaimedRun]:
    """Runs with their incidents as they stand now: what the runs will speak of. A fresh run has no steps yet."""
    ids = list(dict.fromkeys(run.incident_id for run in found if run.incident_id is not None))
    about = {incident.id: incident for incident in incidents.get_incidents(connection, ids)}
    members = alerts.worst_of(connection, ids, MESSAGE_ALERTS)
    fired = dict(
        select(connection, _LIVE, "incident_id, max(fired_seq)", "incident_id", ids, tail="GROUP BY incident_id")
    )
    told: defaultdict[str, dict[str, Told]] = defaultdict(dict)
    for row in select(connection, "told", _TOLD, "incident_id", ids):
        told[row[0]][row[1]] = Told(bool(row[2]), row[3], Severity(row[4]), bool(row[5]), row[6])
    return [
        ClaimedRun(
            run=run,
            incident=about[run.incident_id] if run.incident_id else None,
            alerts=members.get(run.incident_id or "", ()),
            fired_seq=fired.get(run.incident_id or "", 0),
            told=told.get(run.incident_id or "", {}),
            steps=() if run.id in fresh else steps_of(connection, run.id),
        )
        for run in found
    ]


_LIVE: Final = "(SELECT incident_id, fired_seq FROM alert WHERE status <> 'resolved')"
_TOLD: Final = "incident_id, channel, firing, fired_seq, severity, acknowledged, at"


def _changes(text: str) -> list[Change]:
    return [Change(change) for change in _decode(text)]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
