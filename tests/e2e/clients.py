"""Real senders as child processes: each with a configuration of its own, on ports and in folders of the test's."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final

from tests.e2e.daemon import Output

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
ALERTMANAGER: Final = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
PROMETHEUS: Final = shutil.which("prometheus")
ICINGA: Final = shutil.which("icinga2")
OPENSSL: Final = shutil.which("openssl")
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


def self_signed(folder: Path) -> tuple[Path, Path]:
    """The key and the certificate of localhost."""
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [
            *(str(OPENSSL), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return key, certificate


@contextlib.asynccontextmanager
async def tls_door(folder: Path, url: str) -> AsyncIterator[tuple[str, Path]]:
    """A TLS reverse proxy in front of `url`: its address, and the certificate to trust."""
    key, certificate = self_signed(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    host, _, port = url.removeprefix("http://").partition(":")

    async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65_536):
                target.write(data)
                await target.drain()
        target.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection(host, int(port))
        await asyncio.gather(carry(reader, outer), carry(inner, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}", certificate
