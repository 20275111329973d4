"""Keeping the file small: old rows go in small chunks, free pages go back to the file system.

Maintenance runs when nothing else waits, a chunk at a time, so that no alert ever waits for it.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from srvmaint.store import heard

CHUNK: Final = 100
"""Rows a transaction deletes: about a millisecond of the writer's time even in a large file."""
VACUUM_PAGES: Final = 200

_OLD: Final = {
    "payload": "SELECT id FROM (SELECT id, received_at FROM payload ORDER BY id LIMIT :chunk) WHERE "
    "received_at < :before",
    "incident": "SELECT id FROM incident WHERE status IN ('resolved', 'closed') AND changed_at < :before"
    " AND NOT EXISTS (SELECT 1 FROM run WHERE incident_id = incident.id AND finished_at IS NULL) LIMIT :chunk",
    "alert": "SELECT id FROM alert WHERE last_seen_at < :before AND status = 'resolved' LIMIT :chunk",
    "run": "SELECT id FROM run WHERE id < :id_before AND finished_at < :before AND NOT EXISTS ("
    " SELECT 1 FROM delivery WHERE run_id = run.id AND next_at IS NOT NULL) LIMIT :chunk",
    "evidence": "SELECT id FROM evidence WHERE id < :id_before LIMIT :chunk",
    "heard": f"SELECT id FROM heard WHERE at < :before - {heard.KEPT_MS} LIMIT :chunk",
    "rejected": "SELECT id FROM rejected WHERE id < :id_before LIMIT :chunk",
}
"""What is old enough to go, table by table; history, steps, deliveries and what was told go with their owners."""


def prune(connection: sqlite3.Connection, before: int, id_before: str) -> int:
    """Delete one chunk of every table's oldest rows; 0 when nothing older than `before` (epoch ms) is left.

    `id_before` is the smallest id a clock could have made at that time.
    """
    deleted = 0
    values = {"before": before, "id_before": id_before, "chunk": CHUNK}
    for table, old in _OLD.items():
        connection.execute("BEGIN IMMEDIATE")
        deleted += connection.execute(f"DELETE FROM {table} WHERE id IN ({old})", values).rowcount
        connection.execute("COMMIT")
    return deleted


def give_back(connection: sqlite3.Connection) -> int:
    """Return up to VACUUM_PAGES free pages to the file system; how many free pages are left.

    `executescript`, because `execute` frees a single page.
    """
    connection.executescript(f"PRAGMA incremental_vacuum({VACUUM_PAGES})")
    return int(connection.execute("PRAGMA freelist_count").fetchone()[0])


def shrink(connection: sqlite3.Connection) -> None:
    """Let the files on the disk become as small as what is in them, unless a reader is in the way just now."""
    [[patience]] = connection.execute("PRAGMA busy_timeout").fetchall()
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience}")
