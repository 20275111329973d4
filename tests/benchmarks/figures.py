"""What the benchmarks hold, and the table that says so at the end.

Every figure is a ratio of two medians measured in the same run on the same machine, alternately. The absolute values
are printed beside it, for whoever wants to know where a ratio comes from; nothing is judged by them.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

ROUNDS: Final = 3
"""How often the sides take turns."""


@dataclass(frozen=True)
class Figure:
    """One promise: a ratio that must not be missed, and one that is aimed for."""

    name: str
    must: float | None = None
    """None: it is printed and not judged."""
    aim: float | None = None
    more_is_better: bool = False
    unit: str = ""
    """Of the two measurements the ratio is of."""

    def reaches(self, ratio: float, limit: float) -> bool:
        """Whether the ratio is on the good side of the limit."""
        return ratio >= limit if self.more_is_better else ratio <= limit

    def sign(self, limit: float | None) -> str:
        """A limit as the table has it."""
        return "-" if limit is None else f"{'>=' if self.more_is_better else '<='} {limit:g}"

    def verdict(self, ratio: float) -> str:
        """In words; see `MISSED`."""
        if self.must is None:
            return "reported"
        if not self.reaches(ratio, self.must):
            return MISSED
        return "holds, not yet the aim" if self.aim is not None and not self.reaches(ratio, self.aim) else "good"


MISSED: Final = "MISSED"

INTAKE_NEW: Final = Figure(
    "durable requests of a new alert / bare aiohttp", 0.35, 0.50, more_is_better=True, unit="req/s"
)
INTAKE_REPEAT: Final = Figure("durable requests of a known alert / bare aiohttp", unit="req/s", more_is_better=True)
BATCH_NEW: Final = Figure(
    "new alerts in bodies of 100 / raw executemany", 0.30, 0.50, more_is_better=True, unit="alerts/s"
)
BATCH_REPEAT: Final = Figure(
    "known alerts in bodies of 100 / raw executemany", 0.30, 0.50, more_is_better=True, unit="alerts/s"
)
PARSING: Final = Figure("reading an Alertmanager body of 100 / its json.loads", 3, 2.5, unit="ms")
NAMED: Final = Figure("the same posted to /alertmanager/ / its json.loads", 3, 2, unit="ms")
DETECTION: Final = Figure("finding out whose a body is / parsing it, of every driver's", 2, 1, unit="ms")
SLOW_DISK: Final = Figure(
    "the same at 2 ms a sync / a transaction a request", 15, 20, more_is_better=True, unit="req/s"
)
PIPELINE: Final = Figure(
    "runs of the full pipeline / bare aiohttp requests", 0.10, 0.20, more_is_better=True, unit="1/s"
)
LATENCY_P50: Final = Figure("webhook to sink at 100/s, p50 / Alertmanager", 5, 2, unit="ms")
LATENCY_P99: Final = Figure("webhook to sink at 100/s, p99 / Alertmanager", 5, 2, unit="ms")
LATENCY_COMMIT: Final = Figure("webhook to sink at 500/s, p50 / one commit", 6, 3, unit="ms")
IDLE: Final = Figure("idle memory / import aiohttp.web, aiosqlite", 1.6, 1.3, unit="MiB")
LOADED: Final = Figure("memory after 20,000 alerts / idle", unit="MiB")
STORED: Final = Figure("memory with many stored alerts / idle", 1.5, 1.2, unit="MiB")
GROWTH: Final = Figure("intake with many stored alerts / with 10,000", 0.4, 0.55, more_is_better=True, unit="alerts/s")
PAGE: Final = Figure("a page of /alerts/ with many / with 1,000", 3, 1.5, unit="ms")
COLD: Final = Figure("cold start to /readyz / importing the libraries", 1.5, 1.2, unit="ms")
RESTART: Final = Figure("restart with 100,000 pending runs / restart empty", 2, 1.2, unit="ms")
VERSION: Final = Figure("CPU of --version / import psutil", 2, 1.3, unit="ms")
CHECK: Final = Figure("CPU of check memory disk cpu / import psutil", 3.5, 2.2, unit="ms")
BYTES: Final = Figure("database KB per alert, full pipeline", 6, 3, unit="KB")


@dataclass(frozen=True)
class Spread:
    """What one side measured, round by round."""

    values: Sequence[float]

    @property
    def median(self) -> float:
        """What is judged."""
        return statistics.median(self.values)

    def __str__(self) -> str:
        return f"{min(self.values):,.4g} / {self.median:,.4g} / {max(self.values):,.4g}"


@dataclass(repr=False)
class Results:
    """The rows of the table, in the order they were measured."""

    rows: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def compare(self, figure: Figure, ours: Spread, theirs: Spread, note: str = "") -> None:
        """Put a ratio of medians into the table and say what it is made of."""
        say(f"  min/median/max {figure.unit}: ours {ours}, the other {theirs}")
        self.add(figure, ours.median / theirs.median, note)

    def compare_least(self, figure: Figure, ours: Spread, theirs: Spread) -> None:
        """The same of the smallest values: what a process costs when nothing disturbs it."""
        say(f"  min/median/max {figure.unit}: ours {ours}, the other {theirs}")
        self.add(figure, min(ours.values) / min(theirs.values))

    def add(self, figure: Figure, ratio: float, note: str = "") -> None:
        """Put a ratio into the table."""
        verdict = figure.verdict(ratio)
        if verdict == MISSED:
            self.missed.append(f"{figure.name}: {ratio:.3g}, must be {figure.sign(figure.must)}")
        name = f"{figure.name} ({note})" if note else figure.name
        self.rows.append((name, f"{ratio:.3g}", figure.sign(figure.must), figure.sign(figure.aim), verdict))
        say(f"  {name}: {ratio:.3g} ({verdict})")

    def skip(self, figure: Figure, reason: str) -> None:
        """Say in the table why a ratio is not there."""
        self.rows.append((figure.name, "-", figure.sign(figure.must), figure.sign(figure.aim), f"skipped: {reason}"))

    def hold(self) -> None:
        """Fail when something this test measured was missed; called once all of it is in the table."""
        __tracebackhide__ = True
        missed, self.missed = self.missed, []
        assert not missed, "; ".join(missed)

    def table(self) -> list[str]:
        """The lines of the table; none when nothing was measured."""
        if not self.rows:
            return []
        rows = [("figure", "ratio", "must hold", "aim", "verdict"), *self.rows]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        return [
            "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]) for row in rows
        ]


Side = Callable[[], Awaitable[float]]
"""Measures once."""


async def alternate(*sides: Side, rounds: int = ROUNDS) -> list[Spread]:
    """Let the sides measure in turns, A B A B, so that what the machine does meanwhile meets all of them."""
    values: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for found, side in zip(values, sides, strict=True):
            found.append(await side())
    return [Spread(found) for found in values]


def say(line: str) -> None:
    """Narrate; seen with `pytest -s`."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
