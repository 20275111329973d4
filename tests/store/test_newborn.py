"""A run taken in the transaction that makes it is the run that would have been found and read back."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from srvmaint.model import Alert, AlertStatus, Severity
from srvmaint.store.intake import take_in
from srvmaint.store.migrate import migrate
from srvmaint.store.records import Accepted, ClaimedRun, Job, Lease, Numbers
from srvmaint.store.runs import MESSAGE_ALERTS
from srvmaint.store.store import Store
from tests.fakes import START, FakeClock
from tests.incidents.given import FIRING, RESOLVED, alert, heard
from tests.store.given import MINUTE, OWNER, batch, begun, fire, lease

words = st.builds(
    alert,
    st.sampled_from("abcdef"),
    st.sampled_from([*AlertStatus, AlertStatus.FIRING]),
    st.sampled_from(Severity),
    start=st.none() | st.integers(START, START + 5),
    labels=st.sampled_from([{"instance": "db1"}, {"instance": "db2"}, {"instance": "db3"}]),
)
bodies = st.lists(st.lists(words, max_size=5), min_size=1, max_size=5)


@contextmanager
def fresh() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, Path("unused"))
    try:
        yield connection
    finally:
        connection.close()


def jobs(said: list[list[Alert]], limit: int, *, newborn: bool) -> list[Job]:
    ids, numbers = itertools.count(1), Numbers(1, 1)
    own = Lease(OWNER, START, START + 2 * MINUTE, limit, newborn)
    return [Job(batch(*map(heard, alerts), now=START), own, lambda: f"{next(ids):016d}", numbers) for alerts in said]


def claimed_of(results: list[Accepted]) -> dict[str, ClaimedRun]:
    return {claimed.run.id: claimed for result in results for claimed in result.claimed}


@settings(deadline=None)
@given(bodies)
def test_it_is_what_reading_it_back_would_have_given(said: list[list[Alert]]) -> None:
    with fresh() as one, fresh() as other:
        born = take_in(one, jobs(said, 20, newborn=True))
        read = take_in(other, jobs(said, 20, newborn=False))
        assert claimed_of(born) == claimed_of(read)
        assert [result.runs for result in born] == [result.runs for result in read]
        rows = "SELECT * FROM run ORDER BY id"
        assert one.execute(rows).fetchall() == other.execute(rows).fetchall()


def test_no_body_gets_more_runs_than_it_has_room_for() -> None:
    said = [[alert(f"a{number}", FIRING, labels={"instance": f"db{number}"}) for number in range(5)]]
    with fresh() as connection:
        [accepted] = take_in(connection, jobs(said, 2, newborn=True))
        assert len(accepted.runs) == 5
        assert len(accepted.claimed) == 2
        left = connection.execute("SELECT count(*) FROM run WHERE lease_owner IS NULL").fetchone()
    assert left == (3,)


def test_it_speaks_of_as_many_alerts_as_a_message_shows_the_live_and_worst_first() -> None:
    number = MESSAGE_ALERTS + 5
    said = [alert(f"a{each:02d}", FIRING, Severity.WARNING) for each in range(number)]
    said += [alert("over", RESOLVED, Severity.CRITICAL), alert("worst", FIRING, Severity.CRITICAL)]
    with fresh() as connection:
        [accepted] = take_in(connection, jobs([said], 5, newborn=True))
    [claimed] = accepted.claimed
    assert [stored.alert.fingerprint for stored in claimed.alerts][:2] == ["worst", "a00"]
    assert len(claimed.alerts) == MESSAGE_ALERTS


async def test_a_run_of_an_incident_that_is_known_is_looked_up(store: Store, clock: FakeClock) -> None:
    busy = await begun(store, clock, "a")
    accepted = await store.intake(
        batch(heard(alert("b", FIRING, labels={"instance": "db1"})), now=clock.now()),
        lease(clock),
    )
    assert [run.incident_id for run in accepted.runs] == [busy.run.incident_id]
    assert accepted.claimed == ()  # never two of one incident at a time


async def test_alert_numbers_go_on_after_a_restart(store: Store, clock: FakeClock) -> None:
    await fire(store, clock, "a")
    await fire(store, clock, "b", "db2")
    found = await store.reader.rows("SELECT id FROM alert ORDER BY id")
    assert found == [(1,), (2,)]
