"""A body comes in: everything it means is written in one transaction, or nothing is."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srvmaint.clock import Ids
from srvmaint.incidents.ledger import Incoming
from srvmaint.model import Alert, AlertStatus, HistoryEvent, Severity
from srvmaint.store import pages
from srvmaint.store.batch import Connection
from srvmaint.store.intake import take_in
from srvmaint.store.migrate import migrate
from srvmaint.store.records import Batch, Job, Numbers
from srvmaint.store.store import Store
from tests.fakes import START, FakeClock
from tests.incidents.given import DAY, HOUR, INFO, RESOLVED, WARNING, alert, heard
from tests.store.faults import Faulty, Gate, healthy, refuse
from tests.store.given import MINUTE, TRACE, batch, begun, claimed, fire, lease, opened, tell


async def test_the_sender_is_told_what_its_alerts_became(store: Store, clock: FakeClock) -> None:
    accepted = await store.intake(batch(heard(alert("a")), heard(alert("b")), now=clock.now()), None)
    assert (accepted.created, accepted.updated, accepted.resolved, accepted.unchanged) == (2, 0, 0, 0)
    words = [alert("a"), alert("b", text="new"), alert("c"), alert("a", RESOLVED, end=clock.now())]
    accepted = await store.intake(batch(*map(heard, words), now=clock.now()), None)
    assert (accepted.created, accepted.updated, accepted.resolved, accepted.unchanged) == (1, 1, 1, 1)


async def test_the_body_itself_is_kept(store: Store, clock: FakeClock) -> None:
    await fire(store, clock, body=b'{"raw": true}')
    rows = await store.reader.rows("SELECT received_at, driver, origin, trace_id, body FROM payload")
    assert rows == [(clock.now(), "generic", "webhook", TRACE, b'{"raw": true}')]


async def test_an_alert_is_read_back_as_it_was_said_with_its_history(store: Store, clock: FakeClock) -> None:
    said = alert("a", severity=WARNING, text="91 %")
    await store.intake(batch(heard(said), now=clock.now()), None)
    clock.advance(60)
    await store.intake(batch(heard(alert("a", severity=INFO, text="91 %")), now=clock.now()), None)
    clock.advance(60)
    await store.intake(batch(heard(alert("a", RESOLVED, start=None, end=clock.now())), now=clock.now()), None)
    [listed] = (await pages.page(store.reader, "alerts", {})).items
    found, history = await pages.alert(store.reader, listed.id)
    assert found == listed
    assert (found.received_at, found.last_seen_at, found.times_seen) == (START, START + 2 * MINUTE, 3)
    assert (found.alert.status, found.alert.severity, found.alert.starts_at) == (RESOLVED, INFO, START)
    events = [HistoryEvent.CREATED, HistoryEvent.SEVERITY_CHANGED, HistoryEvent.RESOLVED]
    assert [line.event for line in history] == events
    assert history[1].changes == {"severity": ["warning", "info"]}
    assert {line.trace_id for line in history} == {TRACE}


async def test_a_start_nobody_gave_is_the_moment_it_was_heard_of(store: Store, clock: FakeClock) -> None:
    await store.intake(batch(heard(alert("a", start=None)), now=clock.now()), None)
    [listed] = (await pages.page(store.reader, "alerts", {})).items
    assert listed.alert.starts_at == clock.now()


async def test_hearing_the_same_again_queues_nothing(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    await tell(store, clock, run)
    accepted = await fire(store, clock)
    assert (accepted.runs, accepted.unchanged) == ([], 1)


async def test_a_run_can_be_asked_for_although_nothing_changed(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    await tell(store, clock, run)
    accepted = await fire(store, clock, requested=True, pipeline="direct")
    assert [(queued.incident_id, queued.pipeline) for queued in accepted.runs] == [(run.run.incident_id, "direct")]
    assert (await claimed(store, clock)).run.changes == ()


async def test_a_run_that_is_asked_for_is_about_no_incident_when_there_is_none(store: Store, clock: FakeClock) -> None:
    over = heard(alert("a", RESOLVED))
    accepted = await store.intake(batch(over, now=clock.now(), requested=True), None)
    assert [(queued.incident_id, queued.pipeline) for queued in accepted.runs] == [(None, "full")]
    found = await claimed(store, clock)
    assert (found.incident, found.alerts) == (None, ())


async def test_incidents_that_only_made_room_are_not_run(store: Store, clock: FakeClock) -> None:
    """Every alert of the body closes an old incident and opens a new one; the run asked for is about the new ones."""
    hosts = [f"db{number}" for number in range(5)]
    for host in hosts:
        await fire(store, clock, host, host)
    words = [heard(alert(host, RESOLVED, labels={"instance": host}, end=clock.now())) for host in hosts]
    await store.intake(batch(*words, now=clock.now()), None)
    clock.advance(2 * DAY / 1000)
    again = [heard(alert(host, labels={"instance": host}, start=clock.now())) for host in hosts]
    accepted = await store.intake(batch(*again, now=clock.now(), requested=True), None)
    opened_now = await pages.page(store.reader, "incidents", {"status": "open"})
    assert {run.incident_id for run in accepted.runs} == {incident.id for incident in opened_now.items}
    assert len(accepted.runs) == 5


async def test_free_workers_are_given_their_runs_in_the_same_transaction(store: Store, clock: FakeClock) -> None:
    words = [heard(alert(f"a{number}", labels={"instance": f"db{number}"})) for number in range(5)]
    accepted = await store.intake(batch(*words, now=clock.now()), lease(clock, limit=3))
    assert len(accepted.runs) == 5
    assert [run.alerts[0].alert.fingerprint for run in accepted.claimed] == ["a0", "a1", "a2"]
    assert len((await store.claim_runs(lease(clock))).runs) == 2


def held_store(connections: list[Faulty]) -> Callable[[Connection], Connection]:
    def wrap(real: Connection) -> Faulty:
        connections.append(Faulty(real))
        return connections[0]

    return wrap


async def test_bodies_that_wait_together_share_one_transaction_and_none_gets_anothers_runs(
    tmp_path: Path, clock: FakeClock
) -> None:
    connections: list[Faulty] = []
    async with opened(tmp_path / "srvmaint.db", clock, wrap=held_store(connections)) as store:
        gate = Gate("COMMIT")
        connections[0].before = gate
        first = asyncio.ensure_future(store.heartbeat())
        await gate.reached()
        before = connections[0].commits
        futures = []
        for number in range(50):
            word = heard(alert(f"a{number}", labels={"instance": f"db{number}"}))
            futures.append(store.intake(batch(word, now=clock.now()), lease(clock, limit=1)))
        connections[0].before = healthy
        gate.open()
        await first
        results = await asyncio.gather(*futures)
    assert connections[0].commits == before + 1
    assert all(len(accepted.claimed) == 1 for accepted in results)
    assert len({accepted.claimed[0].run.id for accepted in results}) == 50


async def test_a_body_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path, clock: FakeClock) -> None:
    connections: list[Faulty] = []
    async with opened(tmp_path / "srvmaint.db", clock, wrap=held_store(connections)) as store:
        connections[0].before = refuse(sqlite3.SQLITE_CONSTRAINT, "INSERT INTO run")
        with pytest.raises(sqlite3.Error):
            await fire(store, clock)
        connections[0].before = healthy
        left = await store.reader.rows(
            "SELECT id FROM payload UNION ALL SELECT id FROM alert UNION ALL SELECT alert_id FROM alert_history"
            " UNION ALL SELECT id FROM incident UNION ALL SELECT id FROM run"
        )
    assert left == []


# ---- together is the same as one by one -----------------------------------------------------------------------------

words = st.builds(
    alert,
    st.sampled_from("abcd"),
    st.sampled_from(AlertStatus),
    st.sampled_from(Severity),
    start=st.none() | st.integers(START, START + 5),
    end=st.none() | st.integers(START, START + 5),
    text=st.sampled_from(["", "91 %"]),
    labels=st.sampled_from([{"instance": "db1"}, {"instance": "db2"}]),
)
bodies = st.lists(
    st.tuples(st.lists(words, max_size=4), st.sampled_from([1, HOUR, 3 * HOUR]), st.booleans()), min_size=1, max_size=8
)


@contextmanager
def fresh() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, Path("unused"))
    try:
        yield connection
    finally:
        connection.close()


def jobs(history: list[tuple[list[Alert], int, bool]]) -> list[Job]:
    ids, numbers = itertools.count(1), Numbers(1, 1)
    now = START
    made: list[Job] = []
    for said, after, requested in history:
        now += after
        incoming: list[Incoming] = [heard(one) for one in said]
        body: Batch = batch(*incoming, now=now, reopen_within_ms=2 * HOUR, requested=requested)
        made.append(Job(body, None, lambda: f"{next(ids):016d}", numbers))
    return made


def everything(connection: sqlite3.Connection) -> dict[str, list[Any]]:
    tables = ("payload", "alert", "alert_history", "incident", "run")
    return {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables}  # noqa: S608 - the names above


@settings(deadline=None)
@given(bodies)
def test_bodies_taken_in_together_leave_what_they_leave_one_by_one(
    history: list[tuple[list[Alert], int, bool]],
) -> None:
    with fresh() as together, fresh() as singly:
        at_once = take_in(together, jobs(history))
        one_by_one = [accepted for job in jobs(history) for accepted in take_in(singly, [job])]
        assert at_once == one_by_one
        found, wanted = everything(together), everything(singly)
        changed_at = 8  # the moment of the last body that touched it against that of its own
        for table in found:
            if table == "incident":
                assert [row[:changed_at] + row[changed_at + 1 :] for row in found[table]] == [
                    row[:changed_at] + row[changed_at + 1 :] for row in wanted[table]
                ]
            else:
                assert found[table] == wanted[table]


def test_ids_made_for_the_writer_only_go_up() -> None:
    clock = FakeClock()
    ids = Ids(clock.now)
    made = [ids.new() for _ in range(100)]
    clock.advance(-60)
    made += [ids.new() for _ in range(100)]
    assert made == sorted(set(made))
