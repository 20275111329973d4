"""Bodies that could not be used: kept within bounds, listed, replayed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from srvmaint.errors import NotFoundError
from srvmaint.store.records import Rejected

MOST_KEPT: Final = 1000
"""More than this and the oldest go: a broken sender must not fill the disk."""
COLUMNS: Final = "id, at, driver, code, reason, trace_id, headers, body, replayed_at"


def keep(connection: sqlite3.Connection, rejected: Rejected) -> None:
    """Write one down and let the oldest go."""
    connection.execute(
        f"INSERT INTO rejected ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            rejected.id,
            rejected.at,
            rejected.driver,
            rejected.code,
            rejected.reason,
            rejected.trace_id,
            msgspec.json.encode(rejected.headers).decode(),
            rejected.body,
            rejected.replayed_at,
        ),
    )
    connection.execute(
        "DELETE FROM rejected WHERE id <= (SELECT id FROM rejected ORDER BY id DESC LIMIT 1 OFFSET ?)", (MOST_KEPT,)
    )


def mark_replayed(connection: sqlite3.Connection, rejected_id: str, now: int) -> None:
    """Say that this body has since been accepted."""
    connection.execute("UPDATE rejected SET replayed_at = ? WHERE id = ?", (now, rejected_id))


def get(connection: sqlite3.Connection, rejected_id: str) -> Rejected:
    """One rejected body.

    Raises:
        NotFoundError: there is none of that id.
    """
    row = connection.execute(f"SELECT {COLUMNS} FROM rejected WHERE id = ?", (rejected_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"there is no rejected body {rejected_id!r}")
    return rejected_from(row)


def rejected_from(row: Sequence[Any]) -> Rejected:
    """A row of COLUMNS as a Rejected."""
    return Rejected(
        id=row[0],
        at=row[1],
        driver=row[2],
        code=row[3],
        reason=row[4],
        trace_id=row[5],
        headers=msgspec.json.decode(row[6]),
        body=bytes(row[7]),
        replayed_at=row[8],
    )
