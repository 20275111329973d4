"""The rules that always work: no network, no model, tens of microseconds.

They rest on evidence of this host. For an alert about another machine they never offer this host's processes as the
cause: they say where to look instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from srvmaint.intelligence import Subject, Tools
from srvmaint.intelligence._family import Family, advise_plainly
from srvmaint.intelligence._topics import families, host_of, relevant, topics
from srvmaint.model import (
    Alert,
    AlertStatus,
    CheckResult,
    CheckStatus,
    Priority,
    Recommendation,
    Severity,
    Verdict,
)

_ORDER: Final = {Priority.CRITICAL: 0, Priority.HIGH: 1, Priority.MEDIUM: 2, Priority.LOW: 3}
_BAD: Final = (CheckStatus.WARNING, CheckStatus.CRITICAL)
_QUIET: Final = (CheckStatus.OK, CheckStatus.SKIPPED)
_BY_SEVERITY: Final = {
    Severity.CRITICAL: Priority.HIGH,
    Severity.WARNING: Priority.MEDIUM,
    Severity.INFO: Priority.LOW,
}


@dataclass(frozen=True, slots=True)
class Config:
    """The local rules need no settings."""


class Driver:
    """Applies the families of `rules/` to what the alerts say and the host shows."""

    def __init__(self, config: Config, tools: Tools | None = None) -> None:
        del config, tools
        self._by_checker = {family.checker: family for family in families()}

    async def analyze(self, subject: Subject, evidence: Sequence[CheckResult]) -> tuple[Recommendation, ...]:
        """Recommendations, most urgent first; what the alert is about before what else is wrong."""
        alerts = relevant(subject.alerts)
        about = _families_of(alerts)
        if subject.verdict is Verdict.NOT_THIS_HOST:
            return _elsewhere(alerts, about)
        over = bool(alerts) and all(alert.status is AlertStatus.RESOLVED for alert in alerts)
        found = {result.checker: result for result in evidence}
        advice = []
        for family in about:
            result = family.find(found)
            if result is None or result.status is CheckStatus.SKIPPED:
                continue
            del found[result.checker]
            if result.status is not CheckStatus.OK or not over:
                advice.append(family.advise(result, self._take_help(family, result, found)))
        for result in [*found.values()]:
            if result.checker in self._by_checker and result.status not in _QUIET:
                family = self._by_checker[result.checker]
                del found[result.checker]
                advice.append(family.advise(result, self._take_help(family, result, found)))
        advice += [advise_plainly(result) for result in found.values() if result.status in _BAD]
        return tuple(sorted(advice, key=lambda item: _ORDER[item.priority]))

    @staticmethod
    def _take_help(family: Family, result: CheckResult, found: dict[str, CheckResult]) -> list[CheckResult]:
        """The results that help against this trouble; taken out, so that they are not told once more."""
        if result.status not in _BAD:
            return []
        helping = [found.pop(name) for name in family.helpers if name in found]
        return [other for other in helping if other.status not in (CheckStatus.SKIPPED, CheckStatus.UNKNOWN)]


def _families_of(alerts: Sequence[Alert]) -> tuple[Family, ...]:
    found: dict[str, Family] = {}
    for alert in alerts:
        for topic in topics(alert):
            found.setdefault(topic.family.checker, topic.family)
    return tuple(found.values())


def _elsewhere(alerts: Sequence[Alert], about: Sequence[Family]) -> tuple[Recommendation, ...]:
    host = next((name for name in map(host_of, alerts) if name), "the other machine")
    priority = _BY_SEVERITY[max((alert.severity for alert in alerts), key=lambda severity: severity.rank)]
    return tuple(
        Recommendation(
            type=family.type,
            priority=priority,
            title=f"Look at {family.type} on {host}",
            description=f"The alert is about {host}, which is not the machine this evidence was taken on: "
            "nothing running here explains it.",
            actions=tuple(f"On {host}: {command}" for command in family.look),
        )
        for family in about
    )
