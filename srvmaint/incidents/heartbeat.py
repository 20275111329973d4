"""Jobs that have to be heard of: when one is late, when it has failed, and what alert that is. Pure.

A beat is counted from the last good one: it is due `every` later and missed when `grace` is over as well. What could
not be heard because srvmaint itself was away is not held against a job: it is waited for at its next turn.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from srvmaint.clock import SECOND, human_span, short_time
from srvmaint.model import Alert, AlertStatus, Severity

SOURCE: Final = "heartbeat"
AWAY_MS: Final = 120 * SECOND
"""A shorter absence excuses nobody: who reports a job tries again for as long, and a restart takes seconds."""
OUTPUT_CHARS: Final = 2000
"""What is kept of a job's output: its end, where errors are."""


class Expected(msgspec.Struct, frozen=True):
    """A job as the configuration has it. Times are milliseconds."""

    slug: str
    every_ms: int
    grace_ms: int
    severity: Severity
    host: str


class State(StrEnum):
    """How a job stands."""

    NEW = "new"
    """Nothing has been heard of it yet, and nothing had to be."""
    UP = "up"
    LATE = "late"
    """It is due, and its grace is not over."""
    MISSED = "missed"
    FAILED = "failed"


class Pulse(msgspec.Struct, frozen=True):
    """What was last heard of a job; see the migration for the columns."""

    slug: str
    expected_since: int
    base_at: int
    watched_at: int
    ok_at: int | None = None
    started_at: int | None = None
    failed_at: int | None = None
    failing_since: int | None = None
    exit_code: int | None = None
    duration_ms: int | None = None
    output: str = ""
    told: str = ""
    told_text: str = ""
    told_start: int | None = None
    told_failed_at: int | None = None

    @property
    def is_running(self) -> bool:
        """It has begun, and has not said since that it ended."""
        ended = max(self.ok_at or 0, self.failed_at or 0)
        return self.started_at is not None and self.started_at > ended


class Beat(msgspec.Struct, frozen=True):
    """One word of a job."""

    slug: str
    at: int
    is_start: bool = False
    exit_code: int = 0
    """0 is good; a bare `fail` is 1."""
    duration_ms: int | None = None
    """As the job measured it; else it is the time since its start."""
    output: str = ""


def heard(pulse: Pulse, beat: Beat) -> Pulse:
    """The pulse after one more beat."""
    if beat.is_start:
        return msgspec.structs.replace(pulse, started_at=beat.at)
    duration = beat.duration_ms
    if duration is None and pulse.is_running and pulse.started_at is not None:
        duration = max(beat.at - pulse.started_at, 0)
    after = msgspec.structs.replace(
        pulse, exit_code=beat.exit_code, duration_ms=duration, output=beat.output[-OUTPUT_CHARS:]
    )
    if beat.exit_code == 0:
        return msgspec.structs.replace(after, ok_at=beat.at, base_at=beat.at, failing_since=None)
    since = pulse.failing_since if pulse.failing_since is not None else beat.at
    return msgspec.structs.replace(after, failed_at=beat.at, failing_since=since)


def missed_at(pulse: Pulse, expected: Expected) -> int:
    """From when on it is missed."""
    return pulse.base_at + expected.every_ms + expected.grace_ms


def state_of(pulse: Pulse, expected: Expected, now: int) -> State:
    """How the job stands now."""
    if pulse.failing_since is not None:
        return State.FAILED
    if now >= missed_at(pulse, expected):
        return State.MISSED
    if now >= pulse.base_at + expected.every_ms:
        return State.LATE
    return State.NEW if pulse.ok_at is None else State.UP


def excused(pulse: Pulse, expected: Expected, now: int) -> Pulse:
    """The pulse at a start of srvmaint: a beat that fell into its absence is waited for at its next turn.

    One that was overdue already when somebody still listened stays overdue.
    """
    late_before = missed_at(pulse, expected) <= pulse.watched_at
    if late_before or now - pulse.watched_at < AWAY_MS:
        return pulse
    turns = (now - pulse.base_at) // expected.every_ms
    return msgspec.structs.replace(pulse, base_at=pulse.base_at + turns * expected.every_ms) if turns > 0 else pulse


def news(pulse: Pulse, expected: Expected, now: int) -> tuple[Alert, Pulse] | None:
    """The alert that has to be told now, and the pulse once it has been; None when there is nothing to tell."""
    state = state_of(pulse, expected, now)
    if state not in (State.MISSED, State.FAILED):
        return over(pulse, expected, now) if pulse.told else None
    if pulse.told == state and pulse.told_failed_at == pulse.failed_at:
        return None
    begins = pulse.failing_since if state is State.FAILED else missed_at(pulse, expected)
    start = pulse.told_start if pulse.told else begins
    text = _failure(pulse) if state is State.FAILED else _silence(pulse, expected)
    told = msgspec.structs.replace(
        pulse, told=state.value, told_text=text, told_start=start, told_failed_at=pulse.failed_at
    )
    return _alert(pulse, expected, AlertStatus.FIRING, text, start, None), told


def over(pulse: Pulse, expected: Expected, now: int) -> tuple[Alert, Pulse]:
    """The end of the alert that was told, and the pulse once that has been told as well."""
    ends = max(pulse.ok_at if pulse.ok_at is not None else now, pulse.told_start or 0)
    told = msgspec.structs.replace(pulse, told="", told_text="", told_start=None, told_failed_at=None)
    return _alert(pulse, expected, AlertStatus.RESOLVED, pulse.told_text, pulse.told_start, ends), told


def _alert(
    pulse: Pulse, expected: Expected, status: AlertStatus, text: str, starts_at: int | None, ends_at: int | None
) -> Alert:
    return Alert(
        source=SOURCE,
        fingerprint=pulse.slug,
        name=f"Heartbeat {pulse.slug}",
        status=status,
        severity=expected.severity,
        description=text,
        labels={"heartbeat": pulse.slug, "instance": expected.host},
        annotations={"output": pulse.output} if pulse.output else {},
        starts_at=starts_at,
        ends_at=ends_at,
    )


def _failure(pulse: Pulse) -> str:
    took = f" after {human_span(pulse.duration_ms / SECOND)}" if pulse.duration_ms is not None else ""
    last = f" It last ended well at {short_time(pulse.ok_at)}." if pulse.ok_at is not None else " It never ended well."
    return f"{pulse.slug} failed at {short_time(pulse.failed_at)}{took} (exit code {pulse.exit_code}).{last}"


def _silence(pulse: Pulse, expected: Expected) -> str:
    every = human_span(expected.every_ms / SECOND)
    if pulse.ok_at is None:
        text = f"{pulse.slug} has not been heard of since it is expected, {short_time(pulse.expected_since)}"
    else:
        text = f"{pulse.slug} was last heard of at {short_time(pulse.ok_at)}"
    begun = f" It began at {short_time(pulse.started_at)} and has not said that it ended." if pulse.is_running else ""
    return f"{text}, and should be every {every} (grace {human_span(expected.grace_ms / SECOND)}).{begun}"
