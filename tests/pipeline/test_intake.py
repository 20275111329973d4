"""The one way in: kept when it returns, and kept although nobody waits for the answer."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from srvmaint.errors import PayloadError, StoreUnavailableError, UsageError
from srvmaint.model import RunState
from srvmaint.pipeline.worker import SLOTS
from srvmaint.store import pages
from srvmaint.store.batch import Connection
from tests.incidents.given import alert
from tests.pipeline.room import Room, room
from tests.store.faults import Faulty, Gate, healthy, refuse
from tests.store.given import TRACE


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as place:
        yield place


def host(number: int) -> dict[str, str]:
    return {"instance": f"db{number}"}


async def test_what_is_accepted_is_stored_routed_and_at_work_when_it_returns(place: Room) -> None:
    accepted = await place.fire(alert("a"), alert("b", labels=host(2)))
    assert [(run.pipeline, run.coalesced) for run in accepted.runs] == [("full", False)] * 2
    assert len(accepted.claimed) == 2
    assert place.workers.busy <= 2
    for number in range(2):
        run, _, _ = await pages.run(place.store.reader, accepted.runs[number].run_id)
        assert run.started_at is not None


async def test_a_pipeline_that_does_not_exist_is_refused_and_nothing_stored(place: Room) -> None:
    with pytest.raises(UsageError, match="there is no pipeline 'nope': there is full"):
        await place.fire(pipeline="nope")
    assert await place.store.reader.rows("SELECT id FROM payload") == []


async def test_a_sender_that_hangs_up_loses_neither_its_alert_nor_a_worker(place: Room) -> None:
    chance = random.Random(7)  # noqa: S311 - the same chance every time
    senders = []
    for number in range(10 * SLOTS):
        senders.append(asyncio.create_task(place.fire(alert(f"a{number}", labels=host(number)))))
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        senders[-1].cancel()
    results = await asyncio.gather(*senders, return_exceptions=True)
    assert sum(isinstance(result, asyncio.CancelledError) for result in results) > SLOTS
    await place.until(lambda: not place.store.waiting)
    stored = len(await place.store.reader.rows("SELECT id FROM payload"))
    assert stored > SLOTS
    ops = place.channels["ops"]
    await place.until(lambda: len(ops.sent) == stored)

    async def all_told() -> bool:
        return await place.store.reader.rows("SELECT id FROM run WHERE state <> 'notified'") == []

    await place.until(all_told)
    await place.until(lambda: not place.workers.busy)
    assert place.workers._dispatcher.reserve(2 * SLOTS) == SLOTS
    place.workers._dispatcher.start([], SLOTS)


async def test_a_storm_larger_than_the_workers_is_worked_off(place: Room) -> None:
    bodies = [[alert(f"a{body}-{n}", labels=host(100 * body + n)) for n in range(100)] for body in range(5)]
    await asyncio.gather(*(place.fire(*body) for body in bodies))
    ops = place.channels["ops"]
    await place.until(lambda: len(ops.sent) == 500)
    assert len({key for key, _ in ops.sent}) == 500


async def test_one_incident_of_many_alerts_is_one_message(place: Room) -> None:
    accepted = await place.fire(*(alert(f"a{number}") for number in range(100)))
    await place.reaches(accepted, RunState.NOTIFIED)
    [(_, message)] = place.channels["ops"].sent
    assert (message.alerts_total, len(message.alerts)) == (100, 20)


class Watched:
    """Keeps the connection between the writer and SQLite at hand."""

    def __init__(self) -> None:
        self.connection: Faulty

    def __call__(self, real: Connection) -> Faulty:
        """Stand between."""
        self.connection = Faulty(real)
        return self.connection


async def test_a_disk_that_refuses_gives_the_workers_back(tmp_path: Path) -> None:
    watched = Watched()
    async with room(tmp_path, wrap=watched) as place:
        watched.connection.before = refuse(sqlite3.SQLITE_FULL, "INSERT", "PRAGMA")
        for _ in range(SLOTS + 1):
            with pytest.raises(StoreUnavailableError):
                await place.fire()
        watched.connection.before = healthy
        await place.store.written()
        await place.reaches(await place.fire(), RunState.NOTIFIED)


async def test_too_many_waiting_senders_are_asked_to_come_again(tmp_path: Path) -> None:
    watched = Watched()
    async with room(tmp_path, wrap=watched) as place:
        await place.store.written()
        gate = Gate("COMMIT")
        watched.connection.before = gate
        first = asyncio.create_task(place.fire())
        await gate.reached()
        place.clock.advance(3)
        with pytest.raises(StoreUnavailableError, match="slower"):
            await place.fire()
        with pytest.raises(StoreUnavailableError, match="slower"):
            await place.intake.reject(PayloadError("invalid_json", "no JSON"), b"{", {}, None, TRACE)
        gate.open()
        await first


async def test_a_body_that_cannot_be_used_is_kept_with_its_reason(place: Room) -> None:
    error = PayloadError("invalid_json", "no JSON")
    kept_id = await place.intake.reject(error, b"{", {"User-Agent": "curl"}, "grafana", TRACE)
    kept = await pages.rejected_body(place.store.reader, kept_id)
    assert (kept.body, kept.code, kept.reason, kept.driver) == (b"{", "invalid_json", "no JSON", "grafana")
    assert place.events.counts["bodies_rejected", ("invalid_json",)] == 1


async def test_alerts_are_counted_by_who_brought_them(place: Room) -> None:
    await place.fire(alert("a"), alert("b"))
    assert place.events.counts["alerts_received", ("generic",)] == 2
