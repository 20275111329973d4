"""The writer when the disk says no, and when nothing can be saved any more."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from srvmaint.errors import StoreError, StoreUnavailableError
from srvmaint.store.batch import Lane
from tests.store.faults import PATIENCE, CrashedError, Faulty, Hook, healthy, refuse, sqlite_error
from tests.store.test_writer import Desk, write

PASSING = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR | 3 << 8)
WHERE = ("BEGIN", "SAVEPOINT", "INSERT", "RELEASE", "COMMIT")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path / "words.db")
    yield desk
    desk.connection.before = healthy
    await desk.writer.close()


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("code", PASSING)
async def test_intake_is_refused_and_runs_wait_until_the_disk_takes_them(desk: Desk, code: int, where: str) -> None:
    def refusing(connection: Faulty, sql: str) -> None:
        refuse(code, *(("BEGIN",) if desk.writer.trouble else (where,)))(connection, sql)

    async with desk.held(then=refusing):
        sender = desk.writer.submit(write, "alert", lane=Lane.INTAKE, size=5)
        desk.writer.post(write, "step 1")
        run = desk.writer.submit(write, "step 2")
        tidy = desk.writer.submit(write, "tidied", lane=Lane.MAINTENANCE)
    for refused in (sender, tidy):
        with pytest.raises(StoreUnavailableError, match=f"injected {code}"):
            await refused
    with pytest.raises(StoreUnavailableError, match="cannot store alerts now"):
        desk.writer.admit(1)
    assert not run.done()
    assert desk.words() == ["held"]

    desk.connection.before = healthy
    assert await desk.writer.submit(write, "step 3") == "STEP 3"
    assert run.result() == "STEP 2"
    assert desk.words() == ["held", "step 1", "step 2", "step 3"]
    desk.writer.admit(1)
    assert not desk.fatal


async def test_a_sender_that_is_answered_during_trouble_is_answered_no(desk: Desk) -> None:
    desk.connection.before = refuse(sqlite3.SQLITE_FULL)
    with pytest.raises(StoreUnavailableError):
        await desk.writer.submit(write, "a", lane=Lane.INTAKE)
    with pytest.raises(StoreUnavailableError):
        await desk.writer.submit(write, "b", lane=Lane.INTAKE)
    with pytest.raises(StoreUnavailableError):
        await desk.writer.submit(write, "c", lane=Lane.MAINTENANCE)
    assert desk.writer.waiting == 0


async def test_maintenance_that_meets_a_full_disk_harms_nobody(desk: Desk) -> None:
    def tidy(connection: Any) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM word")

    desk.connection.before = refuse(sqlite3.SQLITE_FULL, "DELETE")
    with pytest.raises(StoreUnavailableError, match="tidy"):
        await desk.writer.submit(tidy, lane=Lane.MAINTENANCE)
    assert await desk.writer.submit(write, "a") == "A"


async def test_closing_while_the_disk_is_full_ends_and_says_what_was_not_written(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "words.db")
    desk.connection.before = refuse(sqlite3.SQLITE_FULL)
    run = desk.writer.submit(write, "step")
    desk.writer.post(write, "posted")
    sender = desk.writer.submit(write, "alert", lane=Lane.INTAKE)
    async with asyncio.timeout(PATIENCE):
        await desk.writer.close()
    for future in (run, sender):
        with pytest.raises(StoreUnavailableError):
            await future
    assert desk.words() == []


def corrupt(connection: Faulty, sql: str) -> None:
    refuse(sqlite3.SQLITE_CORRUPT, "INSERT", "DELETE")(connection, sql)


def not_a_database(connection: Faulty, sql: str) -> None:
    refuse(sqlite3.SQLITE_NOTADB, "BEGIN")(connection, sql)


def gone(_connection: Faulty, sql: str) -> None:
    if sql == "COMMIT":
        raise CrashedError


def cannot_even_roll_back(_connection: Faulty, sql: str) -> None:
    if sql == "COMMIT":
        raise sqlite_error(sqlite3.SQLITE_IOERR)
    if sql == "ROLLBACK":
        raise sqlite_error(sqlite3.SQLITE_CORRUPT)


def lost_without_a_word(connection: Faulty, sql: str) -> None:
    if sql.startswith("INSERT"):
        connection.real.execute("ROLLBACK")
        raise LookupError


@pytest.mark.parametrize("hook", [corrupt, not_a_database, gone, cannot_even_roll_back, lost_without_a_word])
async def test_when_nothing_can_be_saved_everybody_is_told_and_nobody_waits(tmp_path: Path, hook: Hook) -> None:
    desk = Desk(tmp_path / "words.db")
    async with desk.held(then=hook):
        desk.writer.post(write, "posted")
        waiting = [
            desk.writer.submit(write, f"{lane.name} {number}", lane=lane)
            for number in range(300)
            for lane in (Lane.MAINTENANCE, Lane.INTAKE, Lane.RUN)
        ]
    async with asyncio.timeout(PATIENCE):
        results = await asyncio.gather(*waiting, return_exceptions=True)
        await desk.died.wait()
    assert all(isinstance(result, StoreError) for result in results)
    assert desk.words() == ["held"]
    assert len(desk.fatal) == 1
    with pytest.raises(StoreError):
        await desk.writer.submit(write, "too late")
    with pytest.raises(StoreError):
        desk.writer.post(write, "too late")
    desk.connection.before = healthy
    async with asyncio.timeout(PATIENCE):
        await desk.writer.close()


async def test_what_is_submitted_while_the_writer_dies_is_answered(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "words.db")
    desk.connection.before = corrupt
    answers: list[BaseException] = []

    async def sender(number: int) -> None:
        for _ in range(number):
            await asyncio.sleep(0)
        try:
            await desk.writer.submit(write, str(number))
        except StoreError as error:
            answers.append(error)

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(sender(number) for number in range(200)))
    assert len(answers) == 200
    desk.connection.before = healthy
    await desk.writer.close()
