"""ANALYZE: what the alert and the evidence mean, and what to do.

A provider module has `Config` (its settings section) and `Driver`. `rules/` holds one file per family of trouble;
`_verdict` decides whether the host confirms what the alert says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from srvmaint.model import Alert, CheckResult, Recommendation, Verdict

PACKAGE = "srvmaint.intelligence"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be analysed. `alerts` may be empty: then the host as such is the subject."""

    title: str
    alerts: tuple[Alert, ...]
    verdict: Verdict = Verdict.UNVERIFIED


class Driver(Protocol):
    """What every provider does."""

    async def analyze(self, subject: Subject, evidence: Sequence[CheckResult]) -> tuple[Recommendation, ...]:
        """Recommendations, most urgent first; each names the evidence it rests on.

        Raises:
            StepError: the provider could not answer.
        """
