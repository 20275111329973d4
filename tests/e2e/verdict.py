"""What has to hold of a database and a receiver after any number of crashes."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.sink import Received


def rows(database: Path, sql: str) -> list[Any]:
    """What a copy of a dead process's files says, so that looking at them changes nothing."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / database.name
        for name in (database.name, f"{database.name}-wal"):
            if (database.parent / name).exists():
                shutil.copy(database.parent / name, folder)
        if not copy.exists():
            return []
        with closing(sqlite3.connect(copy)) as connection:
            return connection.execute(sql).fetchall()


def in_flight(database: Path) -> list[str]:
    """The idempotency keys of the messages that were on the wire when the process died."""
    if not rows(database, "SELECT 1 FROM sqlite_schema WHERE name = 'delivery'"):
        return []
    return [row[0] for row in rows(database, "SELECT id FROM delivery WHERE state = 'sending'")]


def assert_sound(database: Path) -> None:
    """The file is undamaged and nothing in it is left half done."""
    assert rows(database, "PRAGMA integrity_check") == [("ok",)]
    assert rows(database, "PRAGMA foreign_key_check") == []
    assert rows(database, "SELECT id, state FROM run WHERE state <> 'notified' OR finished_at IS NULL") == []
    assert rows(database, "SELECT id FROM run WHERE lease_owner IS NOT NULL OR next_at IS NOT NULL") == []
    assert rows(database, "SELECT id, state FROM delivery WHERE state <> 'delivered' OR next_at IS NOT NULL") == []
    assert rows(database, "SELECT run_id, id FROM step WHERE status <> 'succeeded'") == []


def assert_only_repeats(requests: Iterable[Received], were_in_flight: Counter[str]) -> None:
    """A message arrives again only if it was on the wire at a crash, and then under the same key."""
    times = Counter(request.headers["Idempotency-Key"] for request in requests)
    too_often = {key: count for key, count in times.items() if count > 1 + were_in_flight[key]}
    assert too_often == {}


def keys_by_message(requests: Iterable[Received]) -> dict[tuple[str, str, str], set[str]]:
    """(title, reason, start) of every message that arrived, and the keys it came under."""
    found: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for request in requests:
        message = json.loads(request.body)
        found[message["title"], message["reason"], message["started_at"]].add(request.headers["Idempotency-Key"])
    return dict(found)
