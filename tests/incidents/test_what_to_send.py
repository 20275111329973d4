"""The decision table: told or not, and why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from srvmaint.incidents.what_to_send import Decision, Now, Reason, Told, Wishes, decide
from srvmaint.model import Severity
from tests.incidents.given import CRITICAL, INFO, WARNING

EVERYTHING = Wishes(INFO, send_resolved=True)
NO_ENDS = Wishes(INFO, send_resolved=False)
WORST_ONLY = Wishes(CRITICAL, send_resolved=True)
TOLD = Told(firing=True, fired_seq=3, severity=WARNING, acknowledged=False, at=1)
OVER = replace(TOLD, firing=False)
FIRES = Now(live=2, fired_seq=3, severity=WARNING, acknowledged=False)
ENDED = Now(live=0, fired_seq=0, severity=WARNING, acknowledged=False)

ROWS: list[tuple[str, Told | None, Now, Wishes, bool, Reason]] = [
    ("never told, it fires", None, FIRES, EVERYTHING, True, Reason.FIRST),
    ("never told, not bad enough", None, FIRES, WORST_ONLY, False, Reason.BELOW_MIN_SEVERITY),
    ("never told, and over already", None, ENDED, EVERYTHING, False, Reason.RESOLVED_BEFORE_TOLD),
    ("told, nothing new", TOLD, FIRES, EVERYTHING, False, Reason.ALREADY_TOLD),
    ("told, another alert fires", TOLD, replace(FIRES, fired_seq=4), EVERYTHING, True, Reason.NEW_ALERTS),
    (
        "told, one of them is over",
        TOLD,
        replace(FIRES, fired_seq=1),
        EVERYTHING,
        False,
        Reason.ALREADY_TOLD,
    ),
    (
        "told, it is worse",
        TOLD,
        replace(FIRES, severity=CRITICAL),
        EVERYTHING,
        True,
        Reason.SEVERITY_CHANGED,
    ),
    ("told, it is better", TOLD, replace(FIRES, severity=INFO), EVERYTHING, True, Reason.SEVERITY_CHANGED),
    (
        "told, somebody is on it",
        TOLD,
        replace(FIRES, acknowledged=True),
        EVERYTHING,
        True,
        Reason.ACKNOWLEDGED,
    ),
    (
        "told that somebody is on it",
        replace(TOLD, acknowledged=True),
        replace(FIRES, acknowledged=True),
        EVERYTHING,
        False,
        Reason.ALREADY_TOLD,
    ),
    ("told, and over", TOLD, ENDED, EVERYTHING, True, Reason.ALL_RESOLVED),
    ("told, and over at a severity it would not hear of", TOLD, ENDED, WORST_ONLY, True, Reason.ALL_RESOLVED),
    ("told, and over, which it does not want to hear", TOLD, ENDED, NO_ENDS, False, Reason.RESOLVED_NOT_WANTED),
    ("told that it is over", OVER, ENDED, EVERYTHING, False, Reason.ALREADY_TOLD),
    ("told that it is over, and it fires again", OVER, FIRES, EVERYTHING, True, Reason.REFIRED),
    ("fires again, not bad enough", OVER, FIRES, WORST_ONLY, False, Reason.BELOW_MIN_SEVERITY),
]


@pytest.mark.parametrize(
    ("told", "now", "wishes", "send", "reason"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_a_channel_is_told(told: Told | None, now: Now, wishes: Wishes, reason: Reason, *, send: bool) -> None:
    decision = decide(told, now, wishes)
    assert (decision.send, decision.reason) == (send, reason)
    assert decision.remember == (reason is Reason.RESOLVED_NOT_WANTED)


severities = st.sampled_from(Severity)
lives = st.lists(
    st.builds(
        Now, live=st.integers(0, 3), fired_seq=st.integers(0, 9), severity=severities, acknowledged=st.booleans()
    ),
    max_size=12,
)


def told_after(told: Told | None, now: Now, decision: Decision) -> Told | None:
    """What the notify node remembers."""
    if not decision.send and not decision.remember:
        return told
    furthest = max(now.fired_seq, told.fired_seq if told else 0)
    return Told(now.live > 0, furthest, now.severity, now.acknowledged, at=0)


@given(life=lives, least=severities, ends=st.booleans())
def test_who_is_told_about_firing_is_told_about_the_end_unless_it_does_not_want_to(
    life: list[Now], least: Severity, *, ends: bool
) -> None:
    wishes = Wishes(least, send_resolved=ends)
    told: Told | None = None
    heard: list[bool] = []
    for now in [*life, ENDED]:
        decision = decide(told, now, wishes)
        if decision.send:
            heard.append(now.live > 0)
        told = told_after(told, now, decision)
    assert told is None or not told.firing
    assert not heard or heard[-1] is not ends
    if not ends:
        assert all(heard)


@given(life=lives, least=severities, ends=st.booleans())
def test_nobody_is_told_the_same_twice(life: list[Now], least: Severity, *, ends: bool) -> None:
    wishes = Wishes(least, send_resolved=ends)
    told: Told | None = None
    for now in life:
        told = told_after(told, now, decide(told, now, wishes))
        assert not decide(told, now, wishes).send
