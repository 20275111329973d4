"""The rules of intake: what a batch of alerts does to the alerts and incidents already known.

Pure: the store loads the rows a batch can touch, this module decides, the store writes down what changed. One decision
procedure, whoever sent the alerts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from srvmaint.incidents.transition import Became, Known, Transition, judge, later
from srvmaint.model import Alert, AlertStatus, Change, HistoryEvent, IncidentStatus, Severity

_NONE_LIVE: Final = dict.fromkeys(Severity, 0)
"""The worst first."""
_NOTHING_BECAME: Final = dict.fromkeys(Became, 0)
_GOING_ON: Final = (IncidentStatus.OPEN, IncidentStatus.ACKNOWLEDGED)


class Incoming(msgspec.Struct, frozen=True):
    """One parsed alert, with everything that takes time worked out. A Struct: one is made for every alert."""

    alert: Alert
    key: bytes
    digest: bytes
    """16 bytes over everything a person could read in it: a different digest is an update."""
    labels_json: str
    annotations_json: str
    group_key: str
    pipeline: str | None
    """The route it would take if it opened an incident now; None is unrouted."""


@dataclass(slots=True)
class AlertRow:
    """An alert as stored. `dirty` says that more than "seen again" has to be written."""

    id: int
    key: bytes
    alert: Alert
    digest: bytes
    labels_json: str
    annotations_json: str
    received_at: int
    fired_at: int | None
    last_seen_at: int
    times_seen: int
    fired_seq: int
    incident_id: str | None
    payload_id: int | None
    """The body that last changed it."""
    new: bool = False
    dirty: bool = False


@dataclass(slots=True)
class IncidentRow:
    """An incident as stored, with the counts its status and severity follow from."""

    id: str
    title: str
    status: IncidentStatus
    severity: Severity
    group_key: str
    labels: dict[str, str]
    pipeline: str | None
    opened_at: int
    acknowledged_at: int | None = None
    acknowledged_by: str | None = None
    resolved_at: int | None = None
    closed_at: int | None = None
    live: dict[Severity, int] = field(default_factory=_NONE_LIVE.copy)
    acknowledged: int = 0
    resolved: int = 0
    fired_seq: int = 0
    new: bool = False
    dirty: bool = False
    severity_before: Severity | None = None
    """Its severity before the batch."""
    changes: list[Change] = field(default_factory=list)

    @property
    def live_total(self) -> int:
        """How many of its alerts are not resolved."""
        return sum(self.live.values())

    def worst(self) -> Severity | None:
        """The severity of its worst live alert; None when none is live."""
        for severity, count in self.live.items():
            if count:
                return severity
        return None

    def note(self, change: Change) -> None:
        """Remember that something happened that people care about, once."""
        self.dirty = True
        if change not in self.changes:
            self.changes.append(change)


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of an alert's history; `changes` is {field: [old, new]}."""

    alert_id: int
    seen: int
    """How many times the alert had been heard of by then."""
    event: HistoryEvent
    changes: dict[str, list[Any]] | None


@dataclass(slots=True)
class Ledger:
    """The rows some batches can touch, by what they are looked up with, and what has been decided about them."""

    next_alert_id: int
    new_id: Callable[[], str]
    """Makes the ids of new incidents."""
    alerts: dict[bytes, AlertRow]
    incidents: dict[str, IncidentRow]
    by_group: dict[str, IncidentRow]
    """Incidents that are not closed, by group key."""
    now: int = 0
    reopen_within_ms: int = 0
    history: list[HistoryLine] = field(default_factory=list)
    touched: dict[str, IncidentRow] = field(default_factory=dict)
    """Incidents an alert of the batch belongs to, changed or not."""
    became: dict[Became, int] = field(default_factory=dict)

    def begin(self, now: int, reopen_within_ms: int) -> None:
        """Begin with a batch received at `now`: what is said about it is counted from zero."""
        self.now, self.reopen_within_ms = now, reopen_within_ms
        for incident in self.touched.values():
            incident.changes, incident.severity_before = [], None
        self.history, self.touched = [], {}
        self.became = _NOTHING_BECAME.copy()

    def apply(self, incoming: Incoming, payload_id: int | None = None) -> None:
        """Take one alert in; `payload_id` is the body it came in."""
        row = self.alerts.get(incoming.key)
        if row is not None and not incoming.alert.named:
            incoming = _completed(incoming, row)
        alert = incoming.alert
        known = Known.of(row.alert, row.digest) if row is not None else None
        transition = judge(known, alert, incoming.digest)
        if row is not None and transition.event is not HistoryEvent.STALE and self._fires_on(row, alert):
            transition = Transition(HistoryEvent.REFIRED, Became.UPDATED, begins_to_fire=True)
        self.became[transition.became] += 1
        if row is None:
            row = self._create(incoming, payload_id)
        else:
            row.last_seen_at = self.now
            row.times_seen += 1
        if transition.event is None or transition.event is HistoryEvent.STALE:
            self._note_seen(row, incoming, transition)
            return
        before = None if row.new and row.times_seen == 1 else row.alert
        after = _merge(before, alert)
        self.history.append(HistoryLine(row.id, row.times_seen, transition.event, _differences(before, after)))
        row.alert, row.digest, row.dirty = after, incoming.digest, True
        row.payload_id = payload_id
        row.labels_json, row.annotations_json = incoming.labels_json, incoming.annotations_json
        self._move_incident(row, before, incoming, transition)

    def _create(self, incoming: Incoming, payload_id: int | None) -> AlertRow:
        row = AlertRow(
            id=self.next_alert_id,
            key=incoming.key,
            alert=incoming.alert,
            digest=incoming.digest,
            labels_json=incoming.labels_json,
            annotations_json=incoming.annotations_json,
            received_at=self.now,
            fired_at=None,
            last_seen_at=self.now,
            times_seen=1,
            fired_seq=0,
            incident_id=None,
            payload_id=payload_id,
            new=True,
        )
        self.next_alert_id += 1
        self.alerts[incoming.key] = row
        return row

    def _fires_on(self, row: AlertRow, alert: Alert) -> bool:
        """Whether an alert fires on although its incident was declared over, from a sender that names no new start.

        A sender that names starts says by them whether this is still what was declared over.
        """
        own = self.incidents.get(row.incident_id) if row.incident_id else None
        if own is None or own.status in _GOING_ON or AlertStatus.RESOLVED in (row.alert.status, alert.status):
            return False
        if alert.status is not AlertStatus.FIRING:
            return False
        if alert.starts_at is None:
            return True
        return row.alert.starts_at is None and later(alert.starts_at, own.resolved_at)

    def _note_seen(self, row: AlertRow, incoming: Incoming, transition: Transition) -> None:
        if transition.event is HistoryEvent.STALE:
            self.history.append(HistoryLine(row.id, row.times_seen, HistoryEvent.STALE, None))
        incident = self.incidents.get(row.incident_id) if row.incident_id else None
        if incident is not None:
            self.touched[incident.id] = incident
            if transition.event is None:
                self._route(incident, incoming)

    def _move_incident(self, row: AlertRow, before: Alert | None, incoming: Incoming, transition: Transition) -> None:
        """Let the incident follow its alert."""
        own = self.incidents.get(row.incident_id) if row.incident_id else None
        begins = _begins_to_fire(own, before, row.alert, transition)
        incident = self._incident_for(own, incoming) if begins else own
        if incident is None:
            return
        was_over = incident.status not in _GOING_ON
        if own is not None and before is not None:
            _count(own, before, -1)
            if own is not incident:  # what goes on elsewhere is over here, and was part of it
                own.resolved += 1
                own.dirty = True
        if incident.severity_before is None:
            incident.severity_before = incident.severity
        _count(incident, row.alert, 1)
        row.incident_id = incident.id
        incident.dirty = True
        self.touched[incident.id] = incident
        if begins:
            incident.fired_seq += 1
            row.fired_seq = incident.fired_seq
            row.fired_at = self.now
            if was_over or incident.pipeline is None:  # a new announcement goes the way that is right today
                incident.pipeline = incoming.pipeline or incident.pipeline
            self._begin(incident, row.alert, was_over=was_over)
        elif transition.event is HistoryEvent.ACKNOWLEDGED and incident.acknowledged == incident.live_total:
            self._acknowledge(incident, row.alert.source)
        self._route(incident, incoming)
        self._follow(incident)

    def _route(self, incident: IncidentRow, incoming: Incoming) -> None:
        """An incident no pipeline took takes the first that would have it now: for those it tells, it opens now."""
        fires = incoming.alert.status is AlertStatus.FIRING
        if incident.pipeline is None and incoming.pipeline is not None and fires and incident.status in _GOING_ON:
            incident.pipeline = incoming.pipeline
            incident.note(Change.OPENED)
            self.touched[incident.id] = incident

    def _incident_for(self, own: IncidentRow | None, incoming: Incoming) -> IncidentRow:
        """The incident an alert that begins to fire is in, the one it joins, or a new one."""
        same_group = self.by_group.get(incoming.group_key)
        for incident in (own, same_group):
            if incident is not None and self._takes_back(incident):
                return incident
        if same_group is not None:
            same_group.status, same_group.closed_at, same_group.dirty = IncidentStatus.CLOSED, self.now, True
        return self._open(incoming)

    def _takes_back(self, incident: IncidentRow) -> bool:
        """Whether a firing alert belongs to this incident rather than to a new one."""
        if incident.status is IncidentStatus.CLOSED:
            return False
        over_for = self.now - incident.resolved_at if incident.resolved_at is not None else 0
        return incident.status is not IncidentStatus.RESOLVED or over_for <= self.reopen_within_ms

    def _open(self, incoming: Incoming) -> IncidentRow:
        incident = IncidentRow(
            id=self.new_id(),
            title=incoming.alert.name,
            status=IncidentStatus.OPEN,
            severity=incoming.alert.severity,
            group_key=incoming.group_key,
            labels=dict(incoming.alert.labels),
            pipeline=incoming.pipeline,
            opened_at=self.now,
            new=True,
        )
        self.incidents[incident.id] = self.by_group[incident.group_key] = incident
        return incident

    def _begin(self, incident: IncidentRow, alert: Alert, *, was_over: bool) -> None:
        if incident.new and incident.fired_seq == 1:
            incident.note(Change.OPENED)
            return
        if was_over:
            incident.status = IncidentStatus.OPEN
            incident.resolved_at = incident.acknowledged_at = incident.acknowledged_by = None
            incident.note(Change.REOPENED)
        else:
            incident.note(Change.ALERT_JOINED)
        incident.labels = {key: value for key, value in incident.labels.items() if alert.labels.get(key) == value}

    def _acknowledge(self, incident: IncidentRow, by: str) -> None:
        if incident.status is IncidentStatus.OPEN:
            incident.status = IncidentStatus.ACKNOWLEDGED
            incident.acknowledged_at, incident.acknowledged_by = self.now, by
            incident.note(Change.ACKNOWLEDGED)

    def _follow(self, incident: IncidentRow) -> None:
        """Severity is that of the worst live alert; when none is live the incident is resolved."""
        worst = incident.worst()
        if worst is None:
            if incident.status in _GOING_ON:
                incident.status, incident.resolved_at = IncidentStatus.RESOLVED, self.now
                incident.note(Change.RESOLVED)
            if incident.severity_before is not None:  # it ends as what it was, in whatever order its alerts end
                incident.severity = incident.severity_before
        elif worst is not incident.severity:
            incident.severity = worst
            if Change.OPENED not in incident.changes and incident.status in _GOING_ON:
                incident.note(Change.SEVERITY_CHANGED)


def _begins_to_fire(own: IncidentRow | None, before: Alert | None, alert: Alert, transition: Transition) -> bool:
    """Whether an alert opens, joins or reopens an incident: only one that fires does.

    One that was known before it fired counts as well, and so does one that gets worse or begins anew after its incident
    was declared over; a new text does not.
    """
    if alert.status is not AlertStatus.FIRING:
        return False
    over = own is None or own.status not in _GOING_ON
    was = before.severity.rank if before is not None and before.status is AlertStatus.FIRING else -1
    again = before is not None and later(alert.starts_at, before.starts_at)
    return transition.begins_to_fire or (over and (again or alert.severity.rank > was))


def _count(incident: IncidentRow, alert: Alert, by: int) -> None:
    if alert.status is AlertStatus.RESOLVED:
        incident.resolved += by
        return
    incident.live[alert.severity] += by
    if alert.status is AlertStatus.ACKNOWLEDGED:
        incident.acknowledged += by


def _completed(incoming: Incoming, row: AlertRow) -> Incoming:
    """What a sender says that names nothing but the alert (an acknowledgement by its key), with all that is known."""
    said = incoming.alert
    return msgspec.structs.replace(
        incoming,
        alert=msgspec.structs.replace(row.alert, status=said.status, starts_at=said.starts_at, ends_at=said.ends_at),
        digest=row.digest,
        labels_json=row.labels_json,
        annotations_json=row.annotations_json,
    )


def _merge(before: Alert | None, after: Alert) -> Alert:
    """What is known once `after` has been heard: a recovery keeps the severity and the start it recovers from.

    The start of an alert that goes on never goes back: an older one belongs to an episode that is over.
    """
    if before is None or (before.status is AlertStatus.RESOLVED and after.status is not AlertStatus.RESOLVED):
        return after
    if after.status is not AlertStatus.RESOLVED:
        known = before.starts_at
        return (
            after if known is None or later(after.starts_at, known) else msgspec.structs.replace(after, starts_at=known)
        )
    return Alert(
        source=after.source,
        fingerprint=after.fingerprint,
        name=after.name,
        status=after.status,
        severity=before.severity,
        description=after.description or before.description,
        labels=after.labels,
        annotations=after.annotations,
        starts_at=before.starts_at if before.starts_at is not None else after.starts_at,
        ends_at=after.ends_at,
        generator_url=after.generator_url or before.generator_url,
    )


_COMPARED = (
    "name",
    "status",
    "severity",
    "description",
    "labels",
    "annotations",
    "starts_at",
    "ends_at",
    "generator_url",
)


def _differences(before: Alert | None, after: Alert) -> dict[str, list[Any]] | None:
    """{field: [old, new]} of everything that changed; None for an alert heard of for the first time."""
    if before is None:
        return None
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in _COMPARED)
    return {name: [old, new] for name, old, new in pairs if old != new}
