"""What holds for incidents whatever the senders say, in whatever order."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from srvmaint.model import Alert, AlertStatus, HistoryEvent, IncidentStatus, Severity
from tests.fakes import START
from tests.incidents.given import HOUR, Memory, alert, changes

moments = st.none() | st.integers(START, START + 5)
words = st.builds(
    alert,
    st.sampled_from("abcd"),
    st.sampled_from(AlertStatus),
    st.sampled_from(Severity),
    start=moments,
    end=moments,
    text=st.sampled_from(["", "91 %", "92 %"]),
    labels=st.sampled_from([{"instance": "db1"}, {"instance": "db2"}]),
)
batches = st.lists(st.tuples(st.lists(words, max_size=4), st.sampled_from([1, HOUR, 3 * HOUR])), max_size=10)
LIVE = (AlertStatus.FIRING, AlertStatus.ACKNOWLEDGED)


def told(history: list[tuple[list[Alert], int]]) -> Memory:
    memory = Memory(reopen_within_ms=2 * HOUR)
    for batch, after in history:
        memory.take(*batch, after=after)
    return memory


@given(batches)
def test_counts_are_those_of_a_recount_from_scratch(history: list[tuple[list[Alert], int]]) -> None:
    memory = Memory(reopen_within_ms=2 * HOUR)
    ever: dict[str, set[bytes]] = {}
    for batch, after in history:
        for word in batch:
            memory.take(word, after=0)
            for row in memory.alerts.values():
                if row.incident_id is not None:
                    ever.setdefault(row.incident_id, set()).add(row.key)
        memory.now += after
    for incident in memory.incidents.values():
        here = [row.alert for row in memory.alerts.values() if row.incident_id == incident.id]
        live = Counter(one.severity for one in here if one.status in LIVE)
        assert {severity: count for severity, count in incident.live.items() if count} == live
        assert incident.acknowledged == sum(one.status is AlertStatus.ACKNOWLEDGED for one in here)
        gone = len(ever[incident.id]) - len(here)
        assert incident.resolved == sum(one.status is AlertStatus.RESOLVED for one in here) + gone


@given(batches)
def test_severity_is_that_of_the_worst_live_alert(history: list[tuple[list[Alert], int]]) -> None:
    for incident in told(history).incidents.values():
        live = [severity for severity, count in incident.live.items() if count]
        assert not live or incident.severity is max(live, key=lambda severity: severity.rank)


@given(batches)
def test_a_group_has_at_most_one_incident_that_is_not_closed(history: list[tuple[list[Alert], int]]) -> None:
    groups = [row.group_key for row in told(history).incidents.values() if row.status != IncidentStatus.CLOSED]
    assert len(groups) == len(set(groups))


@given(batches)
def test_an_incident_goes_on_only_while_an_alert_of_it_lives(history: list[tuple[list[Alert], int]]) -> None:
    memory = told(history)
    for incident in memory.incidents.values():
        going_on = incident.status in (IncidentStatus.OPEN, IncidentStatus.ACKNOWLEDGED)
        assert not going_on or incident.live_total > 0
        assert (incident.resolved_at is None) == going_on
        firing = incident.live_total - incident.acknowledged
        assert going_on or firing == 0


@given(batches)
def test_a_firing_alert_is_in_an_incident_that_goes_on(history: list[tuple[list[Alert], int]]) -> None:
    memory = told(history)
    for row in memory.alerts.values():
        if row.alert.status is AlertStatus.FIRING:
            assert row.incident_id is not None
            assert memory.incidents[row.incident_id].status in (IncidentStatus.OPEN, IncidentStatus.ACKNOWLEDGED)
            assert 1 <= row.fired_seq <= memory.incidents[row.incident_id].fired_seq


@given(batches)
def test_the_history_of_an_alert_tells_one_story(history: list[tuple[list[Alert], int]]) -> None:
    memory = told(history)
    for row in memory.alerts.values():
        lines = [line for line in memory.history if line.alert_id == row.id]
        assert [line.event for line in lines].count(HistoryEvent.CREATED) == 1
        assert lines[0].event is HistoryEvent.CREATED
        assert len(lines) <= row.times_seen
        known: dict[str, object] = {}
        for line in lines:
            for name, (old, new) in (line.changes or {}).items():
                assert known.get(name, old) == old
                known[name] = new
        for name, value in known.items():
            assert getattr(row.alert, name) == value


@given(batches)
def test_saying_everything_again_changes_nothing_people_care_about(history: list[tuple[list[Alert], int]]) -> None:
    memory = told(history)
    last = {row.key: row.alert for row in memory.alerts.values()}
    ledger = memory.take(*last.values(), after=0)
    assert changes(ledger) == {}
