"""Alerts as they reach the rules, and a memory for them that has no database."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field

import msgspec

from srvmaint.incidents.identity import alert_key, group_key
from srvmaint.incidents.ledger import AlertRow, HistoryLine, IncidentRow, Incoming, Ledger
from srvmaint.model import Alert, AlertStatus, Change, IncidentStatus, Severity
from tests.fakes import START

FIRING, ACKNOWLEDGED, RESOLVED = AlertStatus.FIRING, AlertStatus.ACKNOWLEDGED, AlertStatus.RESOLVED
CRITICAL, WARNING, INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO
SECOND, HOUR, DAY = 1000, 3_600_000, 86_400_000


def alert(  # noqa: PLR0913 - what a sender can say differently
    who: str = "a",
    status: AlertStatus = FIRING,
    severity: Severity = CRITICAL,
    *,
    start: int | None = START,
    end: int | None = None,
    text: str = "",
    labels: dict[str, str] | None = None,
) -> Alert:
    """One alert of the sender `test`; `who` is its fingerprint."""
    return Alert(
        source="test",
        fingerprint=who,
        name="DiskFull",
        status=status,
        severity=severity,
        description=text,
        labels={"instance": "db1"} if labels is None else labels,
        starts_at=start,
        ends_at=end,
    )


def heard(parsed: Alert, group_by: tuple[str, ...] = ("name", "instance"), pipeline: str | None = "full") -> Incoming:
    """The alert with its identity worked out."""
    return Incoming(
        alert=parsed,
        key=alert_key(parsed.source, parsed.fingerprint),
        digest=hashlib.blake2b(f"{parsed.description}{parsed.labels}".encode(), digest_size=16).digest(),
        labels_json=msgspec.json.encode(parsed.labels).decode(),
        annotations_json=msgspec.json.encode(parsed.annotations).decode(),
        group_key=group_key(parsed, group_by),
        pipeline=pipeline,
    )


@dataclass
class Memory:
    """Alerts and incidents from batch to batch, as the store keeps them."""

    reopen_within_ms: int = DAY
    now: int = START
    alerts: dict[bytes, AlertRow] = field(default_factory=dict)
    incidents: dict[str, IncidentRow] = field(default_factory=dict)
    history: list[HistoryLine] = field(default_factory=list)
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def take(self, *parsed: Alert, after: int = SECOND) -> Ledger:
        """One batch, `after` milliseconds after the one before."""
        return self.hear(*map(heard, parsed), after=after)

    def hear(self, *incoming: Incoming, after: int = SECOND) -> Ledger:
        """The same for alerts whose identity is worked out."""
        self.now += after
        for row in self.alerts.values():
            row.new = row.dirty = False
        for incident in self.incidents.values():
            incident.new = incident.dirty = False
            incident.changes = []
        ledger = Ledger(
            next_alert_id=len(self.alerts) + 1,
            new_id=lambda: f"i{next(self.ids)}",
            alerts=self.alerts,
            incidents=self.incidents,
            by_group={row.group_key: row for row in self.incidents.values() if row.status != IncidentStatus.CLOSED},
        )
        ledger.begin(self.now, self.reopen_within_ms)
        for one in incoming:
            ledger.apply(one)
        self.history += ledger.history
        return ledger

    def row(self, who: str) -> AlertRow:
        """What is known of an alert."""
        return self.alerts[alert_key("test", who)]

    def only(self) -> IncidentRow:
        """The one incident there is."""
        [incident] = self.incidents.values()
        return incident


def changes(ledger: Ledger) -> dict[str, list[Change]]:
    """What people will hear about, by incident."""
    return {incident.id: incident.changes for incident in ledger.touched.values() if incident.changes}
