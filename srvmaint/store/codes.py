"""What SQLite's refusals mean for the file: well again later, or damaged (https://sqlite.org/rescode.html)."""

from __future__ import annotations

import sqlite3
from typing import Final

_UNAVAILABLE: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOMEM,
    }
)
"""Primary result codes after which the same file can be well again."""
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def is_unavailable(error: BaseException) -> bool:
    """Whether the file refuses just now: the disk is full, somebody else has it locked."""
    return _primary(error) in _UNAVAILABLE


def concerns_everybody(error: BaseException) -> bool:
    """Whether the file is the trouble, and not the one statement."""
    return _primary(error) in _UNAVAILABLE | _DAMAGED


def _primary(error: BaseException) -> int:
    return getattr(error, "sqlite_errorcode", -1) & 0xFF
