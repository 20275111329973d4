"""Whether one channel is told about one incident now, and why: Alertmanager's decision table per (incident, channel).

Pure. Every answer, also "nothing", has a reason code, because "why was I not told" is asked as often as "why was I".
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from srvmaint.model import Severity


class Reason(StrEnum):
    """Why a channel is told something, or nothing."""

    FIRST = "first_notification"
    REFIRED = "refired"
    NEW_ALERTS = "new_alerts"
    SEVERITY_CHANGED = "severity_changed"
    ACKNOWLEDGED = "acknowledged"
    ALL_RESOLVED = "all_resolved"
    ALREADY_TOLD = "already_told"
    RESOLVED_BEFORE_TOLD = "resolved_before_told"
    RESOLVED_NOT_WANTED = "resolved_not_wanted"
    BELOW_MIN_SEVERITY = "below_min_severity"
    REPORT = "report"


class Told(msgspec.Struct, frozen=True):
    """What the channel was last told. `fired_seq` is how far the incident's count of firings had come."""

    firing: bool
    fired_seq: int
    severity: Severity
    acknowledged: bool
    at: int


class Now(msgspec.Struct, frozen=True):
    """How the incident stands. `fired_seq` is that of the youngest alert still live."""

    live: int
    fired_seq: int
    severity: Severity
    acknowledged: bool


class Wishes(msgspec.Struct, frozen=True):
    """What the channel wants to hear about."""

    min_severity: Severity
    send_resolved: bool


class Decision(msgspec.Struct, frozen=True):
    """Send or not, and why. `remember` says that the channel's record changes even though nothing is sent."""

    send: bool
    reason: Reason
    remember: bool = False


def decide(told: Told | None, now: Now, wishes: Wishes) -> Decision:
    """Apply the table. A channel told about firing is told about resolved, whatever the severity is by then."""
    if now.live == 0:
        if told is None:
            return Decision(send=False, reason=Reason.RESOLVED_BEFORE_TOLD)
        if not told.firing:
            return Decision(send=False, reason=Reason.ALREADY_TOLD)
        if not wishes.send_resolved:
            return Decision(send=False, reason=Reason.RESOLVED_NOT_WANTED, remember=True)
        return Decision(send=True, reason=Reason.ALL_RESOLVED)
    if told is None or not told.firing:
        if now.severity.rank < wishes.min_severity.rank:
            return Decision(send=False, reason=Reason.BELOW_MIN_SEVERITY)
        return Decision(send=True, reason=Reason.FIRST if told is None else Reason.REFIRED)
    if now.fired_seq > told.fired_seq:
        return Decision(send=True, reason=Reason.NEW_ALERTS)
    if now.severity is not told.severity:
        return Decision(send=True, reason=Reason.SEVERITY_CHANGED)
    if now.acknowledged and not told.acknowledged:
        return Decision(send=True, reason=Reason.ACKNOWLEDGED)
    return Decision(send=False, reason=Reason.ALREADY_TOLD)
