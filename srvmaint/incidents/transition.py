"""What one incoming alert means for what is already known of it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from srvmaint.model import Alert, AlertStatus, HistoryEvent, Severity


class Became(StrEnum):
    """What the sender is told an alert of its body became."""

    CREATED = "created"
    UPDATED = "updated"
    RESOLVED = "resolved"
    UNCHANGED = "unchanged"


class Known(msgspec.Struct, frozen=True):
    """What is remembered of an alert, as far as the next word about it is judged by it."""

    status: AlertStatus
    severity: Severity
    starts_at: int | None
    digest: bytes
    ends_at: int | None = None

    @classmethod
    def of(cls, alert: Alert, digest: bytes) -> Known:
        """What is remembered of this alert."""
        return cls(alert.status, alert.severity, alert.starts_at, digest, alert.ends_at)


class Transition(msgspec.Struct, frozen=True):
    """What happens: the line in the history (None: only seen again) and what the sender is told."""

    event: HistoryEvent | None
    became: Became
    begins_to_fire: bool = False


def judge(known: Known | None, alert: Alert, digest: bytes) -> Transition:
    """Compare what arrived with what is known.

    The same status and start again is no news; a later start is, because what ends before it ends an earlier episode.
    A `resolved` that belongs to an earlier episode, and a `firing` that belongs to an episode already over, are stale:
    late or repeated deliveries must neither end nor open anything.
    """
    if known is None:
        return Transition(HistoryEvent.CREATED, Became.CREATED, alert.status is AlertStatus.FIRING)
    if alert.status is AlertStatus.RESOLVED:
        return _resolved(known, alert)
    if known.status is AlertStatus.RESOLVED:
        if _is_of_what_is_over(alert, known):
            return Transition(HistoryEvent.STALE, Became.UNCHANGED)
        return Transition(HistoryEvent.REFIRED, Became.UPDATED, alert.status is AlertStatus.FIRING)
    if alert.status is AlertStatus.ACKNOWLEDGED and known.status is AlertStatus.FIRING:
        return Transition(HistoryEvent.ACKNOWLEDGED, Became.UPDATED)
    if alert.severity is not known.severity:
        return Transition(HistoryEvent.SEVERITY_CHANGED, Became.UPDATED)
    if alert.status is not known.status or digest != known.digest or later(alert.starts_at, known.starts_at):
        return Transition(HistoryEvent.UPDATED, Became.UPDATED)
    return Transition(None, Became.UNCHANGED)


def _resolved(known: Known, alert: Alert) -> Transition:
    if known.status is AlertStatus.RESOLVED:
        return Transition(None, Became.UNCHANGED)
    end = alert.ends_at if alert.ends_at is not None else alert.starts_at
    if later(known.starts_at, end) or (end == known.starts_at and later(known.starts_at, alert.starts_at)):
        return Transition(HistoryEvent.STALE, Became.UNCHANGED)
    return Transition(HistoryEvent.RESOLVED, Became.RESOLVED)


def later(one: int | None, other: int | None) -> bool:
    """Whether one moment is known to be after the other."""
    return one is not None and other is not None and one > other


def _is_of_what_is_over(alert: Alert, known: Known) -> bool:
    """Whether a firing belongs to the episode that is known to be over, or an older one.

    Where the end was heard before the firing, from a sender whose ends name no start, the end itself says so. Without
    times nobody can say.
    """
    if known.starts_at is None:
        return later(known.ends_at, alert.starts_at)
    return alert.starts_at is not None and alert.starts_at <= known.starts_at
