"""A time limit that costs nothing where nothing waits.

Most nodes of most runs never give up the event loop: a timer for each of them would be the dearest part of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is cancelled once it has waited for so long.

    Raises:
        TimeoutError: it took longer.
    """
    try:
        waits_for = work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    async with asyncio.timeout(seconds):
        return await _Begun(work, waits_for)


class _Begun(Generator[Any, Any, T]):
    """A coroutine that has been begun by hand, for `await` to go on with from where it waits."""

    def __init__(self, work: Coroutine[Any, Any, T], waits_for: Any) -> None:
        self._work = work
        self._waits_for = waits_for
        self._is_handed_over = False

    def __await__(self) -> Generator[Any, Any, T]:
        return self

    def send(self, value: Any) -> Any:
        """What it waits for next; at first, what it waits for already."""
        if self._is_handed_over:
            return self._work.send(value)
        self._is_handed_over = True
        return self._waits_for

    def throw(self, *error: Any) -> Any:
        """Let it have an error, a cancellation for instance."""
        return self._work.throw(*error)

    def close(self) -> None:
        """Let go of it."""
        self._work.close()
