"""How long until the daemon is ready: first time, again, and with a great deal to take up."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from tests.benchmarks.children import NO_ROUTE, environment, fill
from tests.benchmarks.figures import COLD, RESTART, Results, Side, alternate
from tests.benchmarks.sink import Sink, full
from tests.e2e.daemon import Daemon, running

LIBRARIES: Final = "import aiohttp.web, aiosqlite, click, jinja2, msgspec, uvloop; print('imported', flush=True)"
PENDING: Final = 100_000
ROUNDS: Final = 5
_RUNS: Final = """
    INSERT INTO run (id, trace_id, pipeline, state, incident_id, source, environment, changes, created_at, next_at)
    SELECT id, lower(hex(randomblob(16))), 'everything', 'pending', id, 'alertmanager', 'production', '["opened"]',
    opened_at, opened_at FROM incident
"""


async def test_cold_start_beside_importing_the_libraries(results: Results, tmp_path: Path) -> None:
    folders = (tmp_path / str(number) for number in range(ROUNDS + 1))

    async def cold() -> float:
        return await ready_ms(next(folders), NO_ROUTE)

    async def libraries() -> float:
        return import_ms()

    await cold()
    await libraries()
    ours, theirs = await alternate(cold, libraries, rounds=ROUNDS)
    results.compare(COLD, ours, theirs)
    results.hold()


async def test_restart_with_pending_runs_beside_restart_empty(results: Results, tmp_path: Path) -> None:
    full_database, empty_database = tmp_path / "full.db", tmp_path / "empty.db"
    async with running(folder(tmp_path / "making"), NO_ROUTE) as daemon:
        assert await daemon.stop() == 0
        shutil.copy(daemon.database, empty_database)
        await daemon.start()
        await fill(daemon, PENDING)
        assert await daemon.stop() == 0
        queue_runs(daemon.database)
        shutil.move(daemon.database, full_database)

    async with Sink.open() as sink:

        def restart(database: Path) -> Side:
            async def side() -> float:
                return await ready_ms(tmp_path / "restarted", full(sink.port), database)

            return side

        ours, theirs = await alternate(restart(full_database), restart(empty_database))
    results.compare(RESTART, ours, theirs)
    results.hold()


async def ready_ms(where: Path, config: str, database: Path | None = None) -> float:
    """Milliseconds from starting the process to the first 200 on /readyz; the folder is gone afterwards."""
    daemon = Daemon(folder(where), config)
    if database is not None:
        daemon.database.parent.mkdir(mode=0o700)
        shutil.copy(database, daemon.database)
    try:
        begun = time.perf_counter()
        await daemon.start()
        while (await daemon.get("/readyz")).status != 200:
            pass
        took = time.perf_counter() - begun
        await daemon.kill()
    finally:
        await daemon.close()
        shutil.rmtree(where)
    return took * 1e3


def folder(path: Path) -> Path:
    """The folder, made."""
    path.mkdir()
    return path


def import_ms() -> float:
    """Milliseconds from starting an interpreter until it has imported the libraries."""
    begun = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", LIBRARIES], stdout=subprocess.PIPE, env=environment()) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"imported\n"
        return (time.perf_counter() - begun) * 1e3


def queue_runs(database: Path) -> None:
    """Give every incident of a stopped database a run that is due."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        assert connection.execute(_RUNS).rowcount == PENDING
