"""Fakes that are passed in, never patched over: a clock moved by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools

from srvmaint.clock import Clock

START = 1_760_000_000_000
"""2025-10-09T08:53:20Z, where every fake clock begins."""


class FakeClock(Clock):
    """Time stands still until `advance` moves it; sleepers wake in the order of their deadlines."""

    def __init__(self, start: int = START) -> None:
        super().__init__()
        self._now = start
        self._sleepers: list[tuple[int, int, asyncio.Event]] = []
        self._order = itertools.count()

    def now(self) -> int:
        return self._now

    def monotonic(self) -> float:
        return self._now / 1000

    def jitter(self, ceiling: float) -> float:
        """The ceiling itself: the longest wait, always the same."""
        return ceiling

    async def sleep(self, seconds: float) -> None:
        event = asyncio.Event()
        heapq.heappush(self._sleepers, (self._now + round(seconds * 1000), next(self._order), event))
        await event.wait()

    def advance(self, seconds: float) -> None:
        """Move time and wake whoever slept until then."""
        self._now += round(seconds * 1000)
        while self._sleepers and self._sleepers[0][0] <= self._now:
            heapq.heappop(self._sleepers)[2].set()


class TickingClock(FakeClock):
    """Every look at it moves it by a step: whatever is measured with it takes its time, without anybody waiting."""

    def __init__(self, step: float) -> None:
        super().__init__()
        self._step = step
        self._ticks = itertools.count()

    def monotonic(self) -> float:
        return next(self._ticks) * self._step
