"""What many stored alerts do to intake and to reading. BENCH_ALERTS says how many are many."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Final

import pytest

from tests.benchmarks.children import NO_ROUTE, fill, fresh, load, port_of
from tests.benchmarks.figures import GROWTH, PAGE, Results, Side, alternate
from tests.benchmarks.load import Spec
from tests.e2e.daemon import Daemon, running

PATIENCE: Final = 1800
"""Seconds; a million alerts take longer than a test may."""
MANY: Final = int(os.environ.get("BENCH_ALERTS", "200000"))
FEW: Final = 10_000
FEWEST: Final = 1_000
ROUNDS: Final = 5
BODIES: Final = 30
PAGES: Final = 200
_STRIDE: Final = 7_919
"""A prime: steps through all of the store, near no alert seen just before."""


@pytest.mark.timeout(PATIENCE)
async def test_many_stored_alerts_beside_few(results: Results, tmp_path: Path) -> None:
    for name in ("many", "few", "fewest"):
        (tmp_path / name).mkdir()
    async with (
        running(tmp_path / "many", NO_ROUTE) as many,
        running(tmp_path / "few", NO_ROUTE) as few,
        running(tmp_path / "fewest", NO_ROUTE) as fewest,
    ):
        await fill(fewest, FEWEST)
        sides = [intake(few, await fill(few, FEW)), intake(many, await fill(many, MANY))]
        theirs, ours = await alternate(*sides, rounds=ROUNDS)
        theirs_page, ours_page = await alternate(pages(fewest), pages(many), rounds=ROUNDS)
    results.compare(GROWTH, ours, theirs, f"{MANY:,}")
    results.compare(PAGE, ours_page, theirs_page, f"{MANY:,}")
    results.hold()


def intake(daemon: Daemon, stored: list[int]) -> Side:
    """Alerts a second in bodies of 100, every other one known and far from the last."""
    known = itertools.count(0, _STRIDE)

    async def side() -> float:
        bodies = [[*new, *(stored[next(known) % len(stored)] for _ in range(50))] for new in fresh(BODIES, 50)]
        return BODIES * 100 / (await load(Spec(port_of(daemon), bodies, connections=4))).seconds

    return side


def pages(daemon: Daemon) -> Side:
    """The median of reading the newest page, one after the other, in milliseconds."""

    async def side() -> float:
        return (await load(Spec(port_of(daemon), [[]] * PAGES, "/alerts/", "get", connections=1))).p50_ms

    return side
