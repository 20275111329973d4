"""The nouns. Frozen, no I/O, no behaviour beyond what follows from their own fields.

All times are epoch milliseconds; `None` means "the sender gave none" or "has not happened". Ids are text.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

import msgspec


class Severity(StrEnum):
    """How bad an alert or an incident is."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """2 for critical, 1 for warning, 0 for info: larger is worse."""
        return SEVERITY_RANK[self]


SEVERITY_RANK: Final = {Severity.CRITICAL: 2, Severity.WARNING: 1, Severity.INFO: 0}


class AlertStatus(StrEnum):
    """Where one alert stands; acknowledged is still wrong, only known."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class HistoryEvent(StrEnum):
    """What happened to an alert."""

    CREATED = "created"
    UPDATED = "updated"
    SEVERITY_CHANGED = "severity_changed"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    REFIRED = "refired"
    STALE = "stale"


class IncidentStatus(StrEnum):
    """open -> acknowledged -> resolved -> closed; reopened on refire."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CLOSED = "closed"


class RunState(StrEnum):
    """How far one pipeline execution has come."""

    PENDING = "pending"
    INGESTED = "ingested"
    CHECKED = "checked"
    ANALYZED = "analyzed"
    NOTIFIED = "notified"
    FAILED = "failed"
    RETRYING = "retrying"


class StepStatus(StrEnum):
    """How one node's execution in a run stands."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"


class CheckStatus(StrEnum):
    """What a checker found. Worst first: critical, warning, unknown, ok; skipped stands apart."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


CHECK_ORDER: Final = (
    CheckStatus.CRITICAL,
    CheckStatus.WARNING,
    CheckStatus.UNKNOWN,
    CheckStatus.OK,
    CheckStatus.SKIPPED,
)
"""Worst first; the order of evidence in a message and of combining results."""


class Priority(StrEnum):
    """How soon a recommendation wants attention."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class DeliveryState(StrEnum):
    """Where one message to one channel stands."""

    DUE = "due"
    SENDING = "sending"
    DELIVERED = "delivered"
    RETRYING = "retrying"
    DEAD = "dead"
    SUPPRESSED = "suppressed"


class Verdict(StrEnum):
    """What the host itself says about an alert."""

    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    NOT_THIS_HOST = "not this host"
    UNVERIFIED = "unverified"


class Change(StrEnum):
    """A change of an incident that people care about: the only things that start a run."""

    OPENED = "opened"
    REOPENED = "reopened"
    SEVERITY_CHANGED = "severity_changed"
    ALERT_JOINED = "alert_joined"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Alert(msgspec.Struct, frozen=True):
    """One normalised condition as its sender described it. Its identity is (source, fingerprint)."""

    source: str
    fingerprint: str
    name: str
    status: AlertStatus
    severity: Severity
    description: str = ""
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    starts_at: int | None = None
    ends_at: int | None = None
    generator_url: str = ""
    named: bool = True
    """False: the sender only said which alert it means. All but status and times is made up, and gives way to what is
    known of it."""


class StoredAlert(msgspec.Struct, frozen=True):
    """An alert with what only the store knows about it."""

    id: str
    alert: Alert
    received_at: int
    last_seen_at: int
    times_seen: int
    incident_id: str | None


class Incident(msgspec.Struct, frozen=True):
    """Alerts that belong together."""

    id: str
    title: str
    status: IncidentStatus
    severity: Severity
    group_key: str
    labels: dict[str, str]
    alerts: dict[AlertStatus, int]
    pipeline: str | None
    opened_at: int
    acknowledged_at: int | None = None
    acknowledged_by: str | None = None
    resolved_at: int | None = None
    closed_at: int | None = None
    notes: tuple[dict[str, Any], ...] = ()


class Metric(msgspec.Struct, frozen=True):
    """One measured number; `warn` and `crit` are the levels it was held against."""

    name: str
    value: float
    unit: str = ""
    warn: float | None = None
    crit: float | None = None
    low: bool = False
    """Less is worse: a level is reached when the value has come down to it (days left), not up to it."""

    def reaches(self, level: float | None) -> bool:
        """Whether the value has come to a level; never where there is none."""
        return level is not None and (self.value <= level if self.low else self.value >= level)


class CheckResult(msgspec.Struct, frozen=True):
    """What a checker found on this host at one moment."""

    checker: str
    status: CheckStatus
    message: str
    metrics: tuple[Metric, ...] = ()
    duration_ms: float = 0.0
    id: str = ""
    at: int = 0
    details: tuple[str, ...] = ()
    """Lines a person would have asked for next: top processes, fullest directories."""


class Recommendation(msgspec.Struct, frozen=True):
    """What to do about it, and the evidence that says so."""

    type: str
    priority: Priority
    title: str
    description: str
    actions: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


class Message(msgspec.Struct, frozen=True):
    """What a receiver is told, before any channel gives it a form. Title and severity come from the alert."""

    kind: str
    """firing, resolved, acknowledged, severity_changed, report (a run without an alert) or test."""
    title: str
    severity: Severity
    status: str
    host: str
    verdict: Verdict
    verdict_reason: str
    incident_id: str | None
    run_id: str
    trace_id: str
    pipeline: str
    reason: str
    """The reason code of the decision, as `explain` shows it."""
    started_at: int | None
    resolved_at: int | None
    sent_at: int
    alerts: tuple[Alert, ...]
    """The worst first; at most 20 of them, `alerts_total` says how many there are."""
    alerts_total: int
    evidence_host: str
    evidence: tuple[CheckResult, ...]
    recommendations: tuple[Recommendation, ...]
    analysis: str
    """Who analysed it, and anything that went wrong doing so."""
    links: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def headline(self) -> str:
        """The first line of every message: `[CRITICAL] title · host · verdict`."""
        mark = self.severity.upper() if self.status != "resolved" else "RESOLVED"
        return " · ".join(part for part in (f"[{mark}] {self.title}", self.host, self.verdict.value) if part)


class Delivery(msgspec.Struct, frozen=True):
    """One message to one channel."""

    id: str
    run_id: str
    incident_id: str | None
    channel: str
    state: DeliveryState
    attempts: int
    next_at: int | None
    last_error: str | None
    receiver_id: str | None
    reason: str
    created_at: int
    message: Message
    give_up_at: int
    finished_at: int | None = None

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt, so that a receiver can drop what it already has."""
        return self.id


class Step(msgspec.Struct, frozen=True):
    """One node's execution in a run."""

    id: str
    type: str
    status: StepStatus
    attempts: int = 0
    started_at: int | None = None
    finished_at: int | None = None
    duration_ms: float | None = None
    output: Any = None
    error: str | None = None


class Run(msgspec.Struct, frozen=True):
    """One pipeline execution, for an incident or standalone."""

    id: str
    trace_id: str
    pipeline: str
    state: RunState
    incident_id: str | None
    source: str
    environment: str
    changes: tuple[Change, ...]
    created_at: int
    started_at: int | None = None
    finished_at: int | None = None
    next_at: int | None = None
    error: str | None = None
