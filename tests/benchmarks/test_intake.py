"""Intake through the real daemon, beside a server that keeps nothing and beside SQLite alone."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self

from srvmaint.store import db, migrate
from tests.benchmarks.children import NO_ROUTE, fresh, helper, load, port_of
from tests.benchmarks.figures import BATCH_NEW, BATCH_REPEAT, INTAKE_NEW, INTAKE_REPEAT, Results, alternate
from tests.benchmarks.load import Spec
from tests.e2e.daemon import running

REQUESTS: Final = 10_000
KNOWN: Final = 1_000
BATCHES: Final = 200


async def test_durable_requests_beside_a_server_that_keeps_nothing(results: Results, tmp_path: Path) -> None:
    async with running(tmp_path, NO_ROUTE) as daemon, helper("twin_bare") as twin:
        known = fresh(KNOWN)

        async def rate(port: int, bodies: Sequence[Sequence[int]]) -> float:
            return len(bodies) / (await load(Spec(port, bodies))).seconds

        async def new() -> float:
            return await rate(port_of(daemon), fresh(REQUESTS))

        async def repeats() -> float:
            return await rate(port_of(daemon), known * (REQUESTS // KNOWN))

        async def bare() -> float:
            return await rate(twin.port, fresh(2 * REQUESTS))

        await rate(port_of(daemon), known)
        await rate(twin.port, known)
        ours, again, theirs = await alternate(new, repeats, bare)
    results.compare(INTAKE_NEW, ours, theirs)
    results.compare(INTAKE_REPEAT, again, theirs)
    results.hold()


async def test_alerts_in_bodies_of_a_hundred_beside_sqlite_alone(results: Results, tmp_path: Path) -> None:
    async with running(tmp_path, NO_ROUTE) as daemon:
        with Raw(tmp_path / "raw.db", daemon.database) as raw:
            bodies: list[list[int]] = []

            async def rate() -> float:
                return len(bodies) * 100 / (await load(Spec(port_of(daemon), bodies, connections=4))).seconds

            async def new() -> float:
                bodies[:] = fresh(BATCHES, 100)
                return await rate()

            async def raw_new() -> float:
                raw.fetch()
                return raw.upsert()

            async def raw_repeats() -> float:
                return raw.upsert()

            await new()
            raw.fetch()
            raw.upsert()
            ours, again, theirs, theirs_again = await alternate(new, rate, raw_new, raw_repeats)
    results.compare(BATCH_NEW, ours, theirs)
    results.compare(BATCH_REPEAT, again, theirs_again)
    results.hold()


class Raw:
    """A second database with the same schema and pragmas, given the alert rows the daemon made by nothing but SQLite.

    Args:
        file: the second database.
        daemon: the daemon's.
    """

    def __init__(self, file: Path, daemon: Path) -> None:
        self._connection = db.open_writer(file)
        migrate.migrate(self._connection, file)
        self._daemon = daemon
        self._last = 0
        self._rows: list[tuple[Any, ...]] = []
        names = [column[0] for column in self._connection.execute("SELECT * FROM alert").description]
        self._columns = ", ".join(names[1:])  # without the id
        self._upsert = (
            f"{insert('alert', self._columns)} "
            "ON CONFLICT (key) DO UPDATE SET last_seen_at = excluded.last_seen_at, times_seen = times_seen + 1"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def fetch(self) -> None:
        """Take over what the daemon has stored since the last time; the alerts wait for `upsert`."""
        new = "FROM alert WHERE id > ?"
        with self._reading() as theirs:
            alerts = theirs.execute(f"SELECT id, {self._columns} {new}", (self._last,)).fetchall()
            of_them = f"SELECT * FROM incident WHERE id IN (SELECT incident_id {new})"  # noqa: S608 - nothing of it comes from outside
            found = theirs.execute(of_them, (self._last,))
            columns = ", ".join(column[0] for column in found.description)
            incidents = found.fetchall()
        self._last = alerts[-1][0]
        self._rows = [row[1:] for row in alerts]
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(insert("incident", columns), incidents)
        self._connection.execute("COMMIT")

    def upsert(self) -> float:
        """Write the rows, 100 in a transaction; rows a second."""
        begun = time.perf_counter()
        for start in range(0, len(self._rows), 100):
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(self._upsert, self._rows[start : start + 100])
            self._connection.execute("COMMIT")
        return len(self._rows) / (time.perf_counter() - begun)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(f"file:{db.quoted(self._daemon)}?mode=ro", uri=True)) as connection:
            yield connection


def insert(table: str, columns: str) -> str:
    """The statement for one row."""
    return f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * (columns.count(',') + 1))})"  # noqa: S608 - the schema's own names
