"""A real Alertmanager as the sender: what it posts is understood, told, and told as over."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from tests.caller import DEADLINE
from tests.e2e.bodies import hook
from tests.e2e.conftest import Start
from tests.e2e.daemon import Output
from tests.sink import Sink

BINARY = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
pytestmark = pytest.mark.skipif(BINARY is None, reason="no Alertmanager here: apt-get install prometheus-alertmanager")
CONFIG = """
route: {{receiver: srvmaint, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: srvmaint, webhook_configs: [{{url: "{url}/alerts/webhook/", send_resolved: true}}]}}]
"""


@contextlib.asynccontextmanager
async def alertmanager(folder: Path, receiver: str) -> AsyncIterator[str]:
    """Start one that posts to `receiver`; its address."""
    file = folder / "alertmanager.yml"
    file.write_text(CONFIG.format(url=receiver))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        str(BINARY),
        f"--config.file={file}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    log = Output(process.stderr)
    try:
        await log.line("Listening on")
        yield f"http://127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await log.end()


async def push(address: str, starts: datetime, ends: datetime) -> None:
    """What Prometheus does for an alert, firing until `ends`."""
    entry = {
        "labels": {"alertname": "HighMemoryUsage", "instance": "localhost:9100", "severity": "critical"},
        "annotations": {"description": "Memory is nearly used up.", "runbook_url": "https://runbooks.example.com/m"},
        "startsAt": starts.isoformat(),
        "endsAt": ends.isoformat(),
        "generatorURL": "http://prometheus.example.com/graph",
    }
    async with aiohttp.ClientSession() as client, client.post(f"{address}/api/v2/alerts", json=[entry]) as answer:
        assert answer.status == 200, await answer.text()


async def test_an_alert_of_a_real_alertmanager_is_told_and_so_is_its_end(
    start: Start, sink: Sink, tmp_path: Path
) -> None:
    daemon = await start(hook(sink.url))
    async with asyncio.timeout(3 * DEADLINE), alertmanager(tmp_path, daemon.url) as address:
        begin = datetime.now(UTC) - timedelta(minutes=5)
        await push(address, begin, begin + timedelta(hours=1))
        await sink.received(1)
        await push(address, begin, datetime.now(UTC))
        first, second = [json.loads(request.body) for request in await sink.received(2)]
    assert first["headline"].startswith("[CRITICAL] HighMemoryUsage · localhost · ")
    assert first["alerts"][0]["source"] == "alertmanager"
    assert first["links"]["runbook"] == "https://runbooks.example.com/m"
    assert (second["kind"], second["incident_id"]) == ("resolved", first["incident_id"])
    (stored,) = (await daemon.get("/alerts/")).body["items"]
    assert stored["status"] == "resolved"
    assert stored["starts_at"] == first["started_at"]
