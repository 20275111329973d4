"""A real Alertmanager as the sender: what it posts is understood, told, and told as over."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from tests.caller import DEADLINE
from tests.e2e import clients
from tests.e2e.bodies import hook
from tests.e2e.conftest import Start
from tests.sink import Sink

pytestmark = pytest.mark.skipif(
    clients.ALERTMANAGER is None, reason="no Alertmanager here: apt-get install prometheus-alertmanager"
)
ROUTE = "route: {receiver: srvmaint, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}\n"
WEBHOOK = """
receivers: [{{name: srvmaint, webhook_configs: [{{url: "{url}/alerts/webhook/", send_resolved: true}}]}}]
"""
EVENTS = """
receivers: [{{name: srvmaint, pagerduty_configs: [{{routing_key: "any", url: "{url}/alerts/webhook/pagerduty/"}}]}}]
"""


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
    config = ROUTE + WEBHOOK.format(url=daemon.url)
    async with asyncio.timeout(3 * DEADLINE), clients.alertmanager(tmp_path, config) as address:
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


async def test_what_it_would_tell_pagerduty_is_understood_as_well(start: Start, sink: Sink, tmp_path: Path) -> None:
    """Its `pagerduty_configs` is a client of the Events API, version 2."""
    daemon = await start(hook(sink.url))
    config = ROUTE + EVENTS.format(url=daemon.url)
    async with asyncio.timeout(3 * DEADLINE), clients.alertmanager(tmp_path, config) as address:
        begin = datetime.now(UTC) - timedelta(minutes=5)
        await push(address, begin, begin + timedelta(hours=1))
        await sink.received(1)
        await push(address, begin, datetime.now(UTC))
        first, second = [json.loads(request.body) for request in await sink.received(2)]
    assert first["alerts"][0]["source"] == "pagerduty"
    assert "HighMemoryUsage" in first["headline"]
    assert (second["kind"], second["incident_id"]) == ("resolved", first["incident_id"])
