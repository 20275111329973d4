"""From a webhook sent to a message received, below saturation."""

from __future__ import annotations

import asyncio
import contextlib
import math
import shutil
import socket
import sqlite3
import statistics
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from srvmaint.store import db
from tests.benchmarks.children import PATIENCE, environment, free_port, fresh, load, port_of
from tests.benchmarks.figures import LATENCY_COMMIT, LATENCY_P50, LATENCY_P99, ROUNDS, Results, Spread, alternate
from tests.benchmarks.load import Spec
from tests.benchmarks.sink import Sink, full
from tests.e2e.daemon import running

SECONDS: Final = 4
COMMITS: Final = 300
WARM: Final = 100


async def test_webhook_to_sink_beside_alertmanager(results: Results, tmp_path: Path) -> None:
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        for figure in (LATENCY_P50, LATENCY_P99):
            results.skip(figure, "alertmanager is not installed")
        pytest.skip("alertmanager is not installed")
    async with (
        Sink.open() as sink,
        running(tmp_path, full(sink.port)) as daemon,
        alertmanager(program, tmp_path / "am", sink.port) as manager,
    ):
        sides = (Spec(port_of(daemon), (), kind="here"), Spec(manager, (), "/api/v2/alerts", "posted"))
        found: list[list[list[float]]] = [[], []]
        for side in sides:
            await latencies(side, sink, 100, WARM)
        for _ in range(ROUNDS):
            for side, rounds in zip(sides, found, strict=True):
                rounds.append(await latencies(side, sink, 100, 100 * SECONDS))
    for figure, share in ((LATENCY_P50, 0.50), (LATENCY_P99, 0.99)):
        ours, theirs = (Spread([quantile(each, share) for each in rounds]) for rounds in found)
        results.compare(figure, ours, theirs)
    results.hold()


async def test_webhook_to_sink_beside_one_durable_commit(results: Results, tmp_path: Path) -> None:
    async with Sink.open() as sink, running(tmp_path, full(sink.port)) as daemon:
        side = Spec(port_of(daemon), (), kind="here")

        async def way() -> float:
            return statistics.median(await latencies(side, sink, 500, 500 * SECONDS))

        async def commit() -> float:
            return await commit_ms(tmp_path / "commits.db")

        await latencies(side, sink, 500, WARM)
        ours, theirs = await alternate(way, commit)
    results.compare(LATENCY_COMMIT, ours, theirs)
    results.hold()


async def latencies(side: Spec, sink: Sink, rate: int, count: int) -> list[float]:
    """Milliseconds from the request's first byte to the message's last, for each alert; every one has to arrive."""
    bodies = fresh(count)
    spec = Spec(side.port, bodies, side.path, side.kind, rate=rate)
    done = await load(spec)
    arrivals = await sink.take(count)
    return sorted((arrivals[numbers[0]] - sent) / 1e6 for numbers, sent in zip(bodies, done.sent, strict=True))


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value that this share of the others does not exceed."""
    return ordered[math.ceil(share * len(ordered)) - 1]


async def commit_ms(file: Path) -> float:
    """The median of durable transactions through a thread that writes and back, one at a time, in milliseconds.

    Each writes what the least of intakes would: an incident, an alert, a run and a step, with the daemon's pragmas.
    """
    loop = asyncio.get_running_loop()
    took = []
    with ThreadPoolExecutor(1) as thread:
        connection = await loop.run_in_executor(thread, ready, file)
        for number in range(COMMITS):
            begun = time.perf_counter()
            await loop.run_in_executor(thread, commit, connection, f"{number:08d}")
            took.append(time.perf_counter() - begun)
        await loop.run_in_executor(thread, connection.close)
    return statistics.median(took) * 1e3


def ready(file: Path) -> sqlite3.Connection:
    """The file with a table for each noun."""
    connection = db.open_writer(file)
    for table in ("incident", "alert", "run", "step"):
        connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (key TEXT PRIMARY KEY, at INTEGER, text TEXT)")
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the names above
    return connection


def commit(connection: sqlite3.Connection, key: str) -> None:
    """One transaction."""
    connection.execute("BEGIN IMMEDIATE")
    for table in ("incident", "alert", "run", "step"):
        connection.execute(
            f"INSERT INTO {table} VALUES (?, 1, ?) ON CONFLICT DO UPDATE SET at = at + 1",  # noqa: S608 - the names above
            (key, "x" * 200),
        )
    connection.execute("COMMIT")


@contextlib.asynccontextmanager
async def alertmanager(program: str, folder: Path, sink: int) -> AsyncIterator[int]:
    """A real Alertmanager that sends every alert at once and by itself; its port."""
    config, port = configured(folder, sink), free_port()
    process = await asyncio.create_subprocess_exec(
        program,
        f"--config.file={config}",
        f"--storage.path={folder / 'data'}",
        "--cluster.listen-address=",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    try:
        async with asyncio.timeout(PATIENCE):
            while not answers(port):  # noqa: ASYNC110 - another program has no event to wait for
                await asyncio.sleep(0.05)
        yield port
    finally:
        process.kill()
        await process.wait()


def configured(folder: Path, sink: int) -> Path:
    """The folder, made, and the configuration in it."""
    folder.mkdir()
    config = folder / "alertmanager.yml"
    config.write_text(
        "route: {receiver: sink, group_by: ['...'], group_wait: 0s, group_interval: 5m, repeat_interval: 4h}\n"
        "receivers:\n"
        f"- {{name: sink, webhook_configs: [{{url: 'http://127.0.0.1:{sink}/', send_resolved: false}}]}}\n"
    )
    return config


def answers(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
