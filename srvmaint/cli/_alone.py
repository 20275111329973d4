"""Working without a daemon: open everything, do one thing, drive what it started to its end, close."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TextIO, TypeVar

from srvmaint.cli._context import Context
from srvmaint.clock import Clock
from srvmaint.config.schema import Config
from srvmaint.errors import StoreLockedError
from srvmaint.services import Services, open_services
from srvmaint.store.reader import Reader

R = TypeVar("R")
DRAIN_SECONDS = 30.0


@contextlib.asynccontextmanager
async def opened(config: Config, terminal: TextIO | None = None) -> AsyncIterator[Services]:
    """Services with their workers running; leaving finishes what is on the wire.

    The console channel writes to `terminal`, else to stdout.

    Raises:
        StoreLockedError: a daemon has the database.
    """
    async with open_services(
        config, clock=Clock(), terminal=terminal or sys.stdout, on_fatal=lambda _error: None
    ) as services:
        workers = asyncio.create_task(services.workers.run(), name="workers")
        try:
            yield services
        finally:
            workers.cancel()
            await asyncio.gather(workers, return_exceptions=True)
            await services.workers.drain(DRAIN_SECONDS)
            await services.outbox.close(DRAIN_SECONDS)


def do(
    context: Context,
    alone: Callable[[Services], Awaitable[R]],
    ask: Callable[[], R],
    terminal: TextIO | None = None,
) -> R:
    """Do it here if the database is free, else ask the daemon that has it."""
    config = context.load_config()

    async def here() -> R:
        async with opened(config, terminal) as services:
            return await alone(services)

    try:
        return asyncio.run(here())
    except StoreLockedError:
        return ask()


def read(context: Context, look: Callable[[Reader], Awaitable[R]]) -> R:
    """Read the database, whoever else uses it."""
    database = context.load_host_config().storage.database

    async def look_and_close() -> R:
        reader = await Reader.open(database, connections=1)
        try:
            return await look(reader)
        finally:
            await reader.close()

    return asyncio.run(look_and_close())
