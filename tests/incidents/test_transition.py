"""What one word about an alert means for what is known of it."""

from __future__ import annotations

import pytest

from srvmaint.incidents.transition import Became, Known, judge
from srvmaint.model import Alert, AlertStatus, HistoryEvent
from tests.incidents.given import ACKNOWLEDGED, CRITICAL, FIRING, RESOLVED, WARNING, alert

OLD, NEW = b"old", b"new"


def known(status: AlertStatus = FIRING, start: int | None = 100, *, end: int | None = None) -> Known:
    return Known(status, CRITICAL, start, OLD, end)


@pytest.mark.parametrize(("status", "begins"), [(FIRING, True), (ACKNOWLEDGED, False), (RESOLVED, False)])
def test_an_alert_never_heard_of_is_created_and_only_a_firing_one_begins_to_fire(
    status: AlertStatus, *, begins: bool
) -> None:
    found = judge(None, alert(status=status), OLD)
    assert (found.event, found.became, found.begins_to_fire) == (HistoryEvent.CREATED, Became.CREATED, begins)


ROWS: list[tuple[str, Known, Alert, bytes, HistoryEvent | None, Became, bool]] = [
    ("the same again is no news", known(), alert(start=100), OLD, None, Became.UNCHANGED, False),
    (
        "the same status with another text is an update",
        known(),
        alert(start=100),
        NEW,
        HistoryEvent.UPDATED,
        Became.UPDATED,
        False,
    ),
    (
        "a later start is another episode whose end was never heard of",
        known(),
        alert(start=101),
        OLD,
        HistoryEvent.UPDATED,
        Became.UPDATED,
        False,
    ),
    ("an earlier start is an old word", known(), alert(start=99), OLD, None, Became.UNCHANGED, False),
    ("a start that is missing now is no news", known(), alert(start=None), OLD, None, Became.UNCHANGED, False),
    ("a start that was missing is no news", known(start=None), alert(start=100), OLD, None, Became.UNCHANGED, False),
    (
        "another severity",
        known(),
        alert(severity=WARNING, start=100),
        NEW,
        HistoryEvent.SEVERITY_CHANGED,
        Became.UPDATED,
        False,
    ),
    (
        "the source acknowledges",
        known(),
        alert(status=ACKNOWLEDGED, start=100),
        OLD,
        HistoryEvent.ACKNOWLEDGED,
        Became.UPDATED,
        False,
    ),
    (
        "the source takes its acknowledgement back",
        known(ACKNOWLEDGED),
        alert(start=100),
        OLD,
        HistoryEvent.UPDATED,
        Became.UPDATED,
        False,
    ),
    (
        "it is over",
        known(),
        alert(status=RESOLVED, start=100, end=200),
        OLD,
        HistoryEvent.RESOLVED,
        Became.RESOLVED,
        False,
    ),
    (
        "an acknowledged one is over",
        known(ACKNOWLEDGED),
        alert(status=RESOLVED, end=200),
        OLD,
        HistoryEvent.RESOLVED,
        Became.RESOLVED,
        False,
    ),
    (
        "over, without any time",
        known(),
        alert(status=RESOLVED, start=None),
        OLD,
        HistoryEvent.RESOLVED,
        Became.RESOLVED,
        False,
    ),
    (
        "over, of a start nobody knows",
        known(start=None),
        alert(status=RESOLVED, end=1),
        OLD,
        HistoryEvent.RESOLVED,
        Became.RESOLVED,
        False,
    ),
    (
        "the end of an earlier episode is stale",
        known(),
        alert(status=RESOLVED, start=10, end=99),
        OLD,
        HistoryEvent.STALE,
        Became.UNCHANGED,
        False,
    ),
    (
        "so is one known by its start alone",
        known(),
        alert(status=RESOLVED, start=99),
        OLD,
        HistoryEvent.STALE,
        Became.UNCHANGED,
        False,
    ),
    (
        "so is one that ended in the moment this one began",
        known(),
        alert(status=RESOLVED, start=10, end=100),
        OLD,
        HistoryEvent.STALE,
        Became.UNCHANGED,
        False,
    ),
    (
        "one that began and ended in the same moment is over",
        known(),
        alert(status=RESOLVED, start=100, end=100),
        OLD,
        HistoryEvent.RESOLVED,
        Became.RESOLVED,
        False,
    ),
    ("over twice", known(RESOLVED), alert(status=RESOLVED, end=300), NEW, None, Became.UNCHANGED, False),
    ("it fires again", known(RESOLVED), alert(start=101), OLD, HistoryEvent.REFIRED, Became.UPDATED, True),
    (
        "it fires again, of a sender that gives no times",
        known(RESOLVED, None),
        alert(start=None),
        OLD,
        HistoryEvent.REFIRED,
        Became.UPDATED,
        True,
    ),
    (
        "it fires again without a time",
        known(RESOLVED),
        alert(start=None),
        OLD,
        HistoryEvent.REFIRED,
        Became.UPDATED,
        True,
    ),
    (
        "a firing of the episode that is over is stale",
        known(RESOLVED),
        alert(start=100),
        NEW,
        HistoryEvent.STALE,
        Became.UNCHANGED,
        False,
    ),
    (
        "a firing of an older episode is stale",
        known(RESOLVED),
        alert(start=50),
        NEW,
        HistoryEvent.STALE,
        Became.UNCHANGED,
        False,
    ),
    (
        "a firing heard after an end that names no start, and that began before it, is stale",
        known(RESOLVED, None, end=200),
        alert(start=199),
        OLD,
        HistoryEvent.STALE,
        Became.UNCHANGED,
        False,
    ),
    (
        "one that began in the moment of such an end fires",
        known(RESOLVED, None, end=200),
        alert(start=200),
        OLD,
        HistoryEvent.REFIRED,
        Became.UPDATED,
        True,
    ),
    (
        "so does one without a time",
        known(RESOLVED, None, end=200),
        alert(start=None),
        OLD,
        HistoryEvent.REFIRED,
        Became.UPDATED,
        True,
    ),
    (
        "acknowledged although it was over: live again, but nobody has to be called",
        known(RESOLVED),
        alert(status=ACKNOWLEDGED, start=101),
        OLD,
        HistoryEvent.REFIRED,
        Became.UPDATED,
        False,
    ),
]


@pytest.mark.parametrize(
    ("before", "arrives", "digest", "event", "became", "begins"),
    [row[1:] for row in ROWS],
    ids=[row[0] for row in ROWS],
)
def test_a_word_about_a_known_alert_means(
    before: Known, arrives: Alert, digest: bytes, event: HistoryEvent | None, became: Became, *, begins: bool
) -> None:
    found = judge(before, arrives, digest)
    assert (found.event, found.became, found.begins_to_fire) == (event, became, begins)
