"""The whole chain of real programs: a rule of Prometheus, the example's Alertmanager, srvmaint, a receiver."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Final

import pytest

from tests.caller import DEADLINE
from tests.e2e import clients
from tests.e2e.bodies import hook
from tests.e2e.conftest import Start
from tests.sink import Answer, Sink

pytestmark = pytest.mark.skipif(
    clients.PROMETHEUS is None or clients.ALERTMANAGER is None,
    reason="no Prometheus or no Alertmanager here: apt-get install prometheus prometheus-alertmanager",
)
CONFIG: Final = """
global: {{scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}}
rule_files: ["{rules}"]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["{alertmanager}"]}}]}}]}}
scrape_configs: [{{job_name: node, static_configs: [{{targets: ["{target}"]}}]}}]
"""
RULES: Final = """
groups:
  - name: disks
    rules:
      - alert: DiskSpaceLow
        expr: disk_free_ratio < 0.05
        labels: {severity: critical}
        annotations:
          description: "{{ $labels.mountpoint }} of {{ $labels.instance }} has {{ $value | humanizePercentage }} left."
          runbook_url: https://runbooks.example.com/disk-space-low
"""
SAMPLE: Final = 'disk_free_ratio{{mountpoint="/srv/data"}} {ratio}\n'


async def test_a_rule_that_fires_and_ends_opens_and_resolves_an_incident(
    start: Start, sink: Sink, tmp_path: Path
) -> None:
    daemon = await start(hook(sink.url))
    example = (clients.EXAMPLES / "alertmanager.yml").read_text(encoding="utf-8")
    # The example but for the address, and the five minutes that Alertmanager waits before it says what has changed.
    config = example.replace("http://127.0.0.1:8425", daemon.url).replace(
        "group_wait: 0s", "group_wait: 0s\n  group_interval: 1s"
    )
    assert daemon.url in config
    rules = tmp_path / "rules.yml"
    rules.write_text(RULES)
    async with (
        asyncio.timeout(4 * DEADLINE),
        Sink(always=sample(0.31)) as target,
        clients.alertmanager(tmp_path, config) as alertmanager,
    ):
        file, port = tmp_path / "prometheus.yml", clients.free_port()
        file.write_text(
            CONFIG.format(
                rules=rules,
                alertmanager=alertmanager.removeprefix("http://"),
                target=target.url.removeprefix("http://"),
            )
        )
        async with clients.child(
            str(clients.PROMETHEUS),
            f"--config.file={file}",
            f"--storage.tsdb.path={tmp_path / 'prometheus'}",
            f"--web.listen-address=127.0.0.1:{port}",
            ready="Server is ready to receive web requests",
        ):
            await target.received(2)
            assert (await daemon.get("/alerts/")).body["items"] == []
            target.always = sample(0.02)
            await sink.received(1)
            target.always = sample(0.4)
            first, second = [json.loads(request.body) for request in await sink.received(2)]
    assert first["headline"].startswith("[CRITICAL] DiskSpaceLow · 127.0.0.1 · ")
    assert "/srv/data of 127.0.0.1:" in first["alerts"][0]["description"]
    assert (first["kind"], second["kind"], second["incident_id"]) == ("firing", "resolved", first["incident_id"])
    (incident,) = (await daemon.get("/incidents/")).body["items"]
    assert incident["status"] == "resolved"
    assert (await daemon.get("/rejected/")).body["items"] == []


def sample(ratio: float) -> Answer:
    """What the host that is watched answers to Prometheus."""
    return Answer(headers={"Content-Type": "text/plain; version=0.0.4"}, body=SAMPLE.format(ratio=ratio).encode())
