"""A life of a few alerts that ends right before or right after a chosen COMMIT. Runs in a process of its own.

The process is forked from a server that has everything imported, so that a crash costs milliseconds, not half a second.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

import msgspec

from srvmaint.config.schema import Config
from srvmaint.pipeline.intake import Offer, read_body
from srvmaint.services import Services
from srvmaint.store.batch import Connection
from tests.caller import DEADLINE
from tests.e2e.bodies import AGAIN, END, alert, body
from tests.opened import configured, opened

LATER: Final = "2026-03-02T12:00:00Z"
LIFE: Final[Sequence[Sequence[dict[str, Any]]]] = (
    (body(alert("A")),),
    (body(alert("B")), body(alert("C"), alert("D"))),
    (body(alert("A", ends=END)),),
    (body(alert("A", severity="warning", starts=AGAIN)), body(alert("B", ends=END))),
    (body(alert("A", starts=AGAIN, ends=LATER), alert("C", ends=END), alert("D", ends=END)),),
)
"""Bodies posted at the same time, each group when all that came of the one before has been told."""
EXPECTED: Final = frozenset(
    {
        *((name, "first_notification") for name in "ABCD"),
        *((name, "all_resolved") for name in "ABCD"),
        ("A", "refired"),
    }
)
"""(title, reason) of every message this life calls for; A is resolved twice."""
MESSAGES: Final = 10
_context = multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class Point:
    """Where to die: at the `commit`th COMMIT, before it or after it."""

    commit: int
    after: bool


class Fatal:
    """A write connection that takes the whole process with it."""

    def __init__(self, connection: Connection, point: Point) -> None:
        self._connection = connection
        self._point = point
        self._commits = 0

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        """Run one statement, unless it is the last."""
        if sql != "COMMIT":
            return self._connection.execute(sql, parameters)
        self._commits += 1
        dies = self._commits == self._point.commit
        if dies and not self._point.after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = self._connection.execute(sql, parameters)
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


async def live(services: Services, folder: Path) -> None:
    """Post what has not been accepted yet, as a sender does that repeats what got no answer."""
    answered = Answered(folder / "accepted")
    for number, group in enumerate(LIFE):
        waiting = {f"{number}.{place}": payload for place, payload in enumerate(group)}
        waiting = {name: payload for name, payload in waiting.items() if name not in answered.names()}
        await asyncio.gather(*(_offer(services, payload, name, answered) for name, payload in waiting.items()))
        await settled(services)


class Answered:
    """What the sender has been told is accepted; it outlives the process."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def add(self, name: str) -> None:
        """Remember one."""
        with self._file.open("a") as file:
            file.write(f"{name}\n")

    def names(self) -> set[str]:
        """All of them, from every life so far."""
        return set(self._file.read_text().split()) if self._file.exists() else set()


async def settled(services: Services) -> None:
    """Return when every run has ended."""
    async with asyncio.timeout(DEADLINE):
        while True:
            await services.store.written()
            row = await services.store.reader.row("SELECT id FROM run WHERE finished_at IS NULL LIMIT 1")
            if row is None:
                return
            await services.watch.end_of(row[0], DEADLINE)


async def _offer(services: Services, payload: dict[str, Any], name: str, answered: Answered) -> None:
    raw = msgspec.json.encode(payload)
    driver, parsed = read_body(services.current.plan, raw, None)
    await services.intake.accept(Offer(parsed, raw, driver, "webhook", services.clock.new_trace_id()))
    answered.add(name)


def die_at(folder: Path, channels: str, point: Point) -> BaseProcess:
    """Start a process that lives until that point, or to the end when there are fewer commits."""
    process = _context.Process(target=_main, args=(folder, channels, point), daemon=True)
    process.start()
    return process


def preload() -> None:
    """Let the fork server import everything once."""
    _context.set_forkserver_preload([__name__])


async def ended(process: BaseProcess) -> int:
    """The exit code: minus nine after a crash."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(process.sentinel, done.set)
    try:
        async with asyncio.timeout(DEADLINE):
            await done.wait()
    finally:
        loop.remove_reader(process.sentinel)
        if process.is_alive() and not done.is_set():
            process.kill()
        process.join()
    code = process.exitcode or 0
    process.close()
    return code


def _main(folder: Path, channels: str, point: Point) -> None:
    asyncio.run(_live_until(folder, configured(folder, channels), point))


async def _live_until(folder: Path, config: Config, point: Point) -> None:
    def wrap(connection: Connection) -> Connection:
        return Fatal(connection, point)

    async with opened(config, wrap=wrap) as services:
        await live(services, folder)
