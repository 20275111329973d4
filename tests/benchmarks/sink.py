"""The receiver process as a benchmark holds it, and the configuration that sends everything there."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Self

from tests.benchmarks.children import Child, helper


class Sink:
    """Notes when each alert's message arrives."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self.port = child.port

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls) -> AsyncIterator[Self]:
        """Start it; it is gone at the end."""
        async with helper("receiver") as child:
            yield cls(child)

    async def take(self, count: int) -> dict[int, int]:
        """Wait until this many different alerts have arrived since the last time: number to monotonic nanoseconds."""
        await self._child.say(f"wait {count}")
        return {int(number): at for number, at in json.loads(await self._child.line()).items()}


def full(port: int) -> str:
    """Everything goes through the preset `full` to the sink, and the host is looked at once for all of it.

    The levels make the memory alerts confirmed on any host: what a message says, and so its size, is not to depend on
    how busy the host is. That is also why nobody looks at the processors.
    """
    return (
        '[checkers]\nreuse = "1h"\nenabled = ["memory", "disk"]\n'
        "[checkers.memory]\nwarning = 0.1\ncritical = 0.2\n"
        "[checkers.disk]\nwarning = 99\ncritical = 100\n"
        f'[[channels]]\nname = "hook"\ndriver = "generic"\nendpoint_url = "http://127.0.0.1:{port}/hook"\n'
        '[[pipelines]]\nname = "everything"\npreset = "full"\n'
    )
