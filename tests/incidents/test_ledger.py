"""What batches of alerts do to incidents."""

from __future__ import annotations

from msgspec import structs

from srvmaint.incidents.transition import Became
from srvmaint.model import Change, HistoryEvent, IncidentStatus
from tests.fakes import START
from tests.incidents.given import (
    ACKNOWLEDGED,
    CRITICAL,
    DAY,
    HOUR,
    INFO,
    RESOLVED,
    SECOND,
    WARNING,
    Memory,
    alert,
    changes,
    heard,
)

OPEN, DONE, CLOSED = IncidentStatus.OPEN, IncidentStatus.RESOLVED, IncidentStatus.CLOSED


def test_a_firing_alert_opens_an_incident() -> None:
    memory = Memory()
    ledger = memory.take(alert("a", severity=WARNING, labels={"instance": "db1", "team": "db"}))
    incident = memory.only()
    assert (incident.status, incident.severity, incident.title) == (OPEN, WARNING, "DiskFull")
    assert incident.labels == {"instance": "db1", "team": "db"}
    assert incident.pipeline == "full"
    assert changes(ledger) == {incident.id: [Change.OPENED]}
    assert memory.row("a").incident_id == incident.id
    assert memory.row("a").fired_at == memory.now


def test_what_was_never_heard_firing_opens_nothing() -> None:
    memory = Memory()
    ledger = memory.take(alert("a", RESOLVED), alert("b", ACKNOWLEDGED))
    assert memory.incidents == {}
    assert ledger.became[Became.CREATED] == 2
    assert memory.row("a").incident_id is None


def test_alerts_of_one_group_join_one_incident_and_keep_its_common_labels() -> None:
    memory = Memory()
    memory.take(alert("a", labels={"instance": "db1", "disk": "sda"}))
    ledger = memory.take(alert("b", labels={"instance": "db1", "disk": "sdb"}))
    incident = memory.only()
    assert changes(ledger) == {incident.id: [Change.ALERT_JOINED]}
    assert incident.labels == {"instance": "db1"}
    assert (incident.live[CRITICAL], incident.fired_seq) == (2, 2)


def test_alerts_of_another_group_open_another_incident() -> None:
    memory = Memory()
    memory.take(alert("a"), alert("b", labels={"instance": "db2"}))
    assert len(memory.incidents) == 2


def test_an_incident_is_as_bad_as_its_worst_live_alert_in_both_directions() -> None:
    memory = Memory()
    memory.take(alert("a", severity=INFO))
    ledger = memory.take(alert("b", severity=CRITICAL))
    assert changes(ledger) == {"i1": [Change.ALERT_JOINED, Change.SEVERITY_CHANGED]}
    assert memory.only().severity is CRITICAL
    ledger = memory.take(alert("b", RESOLVED, CRITICAL, end=START + HOUR))
    assert changes(ledger) == {"i1": [Change.SEVERITY_CHANGED]}
    assert memory.only().severity is INFO
    ledger = memory.take(alert("a", severity=WARNING))
    assert changes(ledger) == {"i1": [Change.SEVERITY_CHANGED]}
    assert memory.only().severity is WARNING


def test_an_incident_is_over_when_its_last_alert_is_and_keeps_its_severity() -> None:
    memory = Memory()
    memory.take(alert("a", severity=WARNING), alert("b", severity=WARNING))
    assert changes(memory.take(alert("a", RESOLVED, INFO, end=START + HOUR))) == {}
    ledger = memory.take(alert("b", RESOLVED, INFO, end=START + HOUR))
    incident = memory.only()
    assert changes(ledger) == {incident.id: [Change.RESOLVED]}
    assert (incident.status, incident.severity, incident.resolved_at) == (DONE, WARNING, memory.now)
    assert (incident.live_total, incident.resolved) == (0, 2)


def test_a_recovery_keeps_the_severity_the_start_and_the_text_it_recovers_from() -> None:
    memory = Memory()
    memory.take(alert("a", severity=WARNING, text="91 % full"))
    memory.take(alert("a", RESOLVED, INFO, start=None, end=START + HOUR))
    known = memory.row("a").alert
    assert (known.status, known.severity, known.starts_at) == (RESOLVED, WARNING, START)
    assert (known.ends_at, known.description) == (START + HOUR, "91 % full")


def test_a_live_alert_never_begins_earlier_than_it_was_said_to() -> None:
    memory = Memory()
    memory.take(alert("a", start=START))
    memory.take(alert("a", start=START - HOUR, text="late"))
    assert memory.row("a").alert.starts_at == START
    memory.take(alert("a", start=None, text="timeless"))
    assert memory.row("a").alert.starts_at == START
    memory.take(alert("a", start=START + HOUR))
    assert memory.row("a").alert.starts_at == START + HOUR


def test_the_end_of_an_episode_does_not_end_the_next_one_whose_beginning_was_heard_in_between() -> None:
    memory = Memory()
    memory.take(alert("a", start=START))
    memory.take(alert("a", start=START + HOUR))
    ledger = memory.take(alert("a", RESOLVED, start=START, end=START + HOUR - 1))
    assert memory.only().status is OPEN
    assert [line.event for line in ledger.history] == [HistoryEvent.STALE]


def test_an_incident_that_fires_again_soon_is_reopened() -> None:
    memory = Memory(reopen_within_ms=DAY)
    memory.take(alert("a", ACKNOWLEDGED), alert("a"))
    memory.take(alert("a", RESOLVED, end=START + 1))
    ledger = memory.take(alert("a", start=START + HOUR), after=DAY)
    incident = memory.only()
    assert changes(ledger) == {incident.id: [Change.REOPENED]}
    assert (incident.status, incident.resolved_at, incident.acknowledged_by) == (OPEN, None, None)
    assert (incident.live[CRITICAL], incident.resolved, incident.fired_seq) == (1, 0, 2)


def test_an_incident_that_fires_again_late_is_closed_and_another_opened() -> None:
    memory = Memory(reopen_within_ms=DAY)
    memory.take(alert("a"))
    memory.take(alert("a", RESOLVED, end=START + 1))
    ledger = memory.take(alert("a", start=START + HOUR), after=DAY + 1)
    old, new = memory.incidents["i1"], memory.incidents["i2"]
    assert (old.status, old.closed_at, old.dirty) == (CLOSED, memory.now, True)
    assert (new.status, new.opened_at) == (OPEN, memory.now)
    assert changes(ledger) == {new.id: [Change.OPENED]}
    assert list(ledger.touched) == [new.id]


def test_an_alert_that_moves_to_a_new_incident_stays_part_of_the_old_one() -> None:
    memory = Memory(reopen_within_ms=0)
    memory.take(alert("a"))
    memory.take(alert("a", RESOLVED, end=START + 1))
    memory.take(alert("a", start=START + HOUR))
    old, new = memory.incidents["i1"], memory.incidents["i2"]
    assert (old.live_total, old.resolved) == (0, 1)
    assert (new.live_total, new.resolved) == (1, 0)
    assert memory.row("a").incident_id == new.id


def test_another_alert_of_the_group_reopens_the_incident() -> None:
    memory = Memory()
    memory.take(alert("a"))
    memory.take(alert("a", RESOLVED, end=START + 1))
    assert changes(memory.take(alert("b"))) == {"i1": [Change.REOPENED]}
    assert (memory.only().live_total, memory.only().resolved) == (1, 1)


def test_an_incident_is_acknowledged_when_the_source_has_acknowledged_every_live_alert() -> None:
    memory = Memory()
    memory.take(alert("a"), alert("b"))
    assert changes(memory.take(alert("a", ACKNOWLEDGED))) == {}
    ledger = memory.take(alert("b", ACKNOWLEDGED))
    incident = memory.only()
    assert changes(ledger) == {incident.id: [Change.ACKNOWLEDGED]}
    assert (incident.status, incident.acknowledged_by) == (IncidentStatus.ACKNOWLEDGED, "test")
    assert (incident.acknowledged, incident.live_total) == (2, 2)


def test_an_alert_first_heard_of_as_acknowledged_opens_an_incident_once_it_fires() -> None:
    memory = Memory()
    memory.take(alert("a", ACKNOWLEDGED))
    ledger = memory.take(alert("a"))
    assert changes(ledger) == {"i1": [Change.OPENED]}
    assert memory.row("a").fired_seq == 1


def test_an_acknowledgement_of_what_was_over_disturbs_nobody_until_it_fires() -> None:
    memory = Memory()
    memory.take(alert("a"))
    memory.take(alert("a", RESOLVED, end=START + 1))
    assert changes(memory.take(alert("a", ACKNOWLEDGED, start=START + HOUR))) == {}
    assert memory.only().status is DONE
    assert changes(memory.take(alert("a", start=START + HOUR))) == {"i1": [Change.REOPENED]}
    assert memory.only().status is OPEN


def resolve_by_hand(memory: Memory) -> None:
    incident = memory.only()
    incident.status, incident.resolved_at = DONE, memory.now


def test_what_was_resolved_by_hand_stays_so_while_its_alert_goes_on_as_before() -> None:
    memory = Memory(reopen_within_ms=0)
    memory.take(alert("a", severity=WARNING, text="91 %"))
    resolve_by_hand(memory)
    assert changes(memory.take(alert("a", severity=WARNING, text="92 %"))) == {}
    assert changes(memory.take(alert("a", severity=INFO))) == {}
    assert changes(memory.take(alert("a", RESOLVED, end=START + HOUR))) == {}
    assert (memory.only().status, memory.only().resolved) == (DONE, 1)


def test_what_was_resolved_by_hand_is_reopened_when_its_alert_gets_worse() -> None:
    memory = Memory()
    memory.take(alert("a", severity=WARNING))
    resolve_by_hand(memory)
    assert Change.REOPENED in changes(memory.take(alert("a", severity=CRITICAL)))["i1"]
    assert (memory.only().status, memory.only().severity) == (OPEN, CRITICAL)


def test_an_alert_that_gets_worse_long_after_its_incident_was_resolved_by_hand_opens_another() -> None:
    memory = Memory(reopen_within_ms=HOUR)
    memory.take(alert("a", severity=WARNING))
    resolve_by_hand(memory)
    ledger = memory.take(alert("a", severity=CRITICAL), after=DAY)
    assert changes(ledger) == {"i2": [Change.OPENED]}
    old = memory.incidents["i1"]
    assert (old.status, old.live_total, old.resolved) == (CLOSED, 0, 1)


def test_an_alert_whose_incident_retention_has_taken_is_not_news_by_a_new_text() -> None:
    memory = Memory()
    memory.take(alert("a"))
    memory.incidents.clear()
    memory.row("a").incident_id = None
    memory.take(alert("a", text="still"))
    assert memory.incidents == {}


def test_an_alert_twice_in_one_batch_counts_once() -> None:
    memory = Memory()
    ledger = memory.take(alert("a"), alert("a"))
    assert (ledger.became[Became.CREATED], ledger.became[Became.UNCHANGED]) == (1, 1)
    assert memory.only().live_total == 1
    assert memory.row("a").times_seen == 2


def test_a_batch_that_says_firing_and_resolved_leaves_it_resolved() -> None:
    memory = Memory()
    ledger = memory.take(alert("a"), alert("a", RESOLVED, end=START + 1))
    assert changes(ledger) == {"i1": [Change.OPENED, Change.RESOLVED]}
    assert memory.only().status is DONE
    assert (memory.only().live_total, memory.only().resolved) == (0, 1)


def test_a_batch_that_says_resolved_before_firing_leaves_it_firing_only_if_that_is_later() -> None:
    memory = Memory()
    memory.take(alert("a", RESOLVED, start=START, end=START + 1), alert("a", start=START))
    assert memory.incidents == {}
    memory.take(alert("b", RESOLVED, start=START, end=START + 1), alert("b", start=START + 2))
    assert memory.only().status is OPEN


def test_what_changed_is_written_field_by_field() -> None:
    memory = Memory()
    memory.take(alert("a", text="91 %"))
    ledger = memory.take(alert("a", text="92 %", severity=WARNING))
    [line] = ledger.history
    assert line.event is HistoryEvent.SEVERITY_CHANGED
    assert line.changes == {"description": ["91 %", "92 %"], "severity": [CRITICAL, WARNING]}


def test_an_incident_nobody_routes_takes_the_route_of_the_next_alert_that_fires() -> None:
    memory = Memory()
    memory.hear(heard(alert("a"), pipeline=None))
    assert memory.only().pipeline is None
    memory.hear(heard(alert("b"), pipeline="ops"))
    assert memory.only().pipeline == "ops"
    memory.hear(heard(alert("c"), pipeline="other"))
    assert memory.only().pipeline == "ops"


def test_an_alert_stays_in_its_incident_when_the_grouping_is_configured_anew() -> None:
    memory = Memory()
    memory.take(alert("a"))
    memory.hear(heard(alert("a", RESOLVED, end=START + 1), ("all",)))
    memory.hear(heard(alert("a", start=START + HOUR), ("all",)), after=SECOND)
    assert memory.only().status is OPEN


def test_the_next_batch_starts_from_zero() -> None:
    memory = Memory()
    ledger = memory.take(alert("a"))
    ledger.begin(memory.now + 1, DAY)
    assert ledger.history == []
    assert ledger.touched == {}
    assert sum(ledger.became.values()) == 0
    ledger.apply(heard(alert("b")))
    assert changes(ledger) == {"i1": [Change.ALERT_JOINED]}


def test_an_update_that_names_nothing_but_its_alert_keeps_what_is_known_of_it() -> None:
    memory = Memory()
    memory.take(alert("key-1", text="91 %", severity=WARNING))
    bare = structs.replace(alert("key-1", ACKNOWLEDGED, CRITICAL, labels={}, start=None), name="key-1", named=False)
    ledger = memory.take(bare, bare)
    [row] = memory.alerts.values()
    assert (row.alert.status, row.alert.severity) == (ACKNOWLEDGED, WARNING)
    assert (row.alert.name, row.alert.description, row.alert.labels) == ("DiskFull", "91 %", {"instance": "db1"})
    assert ledger.became[Became.UNCHANGED] == 1
    assert row.labels_json == '{"instance":"db1"}'
    memory.take(structs.replace(bare, status=RESOLVED))
    assert (row.alert.status, row.alert.name, row.alert.severity) == (RESOLVED, "DiskFull", WARNING)


def test_an_update_that_names_nothing_makes_do_with_itself_where_nothing_is_known() -> None:
    memory = Memory()
    memory.take(structs.replace(alert("key-1"), name="key-1", named=False))
    [incident] = memory.incidents.values()
    assert incident.title == "key-1"
