"""Giving work to a bounded number of tasks.

The database says what is due; this takes it when there is room, and sleeps until the next thing is due or somebody says
that something new is. Used for runs and, once for each channel, for deliveries.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, Protocol, TypeVar

from srvmaint.clock import SECOND, Clock

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
log = logging.getLogger(__name__)
LONGEST_SLEEP_SECONDS: Final = 30.0
"""A wall clock that is set back must not leave due work lying for longer than this."""


class Claimer(Protocol[T_co]):
    """Takes up to so many due things; returns them and when the next is due (epoch ms; None when nothing waits)."""

    def __call__(self, limit: int, /) -> Awaitable[tuple[Sequence[T_co], int | None]]:
        """Take due things."""


class Dispatcher(Generic[T]):
    """Runs `work` on things that are due, at most `slots` at a time.

    Args:
        name: for the names of the tasks.
        slots: how many at a time.
        claim: takes due things from the store.
        work: does one; it records its own outcome. Returns True when it made something else due.
        clock: to sleep by.
    """

    def __init__(
        self, name: str, slots: int, claim: Claimer[T], work: Callable[[T], Awaitable[bool]], clock: Clock
    ) -> None:
        self._name = name
        self._free = slots
        self._claim = claim
        self._work = work
        self._clock = clock
        self._wake = asyncio.Event()
        self._wake.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._more_waits = True
        self._stopping = False

    @property
    def busy(self) -> int:
        """How many things are being worked on."""
        return len(self._tasks)

    @property
    def others_wait(self) -> bool:
        """Whether something due may be waiting for room."""
        return self._more_waits

    def reserve(self, wanted: int) -> int:
        """Set room aside for things about to be taken; returns how much there was."""
        if self._stopping:
            return 0
        granted = min(wanted, self._free)
        self._free -= granted
        if granted < wanted:
            self._more_waits = True
        return granted

    def start(self, things: Sequence[T], reserved: int) -> None:
        """Work on things taken within a reservation, and give the rest of it back.

        What is taken after the end has begun is left: it is given back at the next start.
        """
        begun = () if self._stopping else things
        for thing in begun:
            task = asyncio.create_task(self._one(thing), name=f"{self._name}-work")
            self._tasks.add(task)
            task.add_done_callback(self._ended)
        self._release(reserved - len(begun))

    def wake(self) -> None:
        """Something may be due."""
        self._more_waits = True
        self._wake.set()

    async def run(self) -> None:
        """Take and start what is due, until cancelled."""
        while True:
            await self._wait(await self._take())

    async def drain(self, seconds: float) -> bool:
        """Take nothing more and let what is being worked on finish; what does not in time is left for the next start.

        Returns:
            True when everything finished.
        """
        self._stopping = True
        tasks = set(self._tasks)
        if not tasks:
            return True
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        return not late

    async def _take(self) -> int | None:
        """One round of claiming; when to look again."""
        room = self.reserve(self._free)
        if not room:
            self._more_waits = True  # nobody knows: whoever ends first lets us look again
            return None
        self._more_waits = False
        try:
            things, next_at = await self._claim(room)
        except BaseException:
            self._free += room
            raise
        self._more_waits = self._more_waits or len(things) == room
        self.start(things, room)
        return next_at

    async def _wait(self, next_at: int | None) -> None:
        if self._more_waits and self._free and not self._stopping:
            return
        self._wake.clear()
        seconds = LONGEST_SLEEP_SECONDS
        if next_at is not None:
            seconds = min(seconds, max(0.0, (next_at - self._clock.now()) / SECOND))
        sleeper = asyncio.ensure_future(self._clock.sleep(seconds))
        waker = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait((sleeper, waker), return_when=asyncio.FIRST_COMPLETED)
        finally:  # without waiting for their end: a second cancellation must not be lost here
            sleeper.cancel()
            waker.cancel()

    async def _one(self, thing: T) -> None:
        if await self._work(thing):
            self._more_waits = True

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("%s: a task ended unexpectedly", self._name, exc_info=task.exception())
        self._release(1)

    def _release(self, slots: int) -> None:
        self._free += slots
        if slots and self._more_waits:
            self._wake.set()
