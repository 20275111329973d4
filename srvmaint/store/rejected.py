"""Bodies that could not be used: kept within bounds, listed, replayed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from srvmaint.errors import NotFoundError
from srvmaint.store.records import Rejected

MOST_KEPT: Final = 1000
MOST_KEPT_BYTES: Final = 200_000_000
"""More than this and the oldest go: a broken sender must not fill the disk. The newest stays, however large."""
UNAUTHORIZED: Final = "unauthorized"
"""The code of bodies whose senders did not show what they should: anybody's. They are counted apart, so that whatever
a stranger sends pushes out nothing but a stranger's."""
MOST_UNAUTHORIZED: Final = 200
MOST_UNAUTHORIZED_BYTES: Final = 20_000_000
COLUMNS: Final = "id, at, driver, code, reason, trace_id, headers, body, replayed_at"
LISTED: Final = COLUMNS.replace("body", "x''") + ", length(body)"
"""The same without the body: a list of a thousand must not be read into memory with ten megabytes each."""
_FORGET: Final = """DELETE FROM rejected WHERE (code = ?) = ? AND id <=
    (SELECT id FROM rejected WHERE (code = ?) = ? ORDER BY id DESC LIMIT 1 OFFSET ?)"""
_MAKE_ROOM: Final = """DELETE FROM rejected WHERE id IN (SELECT id FROM (
    SELECT id, row_number() OVER newest AS place, sum(length(body)) OVER newest AS bytes
    FROM rejected WHERE (code = ?) = ? WINDOW newest AS (ORDER BY id DESC)
    ) WHERE bytes > ? AND place > 1)"""


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
    those = (UNAUTHORIZED, rejected.code == UNAUTHORIZED)
    most, most_bytes = (MOST_UNAUTHORIZED, MOST_UNAUTHORIZED_BYTES) if those[1] else (MOST_KEPT, MOST_KEPT_BYTES)
    connection.execute(_FORGET, (*those, *those, most))
    if len(rejected.body) > most_bytes // most:  # small ones add as much again at most; adding up takes 30 times longer
        connection.execute(_MAKE_ROOM, (*those, most_bytes))


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


def listed_from(row: Sequence[Any]) -> Rejected:
    """A row of LISTED as a Rejected without its body."""
    return msgspec.structs.replace(rejected_from(row), size=row[9])
