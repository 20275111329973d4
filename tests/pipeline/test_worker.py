"""The workers: what waits for a run to end is begun at its end, whatever overtakes what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from srvmaint.errors import PermanentError
from srvmaint.model import RunState
from srvmaint.nodes import Context, Outcome
from srvmaint.store.batch import Connection
from tests.incidents.given import alert
from tests.pipeline.room import Room, room, spec
from tests.store.faults import Faulty, Gate, healthy


class Bench:
    """A room whose context node fails when it is told to, and the connection below it."""

    def __init__(self) -> None:
        self.connection: Faulty
        self.place: Room
        self.fail = asyncio.Event()

    def wrap(self, real: Connection) -> Faulty:
        """Stand between the writer and SQLite."""
        self.connection = Faulty(real)
        return self.connection

    async def look(self, _context: Context) -> Outcome:
        """Fail, without anything to wait for in the store."""
        await self.fail.wait()
        raise PermanentError("broken")


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench()
    async with room(tmp_path, wrap=bench.wrap) as bench.place:
        bench.place.use(spec("ingest"), spec("context"), spec("notify"))
        bench.place.scripts["context"].script.append(bench.look)
        yield bench


async def test_the_end_of_a_run_begins_the_one_that_waited_for_it(bench: Bench) -> None:
    place = bench.place
    await place.fire(alert("a"))
    await place.until(lambda: place.scripts["context"].ran)
    second = await place.fire(alert("b"))
    await place.passes(0)
    bench.fail.set()
    await place.reaches(second, RunState.FAILED)


async def test_a_run_that_ends_while_its_follower_is_being_looked_for_is_not_missed(bench: Bench) -> None:
    """The search saw the first run at work; by the time it answers, that run is over and has said so."""
    place = bench.place
    await place.fire(alert("a"))
    await place.until(lambda: place.scripts["context"].ran)
    second = await place.fire(alert("b"))
    await place.passes(0)

    gate = Gate("COMMIT")
    searched: list[str] = []

    def after_the_search(connection: Faulty, sql: str) -> None:
        searched.extend([sql] if "FROM run AS due" in sql else [])
        if searched:
            gate(connection, sql)

    bench.connection.before = after_the_search
    place.workers.wake()
    await gate.reached()
    bench.fail.set()
    await place.until_idle()
    bench.connection.before = healthy
    gate.open()
    await place.reaches(second, RunState.FAILED)


async def test_what_arrived_while_it_was_looked_for_again_is_not_sent_again(bench: Bench) -> None:
    """A clock that jumped made its lease look over; the answer and the search are written down together."""
    place = bench.place
    place.use()
    ops, answer = place.channels["ops"], asyncio.Event()
    ops.script.append(answer)
    accepted = await place.fire(alert("a"))
    await ops.begun.wait()
    await place.passes(0)

    gate = Gate("COMMIT")
    bench.connection.before = gate
    held = asyncio.ensure_future(place.store.heartbeat())
    await gate.reached()
    place.clock.advance(3600)
    await place.until_idle()
    answer.set()
    await place.until_idle()
    bench.connection.before = healthy
    gate.open()
    await held
    await place.reaches(accepted, RunState.NOTIFIED)
    assert len(ops.keys) == 1
