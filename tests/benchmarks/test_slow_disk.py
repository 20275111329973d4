"""Intake on a disk that takes its time, beside a transaction for each request."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.benchmarks.children import NO_ROUTE, environment, fresh, helper, load, port_of
from tests.benchmarks.figures import SLOW_DISK, Results, alternate
from tests.benchmarks.load import Spec
from tests.e2e.daemon import running

REQUESTS: Final = 5_000
NAIVE_REQUESTS: Final = 400
SYNC_US: Final = 2_000
_COMMITS: Final = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE word (text TEXT)")
for _ in range(5):
    begun = time.perf_counter()
    connection.execute("INSERT INTO word VALUES ('x')")
    print(time.perf_counter() - begun)
"""


async def test_durable_requests_on_a_slow_disk(results: Results, tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        results.skip(SLOW_DISK, "there is no C compiler")
        pytest.skip("there is no C compiler")
    slow = {"LD_PRELOAD": str(shim(compiler, tmp_path)), "SYNC_US": str(SYNC_US)}
    if commit_seconds(slow, tmp_path / "probe.db") * 1e6 < SYNC_US:
        results.skip(SLOW_DISK, "this SQLite's syncs cannot be slowed down")
        pytest.skip("this SQLite's syncs cannot be slowed down")
    async with (
        running(tmp_path, NO_ROUTE, environ=slow) as daemon,
        helper("twin_naive", str(tmp_path / "naive.db"), environ=slow) as twin,
    ):

        async def ours() -> float:
            return REQUESTS / (await load(Spec(port_of(daemon), fresh(REQUESTS)))).seconds

        async def naive() -> float:
            return NAIVE_REQUESTS / (await load(Spec(twin.port, fresh(NAIVE_REQUESTS)))).seconds

        await load(Spec(port_of(daemon), fresh(500)))
        await load(Spec(twin.port, fresh(64)))
        mine, theirs = await alternate(ours, naive)
    results.compare(SLOW_DISK, mine, theirs)
    results.hold()


def shim(compiler: str, folder: Path) -> Path:
    """The library that slows syncs down, compiled."""
    library = folder / "slow_sync.so"
    source = Path(__file__).with_name("slow_sync.c")
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


def commit_seconds(environ: dict[str, str], file: Path) -> float:
    """What one commit takes under this environment."""
    command = [sys.executable, "-c", _COMMITS, str(file)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, env=environment(environ))
    return statistics.median(map(float, done.stdout.split()))
