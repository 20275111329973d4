"""The whole way from a webhook to a receiver: how many a second, and what each leaves in the file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from tests.benchmarks.children import fresh, helper, load, port_of
from tests.benchmarks.figures import BYTES, PIPELINE, Results, alternate
from tests.benchmarks.load import Spec
from tests.benchmarks.sink import Sink, full
from tests.e2e.daemon import running

ALERTS: Final = 3_000
STORED: Final = 5_000
KILO: Final = 1_000


async def test_runs_of_the_full_pipeline(results: Results, tmp_path: Path) -> None:
    async with Sink.open() as sink, running(tmp_path, full(sink.port)) as daemon, helper("twin_bare") as twin:

        async def flood(count: int) -> float:
            begun = time.monotonic_ns()
            await load(Spec(port_of(daemon), fresh(count), kind="here"))
            arrivals = await sink.take(count)
            return count / (max(arrivals.values()) - begun) * 1e9

        async def runs() -> float:
            return await flood(ALERTS)

        async def bare() -> float:
            return ALERTS * 5 / (await load(Spec(twin.port, fresh(ALERTS * 5)))).seconds

        await flood(200)
        await load(Spec(twin.port, fresh(200)))
        ours, theirs = await alternate(runs, bare)
    results.compare(PIPELINE, ours, theirs)
    results.hold()


async def test_bytes_that_an_alert_leaves_in_the_file(results: Results, tmp_path: Path) -> None:
    async with Sink.open() as sink, running(tmp_path, full(sink.port)) as daemon:
        await load(Spec(port_of(daemon), fresh(STORED), kind="here"))
        await sink.take(STORED)
        assert await daemon.stop() == 0
        size = daemon.database.stat().st_size
    results.add(BYTES, size / STORED / KILO)
    results.hold()
