"""The real daemon as a child process: started, talked to over HTTP, stopped, killed, started again.

Nothing here sleeps: what is waited for is a line the daemon writes, an answer it gives, or its end. Every wait has the
same generous deadline, which only turns a hang into a failure.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final

from tests.caller import DEADLINE, Caller

READY: Final = " ready on "


class Output:
    """The lines a child has written so far, and a way to wait for one."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self.lines: list[str] = []
        self._grown = asyncio.Condition()
        self._reading = asyncio.create_task(self._read(stream))

    async def line(self, containing: str, *, after: int = 0) -> str:
        """The first line with that text, once it has been written; `after` so many lines are not looked at."""
        async with asyncio.timeout(DEADLINE), self._grown:
            while True:
                for line in self.lines[after:]:
                    if containing in line:
                        return line
                if self._reading.done():
                    raise AssertionError(f"the daemon ended without {containing!r}:\n{self.text}")
                await self._grown.wait()

    @property
    def text(self) -> str:
        """All of them."""
        return "\n".join(self.lines)

    async def end(self) -> str:
        """Everything, once the child has closed it."""
        await asyncio.shield(self._reading)
        return self.text

    async def _read(self, stream: asyncio.StreamReader) -> None:
        try:
            while line := await stream.readline():
                await self._add(line.decode().rstrip("\n"))
        finally:
            async with self._grown:
                self._grown.notify_all()

    async def _add(self, line: str) -> None:
        async with self._grown:
            self.lines.append(line)
            self._grown.notify_all()


class Daemon(Caller):
    """One configuration and one folder, served by one process after another.

    Args:
        folder: where the configuration and the database are.
        config: the TOML, without `[server] listen` and `[storage]`.
        environ: added to the environment of the process.
    """

    def __init__(self, folder: Path, config: str = "", *, environ: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.folder = folder
        self.file = folder / "srvmaint.toml"
        self.database = folder / "state" / "srvmaint.db"
        self.environ = dict(environ or {})
        self.configure(config)
        self._process: asyncio.subprocess.Process | None = None
        self.out: Output
        self.err: Output

    def configure(self, config: str) -> None:
        """Write the file; a running daemon reads it at the next SIGHUP."""
        own = f'[storage]\npath = "{self.database.parent}"\n'
        self.file.write_text(
            own + config if "[server]" in config else f'{own}[server]\nlisten = "127.0.0.1:0"\n{config}'
        )

    async def launch(self, *arguments: str) -> None:
        """Start the process without waiting for anything. Without its file it is started without `--config`."""
        chosen = ("--config", str(self.file)) if self.file.exists() else ()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "srvmaint",
            *chosen,
            "serve",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment() | self.environ,
            cwd=self.folder,
        )
        if self._process.stdout is None or self._process.stderr is None:
            raise AssertionError("the pipes were asked for")
        self.out, self.err = Output(self._process.stdout), Output(self._process.stderr)

    async def start(self, *arguments: str) -> None:
        """Start and wait for the ready line, which has the address."""
        await self.launch(*arguments)
        self.url = (await self.err.line(READY)).partition(READY)[2]

    @property
    def pid(self) -> int:
        """Of the process started last."""
        if self._process is None:
            raise AssertionError("the daemon was never started")
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    async def ended(self) -> int:
        """The exit code, once the process has ended and all its output is read."""
        if self._process is None:
            raise AssertionError("the daemon was never started")
        async with asyncio.timeout(DEADLINE):
            code = await self._process.wait()
            await self.out.end()
            await self.err.end()
        return code

    async def stop(self) -> int:
        """Ask it to stop; its exit code."""
        self.signal(signal.SIGTERM)
        return await self.ended()

    async def kill(self) -> None:
        """Kill -9."""
        self.signal(signal.SIGKILL)
        await self.ended()

    async def close(self) -> None:
        """End whatever is left of it."""
        await self.hang_up()
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self.ended()

    async def run_ended(self, run_id: str) -> Any:
        """The run, once it has finished."""
        return await self.until(f"/orchestration/pipeline/{run_id}/", lambda run: run["finished_at"] is not None)


@contextlib.asynccontextmanager
async def running(folder: Path, config: str = "", *, environ: Mapping[str, str] | None = None) -> AsyncIterator[Daemon]:
    """A daemon that serves, and is gone at the end."""
    daemon = Daemon(folder, config, environ=environ)
    try:
        await daemon.start()
        yield daemon
    finally:
        await daemon.close()


def _environment() -> dict[str, str]:
    """What a child gets: nothing of ours that could change its ways."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "COVERAGE_PROCESS_START") if name in os.environ}
