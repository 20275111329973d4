"""The processes a benchmark is made of: the daemon, its twins, the load generator and the sink."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from tests.benchmarks.load import Load, Spec
from tests.e2e.daemon import Daemon

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE: Final = 120.0
"""Seconds until a process that says nothing has failed."""
NO_ROUTE: Final = (
    '[[channels]]\nname = "nobody"\ndriver = "console"\n'
    '[[pipelines]]\nname = "nothing"\npreset = "full"\nmatch = { name = "nothing-is-called-this" }\n'
)
"""A configuration whose pipelines take none of the alerts: intake alone."""
_numbers: Final = itertools.count(1)


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What every child gets."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | dict(more or {})


def fresh(count: int, each: int = 1) -> list[list[int]]:
    """Bodies of `each` alerts that nobody has seen."""
    return [list(itertools.islice(_numbers, each)) for _ in range(count)]


class Child:
    """A helper process that is spoken to by lines."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.port = 0

    async def say(self, line: str) -> None:
        """Write a line to its stdin."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        await self._process.stdin.drain()

    async def line(self) -> str:
        """The next line of its stdout."""
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            line = (await self._process.stdout.readline()).decode().rstrip("\n")
        assert line, "a helper process ended early; its stderr is above"
        return line

    async def end(self) -> None:
        """Kill it, and wait until it is gone."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await self._process.wait()


@contextlib.asynccontextmanager
async def helper(module: str, *arguments: str, environ: Mapping[str, str] | None = None) -> AsyncIterator[Child]:
    """A module of this folder as a process; the first line it writes is its port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"tests.benchmarks.{module}",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=64 * 1024 * 1024,
        env=environment(environ),
        cwd=ROOT,
    )
    child = Child(process)
    try:
        child.port = int(await child.line())
        yield child
    finally:
        await child.end()


async def load(spec: Spec) -> Load:
    """Let the load generator do it. Every answer has to be a 2xx."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.benchmarks.load",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment(),
        cwd=ROOT,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            out, _ = await process.communicate(json.dumps(asdict(spec)).encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, "the load generator failed; its stderr is above"
    result = Load(**json.loads(out))
    assert result.refused == 0, f"{result.refused} of {len(spec.bodies)} requests were refused"
    return result


def port_of(daemon: Daemon) -> int:
    """Where it listens."""
    return int(daemon.url.rpartition(":")[2])


async def fill(daemon: Daemon, count: int) -> list[int]:
    """Store so many new alerts through the front door, in bodies of 100; their numbers."""
    stored: list[int] = []
    bodies = fresh(count // 100, 100)
    for some in _chunks(bodies, 500):
        await load(Spec(port_of(daemon), some, connections=4))
        stored += itertools.chain.from_iterable(some)
    return stored


def resident(pid: int) -> float:
    """The resident memory of a process, in MiB."""
    return resident_in(Path(f"/proc/{pid}/status").read_text(encoding="ascii"))


def resident_in(status: str) -> float:
    """The resident memory in the text of a /proc/<pid>/status, in MiB."""
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def free_port() -> int:
    """A port nobody uses now, for servers that cannot choose one themselves."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _chunks(bodies: Sequence[Sequence[int]], size: int) -> Iterator[Sequence[Sequence[int]]]:
    for start in range(0, len(bodies), size):
        yield bodies[start : start + size]
