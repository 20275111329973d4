"""Real senders as child processes: each with a configuration of its own, on ports and in folders of the test's."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final

from tests.e2e.daemon import Output

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
ALERTMANAGER: Final = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
PROMETHEUS: Final = shutil.which("prometheus")
ICINGA: Final = shutil.which("icinga2")
CURL: Final = shutil.which("curl")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def child(*command: str, ready: str, environ: Mapping[str, str] | None = None) -> AsyncIterator[Output]:
    """A process that has written the line `ready`; what it started is gone with it at the end."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
        env={**os.environ, **(environ or {})},
    )
    assert process.stdout is not None
    log = Output(process.stdout)
    try:
        await log.line(ready)
        yield log
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        await log.end()


@contextlib.asynccontextmanager
async def alertmanager(folder: Path, config: str) -> AsyncIterator[str]:
    """One with this configuration; its address."""
    file, port = folder / "alertmanager.yml", free_port()
    file.write_text(config)
    async with child(
        str(ALERTMANAGER),
        f"--config.file={file}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        ready="Listening on",
    ):
        yield f"http://127.0.0.1:{port}"
