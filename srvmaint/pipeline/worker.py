"""The workers: take due runs, execute them, keep their leases alive."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from srvmaint.clock import SECOND, Clock
from srvmaint.pipeline.dispatch import Dispatcher
from srvmaint.pipeline.engine import LEASE_SECONDS, Engine
from srvmaint.pipeline.watch import Watch
from srvmaint.store.records import ClaimedRun, Lease
from srvmaint.store.store import Store

SLOTS: Final = 32
"""Runs at a time. A run mostly waits: for checkers, for a provider, for the disk."""


class Workers:
    """Runs the engine on whatever is due.

    Args:
        store: where runs are claimed.
        engine: what executes them.
        clock: time.
        watch: told when a run has gone as far as it goes now.
        owner: whose leases the workers hold.
    """

    def __init__(self, store: Store, engine: Engine, clock: Clock, watch: Watch, owner: str) -> None:
        self._watch = watch
        self._store = store
        self._engine = engine
        self._clock = clock
        self._owner = owner
        self._active: set[str] = set()
        self._ended = 0
        self._others_wait = True
        """Runs may be due that nobody could take: the end of any run is a reason to look again."""
        self._dispatcher: Dispatcher[ClaimedRun] = Dispatcher("run", SLOTS, self._claim, self._execute, clock)

    @property
    def busy(self) -> int:
        """How many runs are being executed."""
        return len(self._active)

    def lease(self, wanted: int) -> Lease | None:
        """A lease for as many runs as there is room for, set aside until `start`; None without room."""
        newborn = not self._dispatcher.others_wait
        room = self._dispatcher.reserve(wanted)
        return self._lease(room, newborn=newborn) if room else None

    def start(self, runs: Sequence[ClaimedRun], lease: Lease | None) -> None:
        """Execute runs taken with a lease, and give back what is left of its room."""
        if lease is not None:
            self._dispatcher.start(runs, lease.limit)

    def wake(self) -> None:
        """A run may be due."""
        self._others_wait = True
        self._dispatcher.wake()

    async def run(self) -> None:
        """Take and execute due runs until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._dispatcher.run(), name="runs")
            group.create_task(self._heartbeat(), name="leases")

    async def drain(self, seconds: float) -> bool:
        """Take no more, let those under way finish. True when all of them did."""
        return await self._dispatcher.drain(seconds)

    async def _claim(self, limit: int) -> tuple[Sequence[ClaimedRun], int | None]:
        self._others_wait = False
        under_way, ended = frozenset(self._active), self._ended
        claimed = await self._store.claim_runs(self._lease(limit))
        if claimed.more and self._ended != ended:
            self._dispatcher.wake()  # the one they waited for may have ended since
        self._others_wait = self._others_wait or claimed.more
        # a clock that jumps makes the leases of runs under way look over
        return [one for one in claimed.runs if one.run.id not in under_way], claimed.next_at

    async def _execute(self, claimed: ClaimedRun) -> bool:
        if claimed.run.id in self._active:
            return False
        self._active.add(claimed.run.id)
        try:
            return await self._engine.execute(claimed) or self._others_wait
        finally:
            self._active.discard(claimed.run.id)
            self._ended += 1
            self._watch.changed(claimed.run.id)

    async def _heartbeat(self) -> None:
        while True:
            await self._clock.sleep(LEASE_SECONDS / 3)
            if self._active:
                until = self._clock.now() + LEASE_SECONDS * SECOND
                self._store.extend_leases(self._owner, tuple(self._active), until)

    def _lease(self, limit: int, *, newborn: bool = False) -> Lease:
        now = self._clock.now()
        return Lease(self._owner, now, now + LEASE_SECONDS * SECOND, limit, newborn)
