"""The daemon's evidence: recent results are shared, and so is a check under way.

In a storm hundreds of runs want the same three results within a second; they get them without a thread. Everything here
happens on the event loop; only the checks themselves are in threads. The one file of the family that needs asyncio.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from srvmaint.checkers._run import Job, Runner
from srvmaint.clock import Clock
from srvmaint.model import CheckResult


class Evidence:
    """Results younger than `reuse` seconds are given again; concurrent callers share one check."""

    def __init__(self, runner: Runner, *, clock: Clock, reuse: float) -> None:
        self._runner = runner
        self._clock = clock
        self._reuse = reuse
        self._recent: dict[str, tuple[float, CheckResult]] = {}
        self._under_way: dict[str, asyncio.Future[CheckResult]] = {}
        self._deadlines: dict[str, asyncio.Task[None]] = {}

    async def gather(self, names: Iterable[str], max_age: float | None = None) -> tuple[CheckResult, ...]:
        """The results of these checkers, in this order, none older than `max_age` (else `reuse`) seconds.

        Being cancelled cancels the waiting, never the check: others may be waiting for it.

        Raises:
            UsageError: there is no such checker.
        """
        wanted = tuple(names)
        oldest = self._clock.monotonic() - (self._reuse if max_age is None else max_age)
        recent = self._recent
        found = {}
        for name in wanted:
            entry = recent.get(name)
            if entry is not None and entry[0] > oldest:
                found[name] = entry[1]
        missing = {name: self._check(name) for name in wanted if name not in found}
        if missing:
            await asyncio.wait(missing.values())
            found.update((name, future.result()) for name, future in missing.items())
        return tuple(found[name] for name in wanted)

    def close(self) -> None:
        """Forget the deadlines. Checks still hanging stay in their daemon threads and hold up nothing."""
        for task in self._deadlines.values():
            task.cancel()

    def _check(self, name: str) -> asyncio.Future[CheckResult]:
        """The check under way, or a new one."""
        future = self._under_way.get(name)
        if future is not None:
            return future
        loop = asyncio.get_running_loop()
        future = loop.create_future()

        def hand_over(result: CheckResult) -> None:
            try:
                loop.call_soon_threadsafe(self._arrived, name, result)
            except RuntimeError:  # the loop has closed: the daemon has stopped and nobody waits any more
                return

        job = self._runner.start(name, hand_over)
        self._under_way[name] = future
        if job is not None:
            self._deadlines[name] = loop.create_task(self._expire(job), name=f"check-deadline-{name}")
        return future

    async def _expire(self, job: Job) -> None:
        await self._clock.sleep(self._runner.timeout)
        job.expire()

    def _arrived(self, name: str, result: CheckResult) -> None:
        deadline = self._deadlines.pop(name, None)
        if deadline is not None:
            deadline.cancel()
        self._recent[name] = (self._clock.monotonic(), result)
        future = self._under_way.pop(name)
        if not future.done():
            future.set_result(result)
