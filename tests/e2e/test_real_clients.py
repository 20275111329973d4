"""Clients that others wrote, run as their users run them: PagerDuty's own for Python, and Apprise."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.e2e import clients
from tests.e2e.bodies import hook
from tests.e2e.conftest import Start
from tests.sink import Sink

APPRISE: Final = shutil.which("apprise")
TOKEN: Final = "canary-of-clients"
ASKS: Final = '[alerts.{driver}]\ntoken = {{ env = "TOKEN" }}\n'
EVENTS: Final = """
import sys
import pagerduty

client = pagerduty.EventsApiV2Client("any-routing-key", base_url=sys.argv[1])
key = client.trigger("Disk full on db-1", "db-1", severity="critical", custom_details={"free": "1 %"})
assert client.acknowledge(key) == key
assert client.resolve(key) == key
print(key)
"""
"""What the client's manual shows, with an address of its own; each call raises unless the answer is as PagerDuty's."""


async def run(*command: str, environ: dict[str, str] | None = None) -> tuple[int, str]:
    """The exit code and all that was said."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **(environ or {})},
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


@pytest.mark.skipif(
    importlib.util.find_spec("pagerduty") is None or clients.OPENSSL is None,
    reason="no PagerDuty client or no openssl here: pip install pagerduty, apt-get install openssl",
)
async def test_pagerdutys_own_client_begins_takes_and_ends_an_incident(
    start: Start, sink: Sink, tmp_path: Path
) -> None:
    daemon = await start(hook(sink.url) + ASKS.format(driver="pagerduty"), environ={"TOKEN": TOKEN})
    async with clients.tls_door(tmp_path, daemon.url) as (door, certificate):
        address = f"{door.replace('://', f'://any:{TOKEN}@')}/alerts/webhook/pagerduty"
        code, said = await run(sys.executable, "-c", EVENTS, address, environ={"SSL_CERT_FILE": str(certificate)})
    assert code == 0, said
    messages = [json.loads(request.body) for request in await sink.received(2)]
    assert messages[0]["headline"].startswith("[CRITICAL] Disk full on db-1 · db-1 · ")
    assert messages[-1]["kind"] == "resolved"
    (alert,) = (await daemon.get("/alerts/")).body["items"]
    assert (alert["fingerprint"], alert["source"], alert["status"]) == (said.strip(), "pagerduty", "resolved")
    events = [line["event"] for line in (await daemon.get(f"/alerts/{alert['id']}/")).body["history"]]
    assert events == ["created", "acknowledged", "resolved"]


@pytest.mark.skipif(APPRISE is None, reason="no Apprise here: apt-get install apprise")
async def test_whatever_notifies_through_apprise_is_understood(start: Start, sink: Sink) -> None:
    daemon = await start(hook(sink.url) + ASKS.format(driver="generic"), environ={"TOKEN": TOKEN})
    address = daemon.url.replace("http://", f"json://any:{TOKEN}@") + "/alerts/webhook/generic/?:host=nas-1"
    for kind, text in (("failure", "rsync ended with 23"), ("success", "every file was transferred")):
        code, said = await run(str(APPRISE), "-n", kind, "-t", "Backup of nas-1", "-b", text, address)
        assert code == 0, said
    first, second = [json.loads(request.body) for request in await sink.received(2)]
    assert first["headline"].startswith("[CRITICAL] Backup of nas-1 · nas-1 · ")
    assert (second["kind"], second["incident_id"]) == ("resolved", first["incident_id"])
    assert first["alerts"][0]["source"] == "apprise"
    code, _ = await run(str(APPRISE), "-t", "x", "-b", "y", address.replace(TOKEN, "wrong"))
    assert code != 0
