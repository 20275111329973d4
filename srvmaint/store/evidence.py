"""What checkers found, kept once however many runs rest on it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from srvmaint.model import CheckResult, CheckStatus, Metric
from srvmaint.store.rows import insert, select

_COLUMNS: Final = ("id", "checker", "at", "status", "message", "metrics", "details", "duration_ms")
COLUMNS: Final = ", ".join(_COLUMNS)
_decode_metrics = msgspec.json.Decoder(tuple[Metric, ...]).decode


def keep(connection: sqlite3.Connection, results: Sequence[CheckResult]) -> None:
    """Write results down; those already there stay as they are: most runs of a storm rest on the same few."""
    by_id = {result.id: result for result in results}
    known = {row[0] for row in select(connection, "evidence", "id", "id", list(by_id))}
    insert(
        connection,
        "evidence",
        _COLUMNS,
        [
            (
                result.id,
                result.checker,
                result.at,
                result.status,
                result.message,
                msgspec.json.encode(result.metrics).decode(),
                msgspec.json.encode(result.details).decode(),
                result.duration_ms,
            )
            for result in by_id.values()
            if result.id not in known
        ],
    )


def load(connection: sqlite3.Connection, ids: Sequence[str]) -> tuple[CheckResult, ...]:
    """The results with these ids, in that order; those that retention has taken are left out."""
    marks = ",".join("?" * len(ids))
    rows = connection.execute(f"SELECT {COLUMNS} FROM evidence WHERE id IN ({marks})", tuple(ids)).fetchall()
    found = {row[0]: result_from(row) for row in rows}
    return tuple(found[evidence_id] for evidence_id in ids if evidence_id in found)


def result_from(row: Sequence[Any]) -> CheckResult:
    """A row of COLUMNS as a CheckResult."""
    return CheckResult(
        checker=row[1],
        status=CheckStatus(row[3]),
        message=row[4],
        metrics=_decode_metrics(row[5]),
        duration_ms=row[7],
        id=row[0],
        at=row[2],
        details=tuple(msgspec.json.decode(row[6])),
    )
