"""Reading beside the writer: connections that cannot write, one statement at a time.

No transaction is ever held open here, so a cancelled reader leaves nothing behind and never keeps the log from
shrinking.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Self

import aiosqlite

from srvmaint.errors import NotFoundError, StoreError
from srvmaint.store import db

CONNECTIONS: Final = 2
"""More would only contend for the interpreter."""
_DAMAGE: Final = "Run `srvmaint db check`."


class Reader:
    """A small pool of read-only connections."""

    def __init__(self, connections: Sequence[aiosqlite.Connection]) -> None:
        self._all = tuple(connections)
        self._free: asyncio.LifoQueue[aiosqlite.Connection] = asyncio.LifoQueue()
        for connection in self._all:
            self._free.put_nowait(connection)

    @classmethod
    async def open(cls, database: Path, connections: int = CONNECTIONS) -> Self:
        """Open the pool.

        Raises:
            NotFoundError: there is no database yet.
            StoreError: it cannot be read.
        """
        try:
            os.stat(database)  # noqa: PTH116 - one look at a local file before the pool exists
        except PermissionError as error:
            raise StoreError(f"cannot read {database}: permission denied. Run it as the user of the daemon.") from error
        except FileNotFoundError:
            raise NotFoundError(f"there is no database at {database} yet. Start `srvmaint serve` first.") from None
        pool: list[aiosqlite.Connection] = []
        try:
            for _ in range(connections):
                pool.append(await db.open_reader(database))  # noqa: PERF401 - those opened so far have to be closed
        except BaseException as error:
            await cls(pool).close()
            if isinstance(error, sqlite3.Error):
                raise StoreError(f"cannot read {database}: {error}. {_DAMAGE}") from error
            raise
        return cls(pool)

    async def close(self) -> None:
        """Close every connection; their threads would keep the process alive."""
        for connection in self._all:
            await connection.close()

    async def rows(self, sql: str, values: Iterable[Any] = ()) -> list[Any]:
        """All rows of one statement."""
        async with self._borrowed() as connection:
            try:
                return list(await connection.execute_fetchall(sql, tuple(values)))
            except sqlite3.Error as error:
                raise StoreError(f"cannot read the database: {error}. {_DAMAGE}") from error

    async def row(self, sql: str, values: Iterable[Any] = ()) -> Any | None:
        """The first row of one statement, or None."""
        found = await self.rows(sql, values)
        return found[0] if found else None

    @contextlib.asynccontextmanager
    async def _borrowed(self) -> AsyncIterator[aiosqlite.Connection]:
        connection = await self._free.get()
        try:
            yield connection
        finally:
            self._free.put_nowait(connection)
