"""What was heard of jobs: one row each, changed by every beat."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final

from srvmaint.errors import NotFoundError
from srvmaint.incidents.heartbeat import Beat, Pulse, heard

_COLUMNS: Final = Pulse.__struct_fields__
COLUMNS: Final = ", ".join(_COLUMNS)
SELECT: Final = f"SELECT {COLUMNS} FROM heartbeat ORDER BY slug"
_UPDATE: Final = f"UPDATE heartbeat SET {', '.join(f'{column} = ?' for column in _COLUMNS[1:])} WHERE slug = ?"


def pulse_from(row: Sequence[Any]) -> Pulse:
    """A row of COLUMNS as a Pulse."""
    return Pulse(*row)


def expect(connection: sqlite3.Connection, slugs: Iterable[str], now: int) -> list[Pulse]:
    """See that there is a row for each of these; returns all rows there are, those of others as well."""
    connection.executemany(
        "INSERT INTO heartbeat (slug, expected_since, base_at, watched_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (slug) DO NOTHING",
        [(slug, now, now, now) for slug in slugs],
    )
    return [pulse_from(row) for row in connection.execute(SELECT)]


def excuse(connection: sqlite3.Connection, pulses: Sequence[Pulse]) -> list[Pulse]:
    """Count their next beats from their new `base_at`, unless a beat has come meanwhile; returns the rows."""
    for pulse in pulses:
        connection.execute(
            "UPDATE heartbeat SET base_at = ? WHERE slug = ? AND base_at < ?",
            (pulse.base_at, pulse.slug, pulse.base_at),
        )
    return [_get(connection, pulse.slug) for pulse in pulses]


def beat(connection: sqlite3.Connection, one: Beat) -> Pulse:
    """Write down one beat.

    Raises:
        NotFoundError: nobody expects it.
    """
    after = heard(_get(connection, one.slug), one)
    connection.execute(_UPDATE, (*(getattr(after, column) for column in _COLUMNS[1:]), one.slug))
    return after


def note_told(connection: sqlite3.Connection, told: Pulse) -> Pulse:
    """Write down what the alert was told, and nothing else: beats may have come since. Returns the row as it is."""
    connection.execute(
        "UPDATE heartbeat SET told = ?, told_text = ?, told_start = ?, told_failed_at = ? WHERE slug = ?",
        (told.told, told.told_text, told.told_start, told.told_failed_at, told.slug),
    )
    return _get(connection, told.slug)


def watched(connection: sqlite3.Connection, now: int) -> None:
    """Somebody was there to hear them until now."""
    connection.execute("UPDATE heartbeat SET watched_at = ?", (now,))


def forget(connection: sqlite3.Connection, slug: str) -> None:
    """Nobody expects it any more."""
    connection.execute("DELETE FROM heartbeat WHERE slug = ?", (slug,))


def _get(connection: sqlite3.Connection, slug: str) -> Pulse:
    row = connection.execute(f"SELECT {COLUMNS} FROM heartbeat WHERE slug = ?", (slug,)).fetchone()
    if row is None:
        raise NotFoundError(f"there is no heartbeat {slug!r}.")
    return pulse_from(row)
