"""What is old goes in small pieces, what is open stays, and the file shrinks."""

from __future__ import annotations

from pathlib import Path

from srvmaint.model import IncidentStatus, RunState, StepStatus
from srvmaint.store import pages
from srvmaint.store.records import Origin, RunEntry, RunUpdate
from srvmaint.store.retention import CHUNK
from srvmaint.store.store import Store
from tests.fakes import FakeClock
from tests.incidents.given import DAY, RESOLVED, alert, heard
from tests.notify.messages import EVIDENCE
from tests.store.given import (
    TRACE,
    batch,
    begun,
    claimed,
    delivered,
    fail,
    fire,
    intent,
    retrying,
    step,
    tell,
)
from tests.store.test_rejected import reject

WEEK = 7 * DAY / 1000
TABLES = (
    "payload",
    "incident",
    "alert",
    "alert_history",
    "run",
    "step",
    "evidence",
    "delivery",
    "told",
    "rejected",
)


async def counts(store: Store) -> dict[str, int]:
    found = {}
    for table in TABLES:
        row = await store.reader.row(f"SELECT count(*) FROM {table}")  # noqa: S608 - the names above
        found[table] = row[0] if row else -1
    return {table: count for table, count in found.items() if count}


async def over(store: Store, clock: FakeClock, who: str = "a") -> None:
    """An alert that fired, was told, and is over."""
    run = await begun(store, clock, who, host=who)
    one = intent(run, clock)
    store.note_run(RunEntry([step(run)], EVIDENCE, _going_on(run.run.id, clock)))
    await tell(store, clock, run, one)
    await store.record_delivery(delivered(clock, one.delivery.id))
    clock.advance(1)
    word = heard(alert(who, RESOLVED, end=clock.now(), labels={"instance": who}))
    await store.intake(batch(word, now=clock.now()), None)
    run = await claimed(store, clock)
    await tell(store, clock, run)


def _going_on(run_id: str, clock: FakeClock) -> RunUpdate:
    return RunUpdate(run_id, RunState.CHECKED, clock.now() + 1)


async def test_everything_about_what_is_over_goes_when_it_is_old(store: Store, clock: FakeClock) -> None:
    await over(store, clock)
    await reject(store, clock)
    assert set(await counts(store)) == set(TABLES)
    clock.advance(WEEK)
    assert await store.tidy(WEEK + 1, clock.now()) == 0
    clock.advance(2)
    assert await store.tidy(WEEK, clock.now()) > 0
    left = await counts(store)
    left.pop("evidence", None)  # its ids are the test's own
    assert left == {}


async def test_what_is_young_stays(store: Store, clock: FakeClock) -> None:
    await over(store, clock, "old")
    clock.advance(WEEK)
    await over(store, clock, "new")
    clock.advance(60)
    await store.tidy(WEEK, clock.now())
    [left] = (await pages.page(store.reader, "incidents", {})).items
    assert left.labels == {"instance": "new"}
    assert len((await pages.page(store.reader, "alerts", {})).items) == 1


async def test_what_is_open_stays_however_old_it_is(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    one = intent(run, clock)
    await tell(store, clock, run, one)
    await store.record_delivery(delivered(clock, one.delivery.id))
    clock.advance(10 * WEEK)
    await store.tidy(WEEK, clock.now())
    [incident] = (await pages.page(store.reader, "incidents", {})).items
    assert incident.status is IncidentStatus.OPEN
    assert len((await pages.page(store.reader, "alerts", {})).items) == 1
    assert (await store.reader.row("SELECT count(*) FROM told")) == (1,)


async def test_a_run_that_has_not_ended_keeps_its_incident(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    one = intent(run, clock)
    await tell(store, clock, run, one)
    await store.record_delivery(retrying(clock, one.delivery.id, 20 * 7 * 86400))
    await store.resolve(str(run.run.incident_id), "kim", Origin(TRACE, "cli"), clock.now())
    await tell(store, clock, await claimed(store, clock))
    clock.advance(10 * WEEK)
    await store.tidy(WEEK, clock.now())
    assert (await pages.incident(store.reader, str(run.run.incident_id))).status is IncidentStatus.RESOLVED
    assert (await pages.delivery(store.reader, one.delivery.id)).state == "retrying"


async def test_a_run_that_failed_keeps_the_messages_that_are_still_on_their_way(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    one = intent(run, clock)
    await tell(store, clock, run, one, done=False)
    fail(store, clock, run, step(run, 1, StepStatus.FAILED))
    await store.record_delivery(retrying(clock, one.delivery.id, 20 * 7 * 86400))
    clock.advance(10 * WEEK)
    await store.tidy(WEEK, clock.now())
    assert (await pages.delivery(store.reader, one.delivery.id)).state == "retrying"


async def test_a_transaction_deletes_a_bounded_number_of_rows(store: Store, clock: FakeClock) -> None:
    for _ in range(2 * CHUNK + 50):
        await reject(store, clock)
    clock.advance(WEEK + 1)
    before = clock.now() - int(WEEK * 1000)
    assert [await store.prune(before) for _ in range(4)] == [CHUNK, CHUNK, 50, 0]


async def test_the_file_shrinks_when_much_has_gone(tmp_path: Path, store: Store, clock: FakeClock) -> None:
    for _ in range(500):
        await reject(store, clock, b"x" * 20_000)
    clock.advance(WEEK + 1)
    [[before]] = await store.reader.rows("PRAGMA page_count")
    assert await store.tidy(WEEK, clock.now()) == 500
    [[after]] = await store.reader.rows("PRAGMA page_count")
    assert after < before / 10
    assert await store.reader.row("PRAGMA freelist_count") == (0,)
    assert (tmp_path / "srvmaint.db").exists()


async def test_an_alert_goes_on_when_its_incident_has_been_forgotten(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    await tell(store, clock, run)
    await store.resolve(str(run.run.incident_id), "kim", Origin(TRACE, "cli"), clock.now())
    await tell(store, clock, await claimed(store, clock))
    clock.advance(2 * WEEK)
    await store.tidy(WEEK, clock.now())
    [kept] = (await pages.page(store.reader, "alerts", {})).items
    assert kept.incident_id is None
    over_now = heard(alert("a", RESOLVED, end=clock.now()))
    assert (await store.intake(batch(over_now, now=clock.now()), None)).runs == []
    clock.advance(60)
    again = heard(alert("a", start=clock.now()))
    assert len((await store.intake(batch(again, now=clock.now()), None)).runs) == 1
    assert len((await fire(store, clock, "b")).runs) == 1
