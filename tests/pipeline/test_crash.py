"""The process dies at any commit of a run's life, before or after it: nothing accepted is lost, nothing is said twice.

The file the dead process leaves is opened again, as the next start does. A message may arrive twice only when it was
on the wire at that moment, and then with the same key.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from srvmaint.errors import StoreError, TransientError
from srvmaint.model import Alert, RunState
from srvmaint.nodes import Context, Outcome
from srvmaint.store import pages
from srvmaint.store.batch import Connection
from srvmaint.store.store import Store
from tests.fakes import START
from tests.incidents.given import RESOLVED, alert
from tests.pipeline.room import FakeChannel, Room, RoomClock, ScriptedNode, spec
from tests.store.faults import CrashedError, Faulty
from tests.store.given import opened

CHANNELS = ("ops", "mail")
WALK = (spec("ingest"), spec("context"), spec("notify"))


@dataclass
class Doom:
    """Kills the writer at its `at`-th commit from the start, before it happens or once it has."""

    at: int
    after: bool
    commits: int = 0
    connection: Faulty | None = None

    def __call__(self, real: Connection) -> Faulty:
        """Stand between the writer and SQLite."""
        self.connection = Faulty(real)
        self.connection.before = self._before
        self.connection.after = self._after
        return self.connection

    @property
    def struck(self) -> bool:
        """Whether it has come to that."""
        return self.commits >= self.at

    def _before(self, connection: Faulty, sql: str) -> None:
        if sql == "COMMIT":
            self.commits += 1
        if self.struck and not (self.after and sql == "COMMIT" and self.commits == self.at):
            if connection.in_transaction:
                connection.real.execute("ROLLBACK")
            raise CrashedError

    def _after(self, _connection: Faulty, sql: str) -> None:
        if sql == "COMMIT" and self.struck:
            raise CrashedError


@dataclass
class World:
    """What outlives the process: the senders, who know what was accepted, and the receivers."""

    folder: Path
    clock: RoomClock = field(default_factory=RoomClock)
    channels: dict[str, FakeChannel] = field(default_factory=lambda: {name: FakeChannel() for name in CHANNELS})
    looks: Counter[str] = field(default_factory=Counter)
    accepted: list[str] = field(default_factory=list)
    """Run ids the senders were answered with."""
    bodies: int = 0

    def room(self, store: Store) -> Room:
        """One process's engine room."""
        place = Room(store, self.clock, self.channels)
        place.scripts["context"] = ScriptedNode(RunState.CHECKED)
        place.scripts["context"].script.append(self.look)
        place.use(*WALK)
        return place

    async def look(self, context: Context) -> Outcome:
        """The node between: something that takes a moment."""
        await asyncio.sleep(0)
        self.looks[context.run.id] += 1
        return Outcome({"looked": True})

    async def say(self, place: Room, *alerts: Alert) -> None:
        """A body comes in; the sender remembers what it was told."""
        accepted = await place.fire(*alerts)
        self.bodies += 1
        self.accepted += [run.run_id for run in accepted.runs]

    def story(self) -> list[list[Alert]]:
        """Two incidents, one of them over in the end."""
        now = START
        return [
            [alert("a", start=now), alert("z", start=now, labels={"instance": "db2"})],
            [alert("b", start=now)],
            [alert("a", RESOLVED, start=now, end=now), alert("b", RESOLVED, start=now, end=now)],
        ]

    def arrivals(self, name: str) -> Counter[str]:
        """How often each message has arrived at a channel, by its key."""
        return Counter(key for key, _ in self.channels[name].sent)

    def delivered(self) -> set[str]:
        """The messages that the file says have arrived."""
        connection = sqlite3.connect(self.folder / "srvmaint.db")
        try:
            return {row[0] for row in connection.execute("SELECT id FROM delivery WHERE state = 'delivered'")}
        finally:
            connection.close()


async def live_until(world: World, doom: Doom) -> None:
    """One process, until it has done everything or the crash comes."""
    died = asyncio.Event()
    async with opened(
        world.folder / "srvmaint.db", world.clock, on_fatal=lambda _error: died.set(), wrap=doom
    ) as store:
        place = world.room(store)
        try:
            with contextlib.suppress(StoreError):
                await place.start()
                for body in world.story()[world.bodies :]:
                    await world.say(place, *body)
                await finished(world, place, died)
            if doom.struck:
                await died.wait()
        finally:
            await place.stop(seconds=0)


async def finished(world: World, place: Room, died: asyncio.Event) -> None:
    """Wait until every accepted run has ended, or nothing can end any more."""

    async def over() -> bool:
        if died.is_set():
            return True
        runs = (await pages.page(place.store.reader, "runs", {}, limit=500)).items
        waiting = [run for run in runs if run.finished_at is None]
        if any(run.state is RunState.RETRYING for run in waiting):
            await place.passes(10)
        return not waiting and {run.id for run in runs} >= set(world.accepted)

    await place.until(over)


async def check(world: World) -> None:
    """What the senders and receivers may rely on, once all has come to rest."""
    async with opened(world.folder / "srvmaint.db", world.clock) as store:
        runs = (await pages.page(store.reader, "runs", {}, limit=500)).items
        known = {run.id: run for run in runs}
        assert set(world.accepted) <= known.keys()
        assert {run.state for run in runs} == {RunState.NOTIFIED}
        incidents = (await pages.page(store.reader, "incidents", {})).items
        assert sorted(incident.status.value for incident in incidents) == ["open", "resolved"]
        assert await store.reader.rows("PRAGMA integrity_check") == [("ok",)]
        assert await store.reader.rows("PRAGMA foreign_key_check") == []
        deliveries = (await pages.page(store.reader, "deliveries", {}, limit=500)).items
    for name, channel in world.channels.items():
        sent = list(dict.fromkeys(key for key, _ in channel.sent))
        assert set(sent) == {delivery.id for delivery in deliveries if delivery.channel == name}
        messages = dict(channel.sent)
        for incident in incidents:
            story = [messages[key].status for key in sent if messages[key].incident_id == incident.id]
            if not story and incident.status == "resolved":  # it was over before anybody had been told
                continue
            assert story[0] == "firing"
            assert story.count("resolved") == (incident.status == "resolved")
            assert "resolved" not in story[:-1]


async def lives(world: World, doom: Doom) -> bool:
    """A life that ends at that commit and the life after it. False when the first never came that far."""
    await live_until(world, doom)
    arrived = world.delivered()
    before = {name: world.arrivals(name) for name in world.channels}
    if not doom.struck:
        await check(world)
        return False
    await live_until(world, Doom(at=10**9, after=False))
    await check(world)
    for name in world.channels:
        again = world.arrivals(name) - before[name]
        assert not arrived & again.keys(), "what the file said had arrived was sent again"
        assert all(count == 1 for count in (*before[name].values(), *again.values()))
    return True


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
async def test_a_crash_at_any_commit_loses_nothing_and_repeats_nothing(tmp_path: Path, *, after: bool) -> None:
    for at in itertools.count(1):
        world = World(tmp_path / str(at))
        if not await lives(world, Doom(at, after)):
            break
    assert at > 6


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
async def test_a_crash_while_a_message_is_tried_again_keeps_its_key(tmp_path: Path, *, after: bool) -> None:
    for at in itertools.count(1):
        world = World(tmp_path / str(at))
        for channel in world.channels.values():
            channel.script.extend([TransientError("503")] * 2)
        if not await lives(world, Doom(at, after)):
            break
    assert at > 6


async def test_two_crashes_in_a_row_are_no_worse(tmp_path: Path) -> None:
    for first, second in itertools.product(range(2, 16, 3), range(2, 12, 3)):
        world = World(tmp_path / f"{first}-{second}")
        await live_until(world, Doom(first, after=bool(first % 2)))
        await live_until(world, Doom(second, after=bool(second % 2)))
        await live_until(world, Doom(at=10**9, after=False))
        await check(world)


@pytest.mark.parametrize("first", range(3))
async def test_a_forced_stop_at_any_moment_loses_nothing_and_repeats_nothing(tmp_path: Path, first: int) -> None:
    for moment in range(first, 60, 3):
        world = World(tmp_path / str(moment))
        async with opened(world.folder / "srvmaint.db", world.clock) as store:
            place = world.room(store)
            await place.start()
            senders = [asyncio.create_task(world.say(place, *body)) for body in world.story()]
            for _ in range(moment):
                await asyncio.sleep(0)
            await place.stop(seconds=0)
            await asyncio.gather(*senders)
        arrived = world.delivered()
        before = {name: world.arrivals(name) for name in world.channels}
        await live_until(world, Doom(at=10**9, after=False))
        await check(world)
        for name in world.channels:
            again = world.arrivals(name) - before[name]
            assert not arrived & again.keys()
            assert all(count == 1 for count in again.values())
