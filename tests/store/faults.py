"""A connection with faults in it, passed in between the writer and SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

from srvmaint.store.batch import Connection

PATIENCE = 30.0
"""Seconds after which a test that would hang fails instead."""
Hook = Callable[["Faulty", str], None]


class CrashedError(Exception):
    """The process is gone, as far as the writer can tell."""


def sqlite_error(code: int) -> sqlite3.OperationalError:
    """The error SQLite raises with this primary result code."""
    error = sqlite3.OperationalError(f"injected {code}")
    error.sqlite_errorcode = code
    return error


class Faulty:
    """Does what the real connection does, unless a hook has other ideas.

    `before` and `after` are called around every statement with its text; what they raise is what the statement raises.
    """

    def __init__(self, real: Connection) -> None:
        self.real: Any = real
        self.before: Hook = lambda _connection, _sql: None
        self.after: Hook = lambda _connection, _sql: None
        self.statements: list[str] = []

    @property
    def commits(self) -> int:
        """How many transactions have been committed, or at least tried."""
        return self.statements.count("COMMIT")

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return bool(self.real.in_transaction)

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        """Run one statement, as far as the hooks let it."""
        self.statements.append(sql)
        self.before(self, sql)
        result = self.real.execute(sql, parameters)
        self.after(self, sql)
        return result

    def close(self) -> None:
        """Close the real connection."""
        self.real.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def refuse(code: int, *beginnings: str) -> Hook:
    """Statements that begin so fail; a full disk ends the transaction on its own account, as SQLite's does."""

    def hook(connection: Faulty, sql: str) -> None:
        if sql.startswith(beginnings or ("",)):
            if code == sqlite3.SQLITE_FULL and connection.in_transaction:
                connection.real.execute("ROLLBACK")
            raise sqlite_error(code)

    return hook


def healthy(_connection: Faulty, _sql: str) -> None:
    """Nothing is wrong."""


class Gate:
    """Holds the writer thread at the first statement that begins so, until it is opened."""

    def __init__(self, beginning: str) -> None:
        self._beginning = beginning
        self._reached = threading.Event()
        self._open = threading.Event()

    def __call__(self, _connection: Faulty, sql: str) -> None:
        """The hook: stand here until it is opened."""
        if sql.startswith(self._beginning):
            self._reached.set()
            assert self._open.wait(PATIENCE)

    async def reached(self) -> None:
        """Wait until the thread stands before the gate."""
        assert await asyncio.to_thread(self._reached.wait, PATIENCE)

    def open(self) -> None:
        """Let it go on, now and from now on."""
        self._open.set()
