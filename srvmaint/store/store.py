"""What can be asked of the store, in the terms of the product."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from srvmaint.clock import SECOND, Clock, Ids, id_floor
from srvmaint.errors import StoreError, StoreUnavailableError
from srvmaint.incidents.heartbeat import Beat, Pulse
from srvmaint.model import Change, CheckResult, Delivery, DeliveryState, Incident, IncidentStatus, Run
from srvmaint.store import db, deliveries, evidence, heartbeats, incidents, migrate, rejected, retention, runs
from srvmaint.store.batch import Connection, Lane
from srvmaint.store.intake import take_in
from srvmaint.store.reader import Reader
from srvmaint.store.records import (
    Accepted,
    Batch,
    Claimed,
    ClaimedDeliveries,
    Job,
    Lease,
    Numbers,
    Origin,
    QueuedRun,
    Rejected,
    RunEntry,
)
from srvmaint.store.space import Space
from srvmaint.store.writer import Writer

log = logging.getLogger(__name__)


class Store:
    """The open database. Made by `Store.open`; whatever is awaited here is durable when the await returns."""

    def __init__(
        self, writer: Writer, reader: Reader, lock: db.FileLock, space: Space, clock: Clock, numbers: Numbers
    ) -> None:
        self._writer = writer
        self._numbers = numbers
        self._new_id = Ids(clock.now).new
        self._lock = lock
        self._space = space
        self.reader = reader

    @classmethod
    async def open(
        cls,
        database: Path,
        clock: Clock,
        *,
        durability: str = "full",
        on_fatal: Callable[[StoreError], None],
        wrap: Callable[[Connection], Connection] = lambda connection: connection,
    ) -> Self:
        """Lock, open and migrate the file.

        Args:
            database: the file; its folder is made.
            clock: for waiting times and the disk's watch.
            durability: `full` survives a power cut, `normal` only a killed process.
            on_fatal: called when the database can no longer be used; the process should end.
            wrap: stands between the writer and its connection; tests let faults happen there.

        Raises:
            StoreError: with the reason and what to do.
        """
        db.prepare_directory(database)
        with contextlib.ExitStack() as undo:
            lock = db.FileLock(database)
            undo.callback(lock.release)
            connection = db.open_writer(database, durability=durability)
            undo.callback(connection.close)
            applied = migrate.migrate(connection, database)
            if applied:
                log.info("%s: applied %s", database, ", ".join(applied))
            space = Space(database, clock)
            space.start()
            reader = await Reader.open(database)
            numbers = Numbers(_next(connection, "payload"), _next(connection, "alert"))
            undo.pop_all()
        return cls(Writer(wrap(connection), clock, on_fatal), reader, lock, space, clock, numbers)

    async def close(self) -> None:
        """Write what is queued, then let go of the file."""
        await self.reader.close()
        await self._writer.close()
        self._lock.release()

    @property
    def trouble(self) -> str | None:
        """Why no alert can be accepted now; None when all is well."""
        return self._writer.trouble or self._space.refusal()

    @property
    def waiting(self) -> int:
        """Bodies submitted and not yet committed."""
        return self._writer.waiting

    async def written(self) -> None:
        """Everything posted so far has been committed when this returns."""
        await self._writer.submit(_nothing)

    async def heartbeat(self) -> None:
        """Prove that the writer is alive by committing a write."""
        await self._writer.submit(_touch)

    # ---- intake ---------------------------------------------------------------------------------------------------

    def admit(self, size: int) -> None:
        """See that a body of `size` bytes can be taken.

        Raises:
            StoreUnavailableError: not now; the sender is asked to come again.
        """
        self._writer.admit(size)
        refusal = self._space.refusal()
        if refusal is not None:
            raise StoreUnavailableError(f"cannot store alerts now: {refusal}", retry_after=30)

    def intake(self, batch: Batch, lease: Lease | None) -> asyncio.Future[Accepted]:
        """Write an accepted body and queue its runs; see `store.intake`."""
        job = Job(batch, lease, self._new_id, self._numbers)
        return self._writer.submit_grouped(
            take_in, job, lane=Lane.INTAKE, rows=1 + 4 * len(batch.alerts), size=len(batch.body)
        )

    async def keep_rejected(self, body: Rejected) -> None:
        """Keep a body that could not be used."""
        await self._writer.submit(rejected.keep, body, lane=Lane.INTAKE, size=len(body.body))

    async def mark_replayed(self, rejected_id: str, now: int) -> None:
        """Say that a rejected body has since been accepted."""
        await self._writer.submit(rejected.mark_replayed, rejected_id, now)

    # ---- runs -----------------------------------------------------------------------------------------------------

    async def take_back(self, now: int) -> tuple[int, int]:
        """At start: give back what a dead owner held. Returns (runs, deliveries)."""
        return await self._writer.submit(_take_back, now)

    async def queue_alone(self, pipeline: str, origin: Origin, now: int) -> QueuedRun:
        """Queue a run without an alert."""
        order = runs.Order(None, pipeline, origin.trace_id, origin.source, origin.environment, now)
        return await self._writer.submit(runs.queue_alone, order, self._new_id)

    async def claim_runs(self, lease: Lease) -> Claimed:
        """Take due runs."""
        return await self._writer.submit(runs.claim_runs, lease)

    def extend_leases(self, owner: str, run_ids: Sequence[str], until: int) -> None:
        """The workers' heartbeat."""
        self._writer.post(runs.extend_leases, owner, run_ids, until)

    def note_run(self, entry: RunEntry) -> None:
        """Write down progress that nobody has to wait for; it is durable before anything submitted later."""
        self._writer.post_grouped(_write_runs, entry)

    async def commit_run(self, entry: RunEntry) -> set[str]:
        """Commit what is to be sent before it is sent. Returns the ids of the deliveries taken with the lease."""
        return await self._writer.submit_grouped(_write_runs, entry)

    async def evidence(self, ids: Sequence[str]) -> tuple[CheckResult, ...]:
        """Results that a stored step rests on."""
        return await self._writer.submit(evidence.load, ids)

    async def resume_run(self, run_id: str, now: int) -> Run:
        """Let a failed run go on; see `store.runs.resume`."""
        return await self._writer.submit(_resume, run_id, now, self._new_id)

    # ---- deliveries -----------------------------------------------------------------------------------------------

    async def claim_deliveries(self, channel: str, lease: Lease) -> ClaimedDeliveries:
        """Take a channel's due messages."""
        return await self._writer.submit(deliveries.claim, channel, lease)

    def record_delivery(self, sent: deliveries.Sent) -> asyncio.Future[bool]:
        """Write down how an attempt ended; True when another message of the channel may go out."""
        return self._writer.submit_grouped(deliveries.record, sent, patient=True)

    async def bury_unknown(self, channels: Sequence[str], now: int) -> int:
        """Give up messages to channels that are no longer configured."""
        return await self._writer.submit(deliveries.bury_unknown, channels, now)

    async def retry_delivery(self, delivery_id: str, now: int) -> Delivery:
        """Send a dead message again; see `store.deliveries.retry`."""
        return await self._writer.submit(_retry, delivery_id, now, self._new_id)

    # ---- incidents ------------------------------------------------------------------------------------------------

    async def acknowledge(self, incident_id: str, by: str, now: int) -> Incident:
        """Say that somebody is on it."""
        return await self._writer.submit(incidents.acknowledge, incident_id, by, now)

    async def resolve(self, incident_id: str, by: str, origin: Origin, now: int) -> Incident:
        """Say that it is over, and tell those who were told that it was not."""
        return await self._writer.submit(_resolve, incident_id, by, origin, now, self._new_id)

    async def close_incident(self, incident_id: str, by: str, now: int) -> Incident:
        """Say that all is done about it."""
        return await self._writer.submit(incidents.close, incident_id, by, now)

    async def add_note(self, incident_id: str, by: str, text: str, now: int) -> Incident:
        """Write something down about it."""
        return await self._writer.submit(incidents.add_note, incident_id, by, text, now)

    # ---- heartbeats -----------------------------------------------------------------------------------------------

    async def has_heartbeats(self) -> bool:
        """Whether any job was ever expected."""
        return await self.reader.row("SELECT 1 FROM heartbeat LIMIT 1") is not None

    async def expect_heartbeats(self, slugs: Sequence[str], now: int) -> list[Pulse]:
        """Listen for these jobs; returns what is known of all."""
        return await self._writer.submit(heartbeats.expect, slugs, now)

    async def excuse_heartbeats(self, pulses: Sequence[Pulse]) -> list[Pulse]:
        """Count these jobs' next beats from another moment."""
        return await self._writer.submit(heartbeats.excuse, pulses)

    async def beat(self, beat: Beat) -> Pulse:
        """Write down one word of a job; see `store.heartbeats.beat`."""
        return await self._writer.submit(heartbeats.beat, beat)

    async def note_heartbeat(self, told: Pulse) -> Pulse:
        """Write down what an alert was told."""
        return await self._writer.submit(heartbeats.note_told, told)

    async def watched_heartbeats(self, now: int) -> None:
        """Write down that somebody listened until now."""
        await self._writer.submit(heartbeats.watched, now)

    async def forget_heartbeat(self, slug: str) -> None:
        """Stop expecting a job."""
        await self._writer.submit(heartbeats.forget, slug)

    # ---- maintenance ----------------------------------------------------------------------------------------------

    async def prune(self, before: int) -> int:
        """Delete one chunk of what is older than `before` (epoch ms); 0 when nothing is left to delete."""
        return await self._writer.submit(retention.prune, before, id_floor(before), lane=Lane.MAINTENANCE)

    async def give_back(self) -> int:
        """Return some free pages to the file system; how many are left."""
        return await self._writer.submit(retention.give_back, lane=Lane.MAINTENANCE)

    async def tidy(self, retention_seconds: float, now: int) -> int:
        """Prune everything older than the retention, then give its room back. Returns the rows deleted."""
        total = 0
        while deleted := await self.prune(now - int(retention_seconds * SECOND)):
            total += deleted
        if total:
            left = await self.give_back()
            while left and (following := await self.give_back()) < left:
                left = following
            await self._writer.submit(retention.shrink, lane=Lane.MAINTENANCE)
        return total


def _next(connection: sqlite3.Connection, table: str) -> int:
    """The number of the next row."""
    return int(connection.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}").fetchone()[0])


def _nothing(_connection: sqlite3.Connection) -> None:
    """An operation whose only effect is its turn."""


def _touch(connection: sqlite3.Connection) -> None:
    """A write that changes nothing but has to reach the disk."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.execute(f"PRAGMA user_version = {version}")


def _take_back(connection: sqlite3.Connection, now: int) -> tuple[int, int]:
    return runs.take_back(connection, now), deliveries.take_back(connection, now)


def _write_runs(connection: sqlite3.Connection, entries: Sequence[RunEntry]) -> list[set[str]]:
    evidence.keep(connection, [result for entry in entries for result in entry.evidence])
    runs.record(connection, entries)
    sending = [entry.outgoing for entry in entries if entry.outgoing is not None]
    taken = iter(deliveries.insert(connection, sending))
    settled = {entry.update.run_id: entry.update.settles_at for entry in entries if not _sends(entry)}
    deliveries.settle(connection, {run_id: at for run_id, at in settled.items() if at is not None})
    return [next(taken) if entry.outgoing is not None else set() for entry in entries]


def _sends(entry: RunEntry) -> bool:
    """Whether a message is now on its way, whose end will settle the run."""
    return entry.outgoing is not None and any(
        intent.delivery.state is DeliveryState.DUE for intent in entry.outgoing.intents
    )


def _resume(connection: sqlite3.Connection, run_id: str, now: int, new_id: Callable[[], str]) -> Run:
    run = runs.resume(connection, run_id, now)
    _tell_the_end(connection, run, now, new_id)
    return run


def _retry(connection: sqlite3.Connection, delivery_id: str, now: int, new_id: Callable[[], str]) -> Delivery:
    delivery = deliveries.retry(connection, delivery_id, now)
    _tell_the_end(connection, runs.get_run(connection, delivery.run_id), now, new_id)
    return delivery


def _tell_the_end(connection: sqlite3.Connection, run: Run, now: int, new_id: Callable[[], str]) -> None:
    """Whoever is now told late that something fires is told as well that it is over, where it is."""
    if run.incident_id is None:
        return
    if incidents.get_incident(connection, run.incident_id).status in (IncidentStatus.RESOLVED, IncidentStatus.CLOSED):
        book = runs.RunBook(connection, [run.incident_id], new_id)
        order = runs.Order(run.incident_id, run.pipeline, run.trace_id, run.source, run.environment, now)
        book.queue(order, [Change.RESOLVED])
        book.write()


def _resolve(
    connection: sqlite3.Connection, incident_id: str, by: str, origin: Origin, now: int, new_id: Callable[[], str]
) -> Incident:
    before = incidents.get_incident(connection, incident_id)
    after = incidents.resolve(connection, incident_id, by, now)
    book = runs.RunBook(connection, [incident_id], new_id)
    pipeline = after.pipeline or book.announced_by(incident_id)
    if after.status is not before.status and pipeline is not None:
        order = runs.Order(incident_id, pipeline, origin.trace_id, origin.source, origin.environment, now)
        book.queue(order, [Change.RESOLVED])
        book.write()
    return after
