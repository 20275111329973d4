"""Looking after the file from outside the daemon: what is in it, whether it is sound, a copy of it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from srvmaint.errors import StoreError
from srvmaint.store import migrate
from srvmaint.store.db import quoted

TABLES: Final = (
    "alert",
    "alert_history",
    "incident",
    "run",
    "step",
    "delivery",
    "evidence",
    "payload",
    "rejected",
    "heartbeat",
)
_CONTRADICTIONS: Final = {
    "incidents whose counts are not those of their alerts": """
        SELECT incident.id FROM incident WHERE status IN ('open', 'acknowledged')
        AND live_critical + live_warning + live_info <>
        (SELECT count(*) FROM alert WHERE incident_id = incident.id AND alert.status <> 'resolved')""",
    "runs that have ended and yet wait": "SELECT id FROM run WHERE finished_at IS NOT NULL AND next_at IS NOT NULL",
    "runs that have not ended and wait for nothing": """
        SELECT id FROM run WHERE finished_at IS NULL AND next_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM delivery WHERE run_id = run.id AND delivery.next_at IS NOT NULL)""",
    "deliveries that have ended and yet wait": """
        SELECT id FROM delivery WHERE (state IN ('delivered', 'dead', 'suppressed')) = (next_at IS NOT NULL)""",
}
"""What must never be found, whatever was killed when."""


def info(database: Path) -> dict[str, Any]:
    """Where it is, its schema version, its size in bytes and how many rows each table has."""
    with _reading(database) as connection:
        version = migrate.version_of(connection)
        free = connection.execute("PRAGMA freelist_count").fetchone()[0]
        page = connection.execute("PRAGMA page_size").fetchone()[0]
        rows = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}
    return {
        "path": str(database),
        "schema": version,
        "sqlite": sqlite3.sqlite_version,
        "bytes": database.stat().st_size,
        "free_bytes": free * page,
        "rows": rows,
    }


def check(database: Path) -> list[str]:
    """Everything that is wrong with the file and its rows; empty when all is well."""
    with _reading(database) as connection:
        problems = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        problems += [
            f"{row[0]} row {row[1]} belongs to nothing" for row in connection.execute("PRAGMA foreign_key_check")
        ]
        for what, sql in _CONTRADICTIONS.items():
            found = [row[0] for row in connection.execute(sql)]
            if found:
                problems.append(f"{len(found)} {what}: {', '.join(found[:5])}")
    return problems


def backup(database: Path, target: Path) -> int:
    """Copy the whole database into a new file, readable by its owner alone. Returns its size in bytes.

    Raises:
        StoreError: the target exists or cannot be written.
    """
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise StoreError(f"cannot write {target}: {error.strerror}. Name a file that does not exist yet.") from error
    try:
        with _reading(database) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return target.stat().st_size


@contextlib.contextmanager
def _reading(database: Path) -> Iterator[sqlite3.Connection]:
    try:
        connection = sqlite3.connect(f"file:{quoted(database)}?mode=ro", uri=True, isolation_level=None)
    except sqlite3.Error as error:
        raise StoreError(f"cannot read {database}: {error}.") from error
    try:
        yield connection
    except sqlite3.Error as error:
        raise StoreError(f"cannot read {database}: {error}. If it is damaged, restore a backup.") from error
    finally:
        connection.close()
