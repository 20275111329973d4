"""Giving work to a bounded number of tasks: promptly, never busily, and letting go when asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from srvmaint.pipeline.dispatch import LONGEST_SLEEP_SECONDS, Dispatcher
from tests.pipeline.room import RoomClock, millis
from tests.store.faults import PATIENCE


@dataclass
class Shop:
    """Things that become due, and what became of them."""

    slots: int = 2
    clock: RoomClock = field(default_factory=RoomClock)
    due: list[tuple[int, str]] = field(default_factory=list)
    looked: int = 0
    at_work: set[str] = field(default_factory=set)
    most: int = 0
    done: list[str] = field(default_factory=list)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    makes_due: bool = False
    trouble: BaseException | None = None

    def __post_init__(self) -> None:
        self.dispatcher: Dispatcher[str] = Dispatcher("test", self.slots, self.claim, self.work, self.clock)

    async def claim(self, limit: int, /) -> tuple[Sequence[str], int | None]:
        """Take what is due."""
        self.looked += 1
        await asyncio.sleep(0)
        if self.trouble is not None:
            raise self.trouble
        ready = [entry for entry in sorted(self.due) if entry[0] <= self.clock.now()][:limit]
        for entry in ready:
            self.due.remove(entry)
        later = [at for at, _ in self.due if at > self.clock.now()]
        return [name for _, name in ready], min(later, default=None)

    async def work(self, name: str) -> bool:
        """Do one, when its gate is open."""
        self.at_work.add(name)
        self.most = max(self.most, len(self.at_work))
        if name in self.gates:
            await self.gates[name].wait()
        self.at_work.discard(name)
        self.done.append(name)
        return self.makes_due

    def add(self, *names: str, after: float = 0) -> None:
        """Something becomes due so many seconds from now."""
        self.due += [(self.clock.now() + millis(after), name) for name in names]

    def hold(self, *names: str) -> None:
        """Let nobody finish these yet."""
        self.gates |= {name: asyncio.Event() for name in names}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """At work until the end."""
        task = asyncio.create_task(self.dispatcher.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.dispatcher.drain(0)


async def quiet() -> None:
    """Let everybody do what they can do without time passing."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_what_is_due_at_the_start_is_done() -> None:
    shop = Shop()
    shop.add("a", "b", "c", "d", "e")
    async with shop.open():
        await quiet()
    assert sorted(shop.done) == ["a", "b", "c", "d", "e"]


async def test_no_more_than_so_many_are_at_work() -> None:
    shop = Shop(slots=3)
    names = [f"w{number}" for number in range(10)]
    shop.add(*names)
    shop.hold(*names)
    async with shop.open():
        await quiet()
        assert len(shop.at_work) == 3
        for name in names:
            shop.gates[name].set()
        await quiet()
    assert (shop.most, len(shop.done)) == (3, 10)


async def test_what_becomes_due_later_is_done_then() -> None:
    shop = Shop()
    shop.add("soon", after=5)
    async with shop.open():
        await quiet()
        assert shop.done == []
        shop.clock.advance(5)
        await quiet()
    assert shop.done == ["soon"]


async def test_being_woken_is_enough() -> None:
    shop = Shop()
    async with shop.open():
        await quiet()
        shop.add("a")
        shop.dispatcher.wake()
        await quiet()
    assert shop.done == ["a"]


async def test_being_woken_while_looking_is_not_forgotten() -> None:
    shop = Shop()
    async with shop.open():
        await quiet()
        shop.dispatcher.wake()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        shop.add("a")
        shop.dispatcher.wake()
        await quiet()
    assert shop.done == ["a"]


async def test_nobody_looks_while_there_is_nothing_to_do() -> None:
    shop = Shop()
    async with shop.open():
        await quiet()
        looked = shop.looked
        await quiet()
        assert shop.looked == looked
        shop.clock.advance(LONGEST_SLEEP_SECONDS)
        await quiet()
        assert shop.looked == looked + 1


async def test_nobody_looks_while_there_is_no_room() -> None:
    shop = Shop(slots=1)
    shop.add("a", "b")
    shop.hold("a")
    async with shop.open():
        await quiet()
        looked = shop.looked
        for _ in range(10):
            shop.dispatcher.wake()
            await quiet()
        assert shop.looked == looked
        shop.gates["a"].set()
        await quiet()
    assert shop.done == ["a", "b"]


async def test_what_becomes_due_while_there_is_no_room_is_done_when_there_is() -> None:
    shop = Shop(slots=1)
    shop.add("a")
    shop.add("b", after=2)
    shop.hold("a")
    async with shop.open():
        await quiet()
        shop.clock.advance(2)
        await quiet()
        shop.gates["a"].set()
        await quiet()
    assert shop.done == ["a", "b"]


async def test_what_becomes_due_after_room_was_made_is_done_in_time() -> None:
    shop = Shop(slots=1)
    shop.add("a")
    shop.add("b", after=2)
    shop.hold("a")
    async with shop.open():
        await quiet()
        shop.clock.advance(1)
        shop.gates["a"].set()
        await quiet()
        shop.clock.advance(1)
        await quiet()
    assert shop.done == ["a", "b"]


async def test_work_that_makes_something_due_has_it_looked_for() -> None:
    shop = Shop(makes_due=True)
    shop.hold("a")
    shop.add("a")
    async with shop.open():
        await quiet()
        shop.add("b")
        shop.gates["a"].set()
        await quiet()
    assert shop.done == ["a", "b"]


async def test_room_that_was_set_aside_is_used_and_what_is_left_given_back() -> None:
    shop = Shop(slots=2)
    assert shop.dispatcher.reserve(5) == 2
    assert shop.dispatcher.reserve(1) == 0
    shop.hold("a")
    shop.dispatcher.start(["a"], 2)
    assert shop.dispatcher.reserve(5) == 1
    shop.dispatcher.start([], 1)
    await quiet()
    shop.gates["a"].set()
    await quiet()
    assert shop.dispatcher.reserve(5) == 2


async def test_whoever_found_no_room_is_looked_for_when_there_is() -> None:
    shop = Shop(slots=1)
    async with shop.open():
        await quiet()
        assert shop.dispatcher.reserve(1) == 1
        shop.add("a")
        assert shop.dispatcher.reserve(1) == 0
        shop.dispatcher.start([], 1)
        await quiet()
    assert shop.done == ["a"]


async def test_work_that_fails_gives_its_room_back(caplog: pytest.LogCaptureFixture) -> None:
    shop = Shop(slots=1)

    async def fail(_name: str) -> bool:
        raise LookupError

    dispatcher: Dispatcher[str] = Dispatcher("test", 1, shop.claim, fail, shop.clock)
    dispatcher.start(["a"], dispatcher.reserve(1))
    await quiet()
    assert dispatcher.reserve(1) == 1
    assert "test: a task ended unexpectedly" in caplog.text


async def test_a_claim_that_fails_ends_the_loop_loudly_and_gives_its_room_back() -> None:
    shop = Shop(trouble=LookupError("gone"))
    with pytest.raises(LookupError):
        await shop.dispatcher.run()
    assert shop.dispatcher.reserve(5) == 2


async def test_draining_lets_what_is_under_way_end_and_takes_nothing_more() -> None:
    shop = Shop()
    shop.hold("a")
    shop.add("a")
    async with shop.open():
        await quiet()
        draining = asyncio.create_task(shop.dispatcher.drain(PATIENCE))
        await quiet()
        assert shop.dispatcher.reserve(1) == 0
        shop.gates["a"].set()
        assert await draining
    assert shop.done == ["a"]


async def test_what_does_not_end_in_time_is_cancelled() -> None:
    shop = Shop()
    shop.hold("a")
    shop.add("a", "b")
    async with shop.open():
        await quiet()
        assert not await shop.dispatcher.drain(0)
    assert shop.done == ["b"]


async def test_what_is_taken_after_draining_has_begun_is_left_for_the_next_start() -> None:
    shop = Shop()
    reserved = shop.dispatcher.reserve(2)
    assert await shop.dispatcher.drain(0)
    shop.dispatcher.start(["late"], reserved)
    await quiet()
    assert (shop.done, shop.dispatcher.busy) == ([], 0)


@pytest.mark.parametrize("rounds", range(12))
async def test_it_ends_when_cancelled_at_whatever_moment(rounds: int) -> None:
    shop = Shop()
    shop.add("a")
    task = asyncio.create_task(shop.dispatcher.run())
    await quiet()
    shop.dispatcher.wake()
    for _ in range(rounds):
        await asyncio.sleep(0)
    task.cancel()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
