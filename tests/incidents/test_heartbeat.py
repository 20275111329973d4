from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srvmaint.incidents.heartbeat import (
    AWAY_MS,
    OUTPUT_CHARS,
    Beat,
    Expected,
    Pulse,
    State,
    excused,
    heard,
    missed_at,
    news,
    over,
    state_of,
)
from srvmaint.model import AlertStatus, Severity
from tests.fakes import START

MINUTE, HOUR = 60_000, 3_600_000
DAILY = Expected("backup", 24 * HOUR, 2 * HOUR, Severity.WARNING, "db-1")
FRESH = Pulse("backup", START, START, START)


def after(pulse: Pulse, hours: float, **more: Any) -> Pulse:
    return heard(pulse, Beat("backup", START + round(hours * HOUR), **more))


def told(pulse: Pulse, hours: float) -> tuple[AlertStatus, str, Pulse]:
    found = news(pulse, DAILY, START + round(hours * HOUR))
    assert found is not None
    alert, pulse = found
    return alert.status, alert.description, pulse


@pytest.mark.parametrize(
    ("hours", "state"),
    [(0, State.NEW), (23.99, State.NEW), (24, State.LATE), (25.99, State.LATE), (26, State.MISSED), (99, State.MISSED)],
)
def test_a_job_never_heard_of_is_missed_when_its_time_and_grace_are_over(hours: float, state: State) -> None:
    assert state_of(FRESH, DAILY, START + round(hours * HOUR)) is state


def test_the_next_beat_is_counted_from_the_last_good_one() -> None:
    pulse = after(FRESH, 10)
    assert state_of(pulse, DAILY, START + 11 * HOUR) is State.UP
    assert missed_at(pulse, DAILY) == START + 36 * HOUR
    late_start = after(pulse, 33, is_start=True)
    assert missed_at(late_start, DAILY) == START + 36 * HOUR  # beginning is not ending


def test_how_long_it_took_is_what_it_says_or_the_time_since_its_start() -> None:
    begun = after(FRESH, 1, is_start=True)
    assert begun.is_running
    done = after(begun, 3)
    assert (done.duration_ms, done.is_running, done.exit_code) == (2 * HOUR, False, 0)
    assert after(begun, 3, duration_ms=5).duration_ms == 5
    assert after(done, 4).duration_ms is None  # nobody said when it began


def test_a_failure_is_told_at_once_and_a_good_end_ends_it() -> None:
    failed = after(after(FRESH, 10), 11, exit_code=3, output="disk full")
    assert state_of(failed, DAILY, START + 12 * HOUR) is State.FAILED
    status, text, pulse = told(failed, 12)
    assert status is AlertStatus.FIRING
    assert "backup failed at 2025-10-09 19:53 UTC (exit code 3). It last ended well at 2025-10-09 18:53 UTC." in text
    assert news(pulse, DAILY, START + 13 * HOUR) is None
    good = after(pulse, 14)
    status, text_of_the_end, calm = told(good, 14)
    assert (status, text_of_the_end) == (AlertStatus.RESOLVED, text)
    assert news(calm, DAILY, START + 15 * HOUR) is None


def test_every_further_failure_is_said_and_begins_no_new_alert() -> None:
    first, pulse = news(after(FRESH, 1, exit_code=3), DAILY, START + HOUR) or (None, FRESH)
    second, pulse = news(after(pulse, 2, exit_code=4), DAILY, START + 2 * HOUR) or (None, FRESH)
    assert first is not None
    assert second is not None
    assert second.starts_at == first.starts_at == START + HOUR
    assert "(exit code 4)" in second.description
    assert second.fingerprint == first.fingerprint


def test_a_failed_job_that_is_then_not_heard_of_stays_failed() -> None:
    failed = after(FRESH, 1, exit_code=1)
    assert state_of(failed, DAILY, START + 999 * HOUR) is State.FAILED


def test_what_is_missed_says_when_it_was_last_heard_of_and_that_it_began() -> None:
    assert "has not been heard of since it is expected, 2025-10-09 08:53 UTC" in told(FRESH, 26)[1]
    pulse = after(after(FRESH, 1), 23, is_start=True)
    _, text, _ = told(pulse, 27)
    assert "was last heard of at 2025-10-09 09:53 UTC, and should be every 24 h 0 min (grace 2 h 0 min)." in text
    assert text.endswith("It began at 2025-10-10 07:53 UTC and has not said that it ended.")


def test_the_alert_is_the_jobs_own_and_never_ends_before_it_began() -> None:
    found = news(after(FRESH, 1, output="x" * 9000, exit_code=2), DAILY, START + HOUR)
    assert found is not None
    alert, pulse = found
    assert (alert.source, alert.fingerprint, alert.name) == ("heartbeat", "backup", "Heartbeat backup")
    assert (alert.severity, alert.labels) == (Severity.WARNING, {"heartbeat": "backup", "instance": "db-1"})
    assert alert.annotations == {"output": "x" * OUTPUT_CHARS}
    end, _ = over(msgspec.structs.replace(pulse, ok_at=START), DAILY, START)
    assert end.starts_at is not None
    assert end.ends_at is not None
    assert end.ends_at >= end.starts_at


def away(pulse: Pulse, until: float, listened: float) -> Pulse:
    watched = msgspec.structs.replace(pulse, watched_at=START + round(listened * HOUR))
    return excused(watched, DAILY, START + round(until * HOUR))


def test_a_beat_that_fell_into_an_absence_is_waited_for_at_its_next_turn() -> None:
    pulse = away(FRESH, until=30, listened=20)
    assert missed_at(pulse, DAILY) == START + 50 * HOUR
    assert state_of(pulse, DAILY, START + 30 * HOUR) is State.NEW
    long = away(FRESH, until=24 * 10 + 1, listened=20)
    assert missed_at(long, DAILY) == START + (24 * 11 + 2) * HOUR


def test_one_that_was_overdue_before_the_absence_stays_overdue() -> None:
    assert away(FRESH, until=40, listened=26) == msgspec.structs.replace(FRESH, watched_at=START + 26 * HOUR)


def test_an_absence_in_which_nothing_was_due_and_a_short_one_change_nothing() -> None:
    assert missed_at(away(FRESH, until=23, listened=1), DAILY) == missed_at(FRESH, DAILY)
    moment = START + 25 * HOUR
    short = msgspec.structs.replace(FRESH, watched_at=moment - AWAY_MS + 1)
    assert excused(short, DAILY, moment) == short


@given(st.lists(st.tuples(st.integers(1, 50), st.sampled_from(["ok", "start", "fail", "wait"])), max_size=30))
def test_whatever_a_job_says_what_is_told_fires_and_ends_in_turn(said: list[tuple[int, str]]) -> None:
    """Told firing is followed by told resolved before the next: of any story, looked at after every word."""
    pulse, now, firing = FRESH, START, False
    for hours, word in said:
        now += hours * HOUR
        if word != "wait":
            pulse = heard(pulse, Beat("backup", now, is_start=word == "start", exit_code=int(word == "fail")))
        found = news(pulse, DAILY, now)
        if found is not None:
            alert, pulse = found
            if alert.status is AlertStatus.RESOLVED:
                assert firing
                assert word == "ok"
            firing = alert.status is AlertStatus.FIRING
        assert firing == (state_of(pulse, DAILY, now) in (State.MISSED, State.FAILED))
        assert news(pulse, DAILY, now) is None
