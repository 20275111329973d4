"""ANALYZE: what the alert and the evidence mean, and what to do.

A provider module has `Config` (its settings section) and `Driver`, made of a `Config` and `Tools`. `rules/` holds one
file per family of trouble; `_verdict` decides whether the host confirms what the alert says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from srvmaint.model import Alert, CheckResult, Recommendation, Verdict

if TYPE_CHECKING:  # who only reads rules does not pay for a client
    from srvmaint.net.http import Client

PACKAGE = "srvmaint.intelligence"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be analysed. `alerts` may be empty: then the host as such is the subject."""

    title: str
    alerts: tuple[Alert, ...]
    verdict: Verdict = Verdict.UNVERIFIED
    earlier: tuple[Recommendation, ...] = ()
    """What other providers of the same run have said."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What transforms of the same run made, by the ids of their nodes."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a provider is lent: never the whole configuration."""

    http: Client
    secrets: tuple[str, ...] = ()
    """Every secret of the configuration: none of them may be in a question."""


class Driver(Protocol):
    """What every provider does."""

    async def analyze(self, subject: Subject, evidence: Sequence[CheckResult]) -> tuple[Recommendation, ...]:
        """Recommendations, most urgent first; each names the evidence it rests on.

        Raises:
            StepError: the provider could not answer.
        """
