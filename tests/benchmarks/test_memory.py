"""What the daemon occupies, idle and after floods. BENCH_ALERTS says how many alerts are many."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.benchmarks.children import NO_ROUTE, environment, fill, resident, resident_in
from tests.benchmarks.figures import IDLE, LOADED, STORED, Results, Spread, alternate
from tests.e2e.daemon import running

PATIENCE: Final = 1800
"""Seconds; a million alerts take longer than a test may."""
MANY: Final = int(os.environ.get("BENCH_ALERTS", "100000"))
FLOOD: Final = 20_000
IMPORTED: Final = "import aiohttp.web, aiosqlite; print(open('/proc/self/status').read())"


async def test_idle_memory_beside_its_libraries(results: Results, tmp_path: Path) -> None:
    async def ours() -> float:
        async with running(tmp_path, NO_ROUTE) as daemon:
            assert (await daemon.get("/readyz")).status == 200
            return resident(daemon.pid)

    async def libraries() -> float:
        return imported()

    mine, theirs = await alternate(ours, libraries)
    results.compare(IDLE, mine, theirs)
    results.hold()


@pytest.mark.timeout(PATIENCE)
async def test_memory_after_floods_beside_idle(results: Results, tmp_path: Path) -> None:
    async with running(tmp_path, NO_ROUTE) as daemon:
        assert (await daemon.get("/readyz")).status == 200
        idle = Spread([resident(daemon.pid)])
        await fill(daemon, FLOOD)
        results.compare(LOADED, Spread([resident(daemon.pid)]), idle)
        await fill(daemon, max(0, MANY - FLOOD))
        results.compare(STORED, Spread([resident(daemon.pid)]), idle, f"{MANY:,}")
    results.hold()


def imported() -> float:
    """The memory of an interpreter that has imported the libraries, in MiB."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED], stdout=subprocess.PIPE, check=True, text=True, env=environment()
    )
    return resident_in(done.stdout)
