"""How SQLite goes about what the store asks of it: by index, whatever the number of rows."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest

from srvmaint.model import RunState
from srvmaint.store import pages
from srvmaint.store.batch import Connection
from srvmaint.store.reader import Reader
from srvmaint.store.records import Origin, RunEntry, RunUpdate
from srvmaint.store.retention import _OLD
from srvmaint.store.store import Store
from tests.fakes import FakeClock
from tests.incidents.given import DAY, RESOLVED, alert, heard
from tests.notify.messages import EVIDENCE
from tests.store.faults import Faulty
from tests.store.given import (
    OWNER,
    TRACE,
    batch,
    begun,
    dead,
    delivered,
    fire,
    intent,
    lease,
    opened,
    retrying,
    step,
    tell,
)
from tests.store.test_rejected import reject

SMALL = re.compile(
    r"SCAN (?:\w+ )?USING (?:COVERING )?INDEX "
    r"(run_due|run_leased|run_waiting|delivery_due|delivery_order|delivery_leased|incident_open|incident_changed|"
    r"alert_over|alert_live)\b"
)
"""Reading the whole of an index that only has what is open, due or leased."""
MADE_UP = re.compile(r"SCAN (?:rejected$|CONSTANT ROW|new|\(subquery-\d+\)|SUBQUERY|\d+-ROW VALUES|\d+ CONSTANT ROWS)")
"""Rows that are in the statement itself; and there are never more rejected bodies than are kept."""


class Recorder(Faulty):
    """Remembers what it was asked, `executemany` included."""

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Any:
        """Run one statement for many rows."""
        self.statements.append(sql)
        return self.real.executemany(sql, parameters)


class RecordingReader(Reader):
    """A reader that remembers what it was asked."""

    asked: dict[str, None]

    async def rows(self, sql: str, values: Iterable[Any] = ()) -> list[Any]:
        """All rows of one statement."""
        self.asked = {**getattr(self, "asked", {}), sql: None}
        return await super().rows(sql, values)


def plan(connection: sqlite3.Connection, sql: str) -> list[str]:
    numbered = [int(number) for number in re.findall(r"\?(\d+)", sql)]
    values: Any = dict.fromkeys(re.findall(r":(\w+)", sql)) or [None] * max(numbered, default=sql.count("?"))
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


def scans(lines: list[str]) -> list[str]:
    """The lines that say that a whole table is read."""
    return [
        line
        for line in lines
        if "AUTOMATIC" in line or (line.startswith("SCAN") and not SMALL.match(line) and not MADE_UP.match(line))
    ]


async def live(store: Store, clock: FakeClock) -> None:
    """Everything that runs and senders make the store do."""
    run = await begun(store, clock, "a")
    first, second = intent(run, clock), intent(run, clock, "mail")
    store.note_run(RunEntry([step(run)], EVIDENCE, _checked(run.run.id, clock)))
    await store.evidence([result.id for result in EVIDENCE])
    await tell(store, clock, run, first, second, ready=("ops",))
    store.extend_leases(OWNER, [run.run.id], clock.now())
    await store.claim_deliveries("mail", lease(clock))
    await store.record_delivery(delivered(clock, first.delivery.id))
    await store.record_delivery(retrying(clock, second.delivery.id, 5))
    await store.record_delivery(dead(clock, second.delivery.id))
    await store.retry_delivery(second.delivery.id, clock.now())
    await store.record_delivery(dead(clock, second.delivery.id))
    await store.resume_run(run.run.id, clock.now())
    await fire(store, clock, "b")
    await fire(store, clock, "c")
    over = [heard(alert(who, RESOLVED, end=clock.now())) for who in "abc"]
    await store.intake(batch(*over, now=clock.now()), lease(clock))
    clock.advance(2 * DAY / 1000)
    await fire(store, clock, "a")
    await store.intake(batch(heard(alert("d", labels={}), pipeline=None), now=clock.now()), None)
    await store.intake(batch(heard(alert("d", RESOLVED, labels={}), pipeline=None), now=clock.now()), None)
    incidents = await pages.page(store.reader, "incidents", {"status": "open"})
    for incident in incidents.items:
        await store.acknowledge(incident.id, "kim", clock.now())
        await store.resolve(incident.id, "kim", Origin(TRACE, "cli"), clock.now())
    await store.claim_runs(lease(clock))
    await store.take_back(clock.now())
    await store.bury_unknown(["ops"], clock.now())
    kept = await reject(store, clock)
    await store.mark_replayed(kept.id, clock.now())


def _checked(run_id: str, clock: FakeClock) -> RunUpdate:
    return RunUpdate(run_id, RunState.CHECKED, clock.now() + 1)


@pytest.fixture
async def lived(tmp_path: Path, clock: FakeClock) -> AsyncIterator[tuple[list[str], Path]]:
    """What was asked of the writer, and the file."""
    recorders: list[Recorder] = []

    def wrap(real: Connection) -> Recorder:
        recorders.append(Recorder(real))
        return recorders[0]

    file = tmp_path / "srvmaint.db"
    async with opened(file, clock, wrap=wrap) as store:
        await live(store, clock)
        [recorder] = recorders
        yield list(dict.fromkeys(recorder.statements)), file


async def test_nothing_a_run_or_a_sender_waits_for_reads_a_whole_table(lived: tuple[list[str], Path]) -> None:
    statements, file = lived
    asked = [sql for sql in statements if sql.split()[0] in ("SELECT", "UPDATE", "DELETE", "INSERT")]
    assert len(asked) > 30
    connection = sqlite3.connect(file)
    found = {sql: scans(plan(connection, sql)) for sql in asked}
    connection.close()
    assert {sql: lines for sql, lines in found.items() if lines} == {}


async def test_the_guard_sees_a_table_that_is_read_whole(lived: tuple[list[str], Path]) -> None:
    _, file = lived
    connection = sqlite3.connect(file)
    assert scans(plan(connection, "SELECT * FROM run WHERE state = 'failed' OR error IS NULL"))
    assert scans(plan(connection, "SELECT id FROM delivery ORDER BY run_id"))
    assert scans(plan(connection, "UPDATE alert SET times_seen = 0 WHERE name = 'x'"))
    assert not scans(plan(connection, "SELECT * FROM run WHERE id = 'x'"))
    connection.close()


async def test_a_page_is_read_in_the_order_of_its_index_and_single_things_by_their_key(
    lived: tuple[list[str], Path],
) -> None:
    _, file = lived
    reader = await RecordingReader.open(file)
    for kind in ("alerts", "incidents", "runs", "deliveries", "rejected"):
        for cursor in (None, "1" * 16):
            await pages.page(reader, kind, {}, cursor=cursor)
    lists = dict(reader.asked)
    for read in (pages.alert, pages.incident, pages.run, pages.delivery, pages.rejected_body):
        [one] = (await pages.page(reader, _LIST_OF[read.__name__], {}, limit=1)).items
        await read(reader, one.id)
    await reader.close()
    connection = sqlite3.connect(file)
    for sql in lists:
        assert "TEMP B-TREE" not in "".join(plan(connection, sql)), sql
    for sql in reader.asked.keys() - lists.keys():
        if "LIMIT" not in sql:
            assert scans(plan(connection, sql)) == [], sql
    connection.close()


_LIST_OF = {
    "alert": "alerts",
    "incident": "incidents",
    "run": "runs",
    "delivery": "deliveries",
    "rejected_body": "rejected",
}


async def test_retention_finds_what_is_old_by_index(lived: tuple[list[str], Path]) -> None:
    _, file = lived
    connection = sqlite3.connect(file)
    found = {table: " ".join(plan(connection, old)) for table, old in _OLD.items()}
    connection.close()
    assert "incident_changed" in found["incident"]
    assert "alert_over" in found["alert"]
    for table in ("run", "evidence", "rejected"):
        assert f"SEARCH {table} USING" in found[table]


async def test_forgetting_an_incident_finds_everything_of_it_by_index(lived: tuple[list[str], Path]) -> None:
    _, file = lived
    connection = sqlite3.connect(file)
    for child, column in (
        ("run", "incident_id"),
        ("alert", "incident_id"),
        ("told", "incident_id"),
        ("step", "run_id"),
        ("delivery", "run_id"),
        ("alert_history", "alert_id"),
    ):
        lines = plan(connection, f"SELECT 1 FROM {child} WHERE {column} = ?")  # noqa: S608 - the names above
        assert scans(lines) == [], child
    connection.close()
