"""Bringing a database file up to this version: numbered SQL files, all of what is missing in one transaction.

A file written by a newer srvmaint is refused, never downgraded. Before a file with rows in it is changed, a copy is
made.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from srvmaint.errors import StoreError


def migrations() -> list[tuple[int, str, str]]:
    """(number, name, SQL) of every migration, in order."""
    folder = Path(__file__).parent / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(int(name[:4]), name, (folder / name).read_text(encoding="utf-8")) for name in names]


def latest() -> int:
    """The schema version this srvmaint writes."""
    return migrations()[-1][0]


def version_of(connection: sqlite3.Connection) -> int:
    """The schema version of an open file; 0 for an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(
    connection: sqlite3.Connection, database: Path, known: Sequence[tuple[int, str, str]] | None = None
) -> list[str]:
    """Apply what is missing of `known` (by default every migration there is) and return its names.

    Raises:
        StoreError: the file is newer than this srvmaint, or a migration failed (the file is then as it was).
    """
    current = version_of(connection)
    known = migrations() if known is None else known
    if current > known[-1][0]:
        raise StoreError(
            f"cannot open {database}: it was written by a newer srvmaint (schema {current}, this one knows "
            f"{known[-1][0]}). "
            "Run that version, or restore a backup made by this one."
        )
    missing = [entry for entry in known if entry[0] > current]
    if missing and current > 0:
        _copy(connection, database.with_name(f"{database.name}.before-{missing[-1][0]:04d}"))
    if missing:
        _apply(connection, missing)
    return [name for _, name, _ in missing]


def _copy(connection: sqlite3.Connection, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        connection.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        raise StoreError(
            f"cannot copy the database to {target} before changing it: {error}. The file is unchanged; make room."
        ) from error
    target.chmod(0o600)


def _apply(connection: sqlite3.Connection, missing: Sequence[tuple[int, str, str]]) -> None:
    applying = ""
    try:
        connection.execute("BEGIN IMMEDIATE")
        for number, name, sql in missing:
            applying = name
            for statement in _statements(sql):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise StoreError(f"cannot apply migration {applying}: {error}. The file is unchanged; report this.") from error


def _statements(sql: str) -> Iterator[str]:
    """One statement at a time: `executescript` would commit the transaction first."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement
