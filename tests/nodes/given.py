"""A run's context and the tools nodes are lent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from srvmaint.incidents.what_to_send import Told, Wishes
from srvmaint.intelligence import Subject
from srvmaint.model import (
    Alert,
    AlertStatus,
    Change,
    CheckResult,
    Incident,
    IncidentStatus,
    Recommendation,
    Run,
    RunState,
    Severity,
    StoredAlert,
)
from srvmaint.nodes import ChannelInfo, Context, Tools
from tests.fakes import START, FakeClock
from tests.incidents.given import DAY
from tests.notify.messages import RECOMMENDATIONS, TRACE, alert

EVERYTHING = Wishes(Severity.INFO, send_resolved=True)


@dataclass
class Provider:
    """Says the same to everybody, and remembers what it was asked."""

    found: tuple[Recommendation, ...] = RECOMMENDATIONS
    trouble: Exception | None = None
    asked: list[tuple[Subject, tuple[CheckResult, ...]]] = field(default_factory=list)

    async def analyze(self, subject: Subject, evidence: Sequence[CheckResult]) -> tuple[Recommendation, ...]:
        """What to do about it."""
        self.asked.append((subject, tuple(evidence)))
        if self.trouble is not None:
            raise self.trouble
        return self.found


def gives(*results: CheckResult) -> Callable[[Sequence[str]], Awaitable[tuple[CheckResult, ...]]]:
    """Finds these results, whatever it is asked."""

    async def look(_names: Sequence[str]) -> tuple[CheckResult, ...]:
        return results

    return look


def tools(**changes: Any) -> Tools:
    """Two channels, one provider, nothing to see."""
    base = Tools(
        clock=FakeClock(),
        look=gives(),
        recall=gives(),
        providers={"local": Provider()},
        provider="local",
        channels={
            "ops": ChannelInfo("ops", "slack", EVERYTHING),
            "mail": ChannelInfo("mail", "generic", EVERYTHING),
        },
        is_this_host=lambda name: name.startswith("db1"),
        this_host="db1",
        public_url="",
        give_up_after_ms=DAY,
    )
    return replace(base, **changes)


def incident(status: IncidentStatus = IncidentStatus.OPEN, severity: Severity = Severity.CRITICAL) -> Incident:
    """One with a single alert."""
    over = status in (IncidentStatus.RESOLVED, IncidentStatus.CLOSED)
    counts = dict.fromkeys(AlertStatus, 0)
    counts[AlertStatus.RESOLVED if over else AlertStatus.FIRING] = 1
    return Incident(
        id="01j9qf3m8vbn4k2x",
        title="DiskSpaceLow",
        status=status,
        severity=severity,
        group_key="g",
        labels={"instance": "db1"},
        alerts=counts,
        pipeline="full",
        opened_at=START,
        resolved_at=START + 60_000 if over else None,
    )


def context(
    about: Incident | None = None,
    *alerts: Alert,
    told: Mapping[str, Told] | None = None,
    fired_seq: int = 1,
    changes: tuple[Change, ...] = (),
) -> Context:
    """A run about an incident, or about none."""
    said = alerts or ((alert(),) if about is not None else ())
    return Context(
        run=Run(
            id="01j9qf3m8vbn4k2y",
            trace_id=TRACE,
            pipeline="full",
            state=RunState.PENDING,
            incident_id=about.id if about else None,
            source="alertmanager",
            environment="production",
            changes=changes,
            created_at=START,
        ),
        incident=about,
        alerts=tuple(StoredAlert("ab", one, START, START, 1, None) for one in said),
        told=told or {},
        fired_seq=fired_seq,
        channels=("ops", "mail"),
    )
