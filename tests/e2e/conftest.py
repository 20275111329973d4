from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.caller import DEADLINE
from tests.e2e.daemon import Daemon
from tests.sink import Received, Sink

Start = Callable[..., Awaitable[Daemon]]


class PatientSink(Sink):
    """A sink whose waiting ends: in failure, where nothing came."""

    async def received(self, count: int = 1) -> list[Received]:
        """Wait until so many have arrived, but not for ever."""
        async with asyncio.timeout(DEADLINE):
            return await super().received(count)


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    """A receiver on loopback."""
    async with PatientSink() as receiver:
        yield receiver


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start a daemon with a configuration; every one of them has ended when the test has."""
    async with AsyncExitStack() as stack:

        async def one(config: str = "", *, environ: dict[str, str] | None = None) -> Daemon:
            daemon = Daemon(tmp_path, config, environ=environ)
            stack.push_async_callback(daemon.close)
            await daemon.start()
            return daemon

        yield one
