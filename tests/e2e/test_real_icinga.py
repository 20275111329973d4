"""A real Icinga 2 as the sender, with the configuration of the examples: a host and a service in trouble, and well."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
from pathlib import Path
from typing import Final

import pytest

from tests.caller import DEADLINE
from tests.e2e import clients
from tests.e2e.bodies import hook
from tests.e2e.conftest import Start
from tests.sink import Sink

pytestmark = pytest.mark.skipif(
    clients.ICINGA is None or clients.CURL is None,
    reason="no Icinga 2 or no curl here: apt-get install icinga2-bin curl",
)
EXAMPLE: Final = clients.EXAMPLES / "icinga2.conf"
LOOK: Final = """found=$(cat "$1")
echo "${found#* }"
exit "${found%% *}"
"""
TOKEN: Final = "canary-of-icinga"
WATCHED: Final = """
include <itl>
include "{example}"
object CheckerComponent "checker" {{ }}
object NotificationComponent "notification" {{ }}
object CheckCommand "look" {{
  command = [ "sh", "{folder}/look", "$file$" ]
}}
template Host "often" {{
  check_command = "look"
  check_interval = 0.2s
  retry_interval = 0.2s
  max_check_attempts = 1
}}
object Host "db-1" {{
  import "often"
  display_name = "The \\"first\\" database"
  vars.file = "{folder}/host"
}}
object Host "web-1" {{
  import "often"
  vars.file = "{folder}/well"
}}
object Service "disk" {{
  host_name = "web-1"
  check_command = "look"
  check_interval = 0.2s
  retry_interval = 0.2s
  max_check_attempts = 1
  vars.file = "{folder}/service"
}}
"""


async def test_a_host_and_a_service_of_a_real_icinga_are_told_and_so_is_their_end(
    start: Start, sink: Sink, tmp_path: Path
) -> None:
    daemon = await start(hook(sink.url) + '[alerts.generic]\ntoken = { env = "TOKEN" }\n', environ={"TOKEN": TOKEN})
    header = tmp_path / "srvmaint.header"
    header.write_text(f"Authorization: Bearer {TOKEN}\n")
    (tmp_path / "example.conf").write_text(
        EXAMPLE.read_text(encoding="utf-8")
        .replace("http://127.0.0.1:8425", daemon.url)
        .replace('const SrvmaintHeaderFile = ""', f'const SrvmaintHeaderFile = "{header}"')
    )
    watched = tmp_path / "watched.conf"
    watched.write_text(WATCHED.format(example=tmp_path / "example.conf", folder=tmp_path))
    (tmp_path / "look").write_text(LOOK)
    say(tmp_path, host="0 up", well="0 up", service="0 DISK OK")
    async with (
        asyncio.timeout(4 * DEADLINE),
        clients.child(*icinga(tmp_path), "--config", str(watched), ready="Activated all objects") as log,
    ):
        say(tmp_path, service='2 DISK CRITICAL: "/srv" has 1 % left')
        await sink.received(1)
        say(tmp_path, service="0 DISK OK")
        await sink.received(2)
        say(tmp_path, host="2 no answer")
        await sink.received(3)
        say(tmp_path, host="0 up")
        disk, disk_over, host, host_over = [json.loads(request.body) for request in await sink.received(4)]
        assert TOKEN not in log.text
    assert disk["headline"].startswith("[CRITICAL] disk · web-1 · ")
    assert host["headline"].startswith('[CRITICAL] The "first" database · db-1 · ')
    for fires, over in ((disk, disk_over), (host, host_over)):
        assert (fires["kind"], over["kind"], over["incident_id"]) == ("firing", "resolved", fires["incident_id"])
        assert fires["alerts"][0]["source"] == "icinga"
    stored = (await daemon.get("/alerts/")).body["items"]
    assert {alert["fingerprint"] for alert in stored} == {"web-1!disk", "db-1"}
    assert {alert["status"] for alert in stored} == {"resolved"}
    assert all(alert["starts_at"] <= alert["ends_at"] for alert in stored)
    assert (await daemon.get("/rejected/")).body["items"] == []


def say(folder: Path, **states: str) -> None:
    """What the checks are to find: the exit code, then the text."""
    for name, text in states.items():
        new = folder / f"{name}.new"
        new.write_text(text)
        new.rename(folder / name)


def icinga(folder: Path) -> list[str]:
    """The command of one that has everything in this folder and stays who it is."""
    user = pwd.getpwuid(os.getuid()).pw_name
    places = {"DataDir": "data", "LogDir": "log", "CacheDir": "cache", "SpoolDir": "spool", "InitRunDir": "run"}
    for place in places.values():
        (folder / place).mkdir()
    own = {name: str(folder / place) for name, place in places.items()} | {"RunAsUser": user, "RunAsGroup": user}
    return [str(clients.ICINGA), "daemon", *(f"-DConfiguration.{name}={value}" for name, value in own.items())]
