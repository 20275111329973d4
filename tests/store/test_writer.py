"""The one thread that writes: what it promises, in which order, and to whom."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from srvmaint.errors import StoreError, StoreUnavailableError
from srvmaint.store import writer as writing
from srvmaint.store.batch import Lane
from srvmaint.store.db import open_writer
from srvmaint.store.writer import Writer
from tests.fakes import FakeClock
from tests.store.faults import Faulty, Gate, Hook, healthy


class Desk:
    """A writer on a file with one table, and what came of it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        connection = open_writer(file)
        connection.execute("CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT")
        self.connection = Faulty(connection)
        self.clock = FakeClock()
        self.fatal: list[StoreError] = []
        self.died = asyncio.Event()
        self.writer = Writer(self.connection, self.clock, self._die)

    def _die(self, error: StoreError) -> None:
        self.fatal.append(error)
        self.died.set()

    def words(self) -> list[str]:
        """What another process would read now."""
        reader = sqlite3.connect(self.file)
        try:
            return [row[0] for row in reader.execute("SELECT text FROM word ORDER BY id")]
        finally:
            reader.close()

    @asynccontextmanager
    async def held(self, then: Hook = healthy) -> AsyncIterator[None]:
        """Keep the writer busy committing something, so that what is submitted meanwhile waits together.

        `then` is what the connection does to what has waited.
        """
        gate = Gate("COMMIT")
        self.connection.before = gate
        first = self.writer.submit(write, "held")
        await gate.reached()
        try:
            yield
        finally:
            self.connection.before = then
            gate.open()
        await first


def write(connection: Any, text: str) -> str:
    connection.execute("INSERT INTO word (text) VALUES (?)", (text,))
    return text.upper()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path / "words.db")
    yield desk
    await desk.writer.close()


async def test_a_result_comes_after_the_commit_and_never_before(desk: Desk) -> None:
    gate = Gate("COMMIT")
    desk.connection.before = gate
    future = desk.writer.submit(write, "a")
    await gate.reached()
    assert not future.done()
    assert desk.words() == []
    gate.open()
    assert await future == "A"
    assert desk.words() == ["a"]


async def test_the_error_of_one_operation_is_its_own(desk: Desk) -> None:
    async with desk.held():
        futures = [desk.writer.submit(write, text) for text in ("a", "a", "b")]
    results = await asyncio.gather(*futures, return_exceptions=True)
    assert [results[0], results[2]] == ["A", "B"]
    assert isinstance(results[1], sqlite3.IntegrityError)
    assert desk.words() == ["held", "a", "b"]


async def test_what_an_operation_wrote_before_it_failed_is_undone(desk: Desk) -> None:
    def fail(connection: Any) -> None:
        write(connection, "half")
        raise LookupError

    with pytest.raises(LookupError):
        await desk.writer.submit(fail)
    assert await desk.writer.submit(write, "whole") == "WHOLE"
    assert desk.words() == ["whole"]


async def test_alone_in_its_transaction_an_operation_needs_no_savepoint_and_is_undone_all_the_same(desk: Desk) -> None:
    def half(connection: Any, texts: Sequence[str]) -> list[str]:
        return [write(connection, text) for text in texts]

    await desk.writer.submit(write, "a")
    with pytest.raises(sqlite3.IntegrityError):
        await desk.writer.submit_grouped(half, "a")
    assert not [sql for sql in desk.connection.statements if "SAVEPOINT" in sql]
    assert await desk.writer.submit(write, "b") == "B"
    assert desk.words() == ["a", "b"]


async def test_a_group_alone_in_its_transaction_falls_apart_when_one_of_it_fails(desk: Desk) -> None:
    def all_of(connection: Any, texts: Sequence[str]) -> list[str]:
        return [write(connection, text) for text in texts]

    async with desk.held():
        futures = [desk.writer.submit_grouped(all_of, text) for text in ("a", "a", "b")]
    results = await asyncio.gather(*futures, return_exceptions=True)
    assert [results[0], results[2]] == ["A", "B"]
    assert isinstance(results[1], sqlite3.IntegrityError)
    assert desk.words() == ["held", "a", "b"]


async def test_what_nobody_acts_on_goes_along_with_what_somebody_waits_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "COMPANY_SECONDS", 60.0)
    desk.writer.post(write, "posted")
    assert await desk.writer.submit(write, "awaited") == "AWAITED"
    assert desk.words() == ["posted", "awaited"]
    assert desk.connection.commits == 1


async def test_what_nobody_acts_on_is_written_although_nothing_else_comes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "COMPANY_SECONDS", 0.001)

    def patient(connection: Any, texts: Sequence[str]) -> list[str]:
        return [write(connection, text) for text in texts]

    assert await desk.writer.submit_grouped(patient, "alone", patient=True) == "ALONE"
    assert desk.words() == ["alone"]


async def test_an_error_that_no_future_takes_is_still_an_answer_and_harms_no_neighbour(desk: Desk) -> None:
    def fail(_connection: Any) -> None:
        next(iter(()))

    async with desk.held():
        failing, well = desk.writer.submit(fail), desk.writer.submit(write, "a")
    with pytest.raises(RuntimeError, match="StopIteration"):
        await failing
    assert await well == "A"


async def test_operations_that_wait_together_share_a_commit(desk: Desk) -> None:
    async with desk.held():
        futures = [desk.writer.submit(write, str(number)) for number in range(1000)]
    await asyncio.gather(*futures)
    assert len(desk.words()) == 1001
    assert desk.connection.commits == 1 + -(-1000 // writing.MAX_OPS)


async def test_a_transaction_holds_a_bounded_number_of_rows(desk: Desk) -> None:
    async with desk.held():
        futures = [desk.writer.submit(write, str(n), lane=Lane.INTAKE, rows=writing.MAX_ROWS) for n in range(3)]
    await asyncio.gather(*futures)
    assert desk.connection.commits == 4


async def test_runs_go_first_intake_after_them_and_maintenance_alone_at_the_end(desk: Desk) -> None:
    order: list[tuple[str, bool]] = []

    def note(connection: Any, name: str) -> None:
        order.append((name, connection.in_transaction))

    async with desk.held():
        futures = [
            desk.writer.submit(note, lane.name, lane=lane)
            for lane in (Lane.MAINTENANCE, Lane.INTAKE, Lane.RUN, Lane.MAINTENANCE, Lane.INTAKE, Lane.RUN)
        ]
    await asyncio.gather(*futures)
    ordinary = [("RUN", True), ("RUN", True), ("INTAKE", True), ("INTAKE", True)]
    assert order == [*ordinary, ("MAINTENANCE", False), ("MAINTENANCE", False)]


async def test_what_is_posted_is_written_in_order_and_before_what_is_submitted_later(desk: Desk) -> None:
    async with desk.held():
        for number in range(600):
            desk.writer.post(write, str(number))
        last = desk.writer.submit(write, "last")
    await last
    assert desk.words() == ["held", *map(str, range(600)), "last"]


async def test_a_posted_operation_that_fails_is_told_to_the_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.writer.post(write, "a")
    desk.writer.post(write, "a")
    await desk.writer.submit(write, "b")
    assert desk.words() == ["a", "b"]
    assert "cannot record write" in caplog.text


async def test_neighbours_that_are_cheaper_together_are_done_together(desk: Desk) -> None:
    groups: list[list[str]] = []

    def write_all(connection: Any, texts: Sequence[str]) -> list[str]:
        groups.append([*texts])
        return [write(connection, text) for text in texts]

    async with desk.held():
        futures = [
            desk.writer.submit_grouped(write_all, text, lane=Lane.INTAKE, rows=1, size=1) for text in ("a", "b", "c")
        ]
    assert await asyncio.gather(*futures) == ["A", "B", "C"]
    assert groups == [["a", "b", "c"]]


async def test_a_member_of_a_group_fails_by_itself(desk: Desk) -> None:
    def write_all(connection: Any, texts: Sequence[str]) -> list[str]:
        return [write(connection, text) for text in texts]

    async with desk.held():
        futures = [
            desk.writer.submit_grouped(write_all, text, lane=Lane.INTAKE, rows=1, size=1) for text in ("a", "a", "b")
        ]
    results = await asyncio.gather(*futures, return_exceptions=True)
    assert [results[0], results[2]] == ["A", "B"]
    assert isinstance(results[1], sqlite3.IntegrityError)
    assert desk.words() == ["held", "a", "b"]
    assert desk.writer.waiting == 0


async def test_maintenance_that_fails_leaves_no_transaction_open(desk: Desk) -> None:
    def fail(connection: Any) -> None:
        connection.execute("BEGIN IMMEDIATE")
        write(connection, "half")
        raise LookupError

    with pytest.raises(LookupError):
        await desk.writer.submit(fail, lane=Lane.MAINTENANCE)
    assert await desk.writer.submit(write, "a") == "A"
    assert desk.words() == ["a"]


async def test_two_thousand_random_cancellations_leave_no_transaction_open_and_lose_nothing(desk: Desk) -> None:
    chance = random.Random(1)  # noqa: S311 - the same chance every time
    answered: list[str] = []

    async def sender(number: int) -> None:
        for _ in range(chance.randrange(3)):
            await asyncio.sleep(0)
        lane = chance.choice((Lane.RUN, Lane.INTAKE, Lane.MAINTENANCE))
        text = await desk.writer.submit(write, f"w{number}", lane=lane, size=10 if lane is Lane.INTAKE else 0)
        answered.append(text.lower())

    tasks = []
    for number in range(4000):
        tasks.append(asyncio.create_task(sender(number)))
        if chance.random() < 0.3:
            await asyncio.sleep(0)
        if number % 2:
            tasks[chance.randrange(len(tasks))].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await desk.writer.submit(write, "end")
    assert not desk.connection.in_transaction
    assert set(answered) <= set(desk.words())
    assert sum(task.cancelled() for task in tasks) > 500
    await asyncio.sleep(0)
    assert desk.writer.waiting == 0
    desk.writer.admit(writing.MAX_WAITING_BYTES)


async def test_intake_is_refused_when_too_many_wait(desk: Desk) -> None:
    async with desk.held():
        for number in range(writing.MAX_WAITING_OPS):
            desk.writer.admit(1)
            desk.writer.submit(write, str(number), lane=Lane.INTAKE)
        with pytest.raises(StoreUnavailableError, match="too many") as refused:
            desk.writer.admit(1)
        assert refused.value.retry_after > 0
    await desk.writer.submit(write, "end", lane=Lane.INTAKE)
    desk.writer.admit(1)


async def test_intake_is_refused_when_too_much_waits(desk: Desk) -> None:
    async with desk.held():
        desk.writer.submit(write, "big", lane=Lane.INTAKE, size=writing.MAX_WAITING_BYTES - 1)
        desk.writer.admit(1)
        with pytest.raises(StoreUnavailableError, match="too many"):
            desk.writer.admit(2)
    await desk.writer.submit(write, "end", lane=Lane.INTAKE)
    desk.writer.admit(writing.MAX_WAITING_BYTES)


async def test_intake_is_refused_when_the_oldest_has_waited_too_long(desk: Desk) -> None:
    async with desk.held():
        desk.writer.submit(write, "old", lane=Lane.INTAKE)
        desk.clock.advance(writing.MAX_WAITING_SECONDS)
        desk.writer.admit(1)
        desk.clock.advance(0.001)
        with pytest.raises(StoreUnavailableError, match="slower"):
            desk.writer.admit(1)
    await desk.writer.submit(write, "end", lane=Lane.INTAKE)
    desk.writer.admit(1)


async def test_closing_writes_what_is_queued(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "words.db")
    async with desk.held():
        for number in range(1000):
            desk.writer.post(write, str(number))
        asked = desk.writer.submit(write, "asked", lane=Lane.INTAKE)
        closing = asyncio.create_task(desk.writer.close())
        await asyncio.sleep(0)
    await closing
    assert await asked == "ASKED"
    assert len(desk.words()) == 1002
    assert not desk.fatal


async def test_nothing_is_taken_after_closing_has_begun(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "words.db")
    await desk.writer.close()
    with pytest.raises(StoreUnavailableError, match="stopping"):
        await desk.writer.submit(write, "late")
    with pytest.raises(StoreUnavailableError, match="stopping"):
        desk.writer.post(write, "late")
    assert desk.words() == []
