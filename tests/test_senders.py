"""The operator's page about senders: every paste on it works, and every name on it is one the program knows."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import shutil
import subprocess
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from srvmaint import registry
from srvmaint.alerts import PACKAGE, Driver, shapes
from srvmaint.alerts._detect import by_precedence, detect
from srvmaint.config.load import load
from srvmaint.config.schema import Config
from srvmaint.model import AlertStatus
from srvmaint.web import app
from tests.e2e.daemon import Daemon, running

EXAMPLES: Final = Path(__file__).parents[1] / "examples"
PAGE: Final = (EXAMPLES / "SENDERS.md").read_text(encoding="utf-8")
NAMES: Final = registry.names(PACKAGE)
SECTIONS: Final = dict(re.findall(r"^## [^\n]+ \(`(\w+)`\)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
"""Driver to what is written under its heading."""
FILLED: Final = {
    "EVENT_TYPE": "query_alert_monitor",
    "ALERT_TRANSITION": "Triggered",
    "ALERT_TYPE": "error",
    "ALERT_PRIORITY": "P1",
    "DATE": "1772445737000",
    "LAST_UPDATED": "1772445737000",
    "issueId": "6f3c1a52-0b84-4d0e-9a7e-2d5b81c4e960",
    "issuePageUrl": "https://radar-api.service.newrelic.com/accounts/1/issues/6f3c1a52",
    "priority": "CRITICAL",
    "state": "ACTIVATED",
    "createdAt": 1772445737481,
    "updatedAt": 1772445737912,
    "closedAt": None,
    "acknowledgedAt": None,
    "acknowledgedBy": None,
    "alertType": "1",
    "monitorID": "7",
    "monitorFriendlyName": "Shop",
    "alertDetails": "timeout",
    "monitorURL": "https://shop.example.com/",
    "alertTypeFriendlyName": "Down",
    "alertDateTime": "1772445737",
    "severity": "critical",
    "timestamp": "2026-03-02 10:02:17",
    "ALERT_TRIGGERED_OR_RESOLVED": "firing",
}
"""What a sender puts in the place of its variables; of others their name. LibreNMS' state is a number."""
TOKEN: Final = "canary-of-the-page"


def blocks(language: str, text: str = PAGE) -> list[str]:
    """The fenced blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def bodies() -> list[tuple[str, str]]:
    """Every body on the page with the driver under whose heading it stands; those inside of YAML too."""
    found = []
    for name, text in SECTIONS.items():
        found += [(name, body) for body in blocks("json", text)]
        found += [
            (name, line) for block in blocks("yaml", text) for line in re.findall(r"^ +(\{.*\})$", block, re.MULTILINE)
        ]
    return found


def filled(body: str) -> Any:
    """The body with its variables replaced, as its sender does it."""

    def value(match: re.Match[str]) -> str:
        name = next(filter(None, match.groups()))
        return str(FILLED.get(name, name))

    body = re.sub(
        r"\{\{ (?:json )?([\w.]+)[\w.\[\]]* \}\}", lambda found: json.dumps(FILLED.get(found[1], found[1])), body
    )
    if "{{ $rule_id }}" in body:
        body = body.replace("{{ $state }}", "1")
    return json.loads(re.sub(r"\$([A-Z_]+)\b|\{\{ \$(\w+) \}\}|\*(\w+)\*|\[([A-Z_]+)\]", value, body))


def loaded(text: str, folder: Path) -> Config:
    file = folder / "srvmaint.toml"
    file.write_text(text, encoding="utf-8")
    return load(file, {"HOME": "/nonexistent", **dict.fromkeys(re.findall(r"SRVMAINT_[A-Z_]+", text), TOKEN)})


def test_every_driver_has_a_section_with_its_address_and_its_settings() -> None:
    assert sorted(SECTIONS) == sorted(NAMES)
    for name, text in SECTIONS.items():
        assert f"/alerts/webhook/{name}/" in text, name
        assert any(f"[alerts.{name}]" in block for block in blocks("toml", text)), name


def test_every_address_on_the_page_is_one_and_that_of_its_section() -> None:
    served = {path.rstrip("/") for method, path, _ in app.HOOKS if method == "POST"}
    concrete = {path.replace("{driver}", name) for path in served for name in NAMES}
    mentioned = re.findall(r"(?:srvmaint\.example\.com|127\.0\.0\.1:8425)(/[^\s`?\"]*)", PAGE)
    wrong = [path for path in mentioned if path.rstrip("/") not in concrete and "DRIVER" not in path and path != "/..."]
    assert (len(mentioned) > 25, wrong) == (True, [])
    for name, text in SECTIONS.items():
        assert set(re.findall(r"/alerts/webhook/(\w+)", text)) == {name}


@pytest.mark.parametrize("block", blocks("toml"), ids=lambda block: block.split("\n")[0].strip("[]"))
def test_every_configuration_on_the_page_is_good(block: str, tmp_path: Path) -> None:
    assert loaded(block, tmp_path).warnings == ()


def test_the_configuration_of_a_section_asks_for_something_before_its_driver(tmp_path: Path) -> None:
    async def nothing(url: str) -> bytes:
        raise AssertionError(url)

    for name, text in SECTIONS.items():
        for block in blocks("toml", text):
            if "[[" not in block:
                assert loaded(block, tmp_path).alerts.configs[name].gate(name, nothing) is not None, block


@pytest.mark.parametrize(("name", "body"), bodies(), ids=lambda text: re.sub(r"\W+", " ", text)[:30])
def test_every_body_on_the_page_is_read_by_the_driver_of_its_section(name: str, body: str) -> None:
    modules = {each: registry.load(PACKAGE, each) for each in by_precedence(NAMES)}
    drivers: dict[str, Driver] = {each: module.Driver(module.Config()) for each, module in modules.items()}
    payload = filled(body)
    assert detect(drivers, payload).driver == name
    parsed = drivers[name].parse(payload)
    (alert,) = parsed.alerts
    assert parsed.errors == ()
    assert alert.status is (AlertStatus.RESOLVED if '"resolved"' in body else AlertStatus.FIRING)
    assert not re.search(r"\$|\*|\{\{", f"{alert.name}{alert.fingerprint}{alert.labels}")
    if '"severity"' in body or "priority" in body.lower():
        assert alert.status is AlertStatus.RESOLVED or alert.severity == "critical"


def test_there_are_bodies_for_whoever_lets_an_operator_write_one() -> None:
    assert [name for name, _ in bodies()].count("generic") == 4
    assert {"pagerduty", "datadog", "newrelic"} <= {name for name, _ in bodies()}


def test_every_tool_whose_structure_is_known_is_named() -> None:
    named = set(re.findall(r"`(\w+)`", SECTIONS["generic"].partition("\n### ")[0]))
    assert set(registry.names(shapes.PACKAGE)) <= named


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Daemon]:
    """One that asks every driver's sender for what the page shows, with no other route than silence."""
    asks = "".join(next(block for block in blocks("toml", text) if "\ntoken = " in block) for text in SECTIONS.values())
    environ = dict.fromkeys(re.findall(r"SRVMAINT_[A-Z_]+", asks), TOKEN)
    silent = '[[pipelines]]\nname = "silent"\npreset = "direct"\nchannels = []\n'
    async with running(tmp_path, asks + silent, environ=environ) as started:
        yield started


async def test_what_the_page_says_can_be_shown_lets_a_sender_in_and_nothing_else(daemon: Daemon) -> None:
    basic = b64encode(f"any:{TOKEN}".encode()).decode()
    for name in NAMES:
        body, address = (EXAMPLES / "webhooks" / f"{name}.json").read_bytes(), f"/alerts/webhook/{name}/"
        for headers in ({"Authorization": f"Bearer {TOKEN}"}, {"Authorization": f"Basic {basic}"}):
            assert (await daemon.post(address, body, headers=headers)).status == 202
            assert (await daemon.get(address, headers=headers)).body["status"] == "ok"
        assert (await daemon.post(f"{address}?token={TOKEN}", body)).status == 202
        assert (await daemon.post(address, body)).status == 401
    headers = {"X-Srvmaint-Token": TOKEN}
    assert (await daemon.post("/alerts/webhook/generic/", b'{"name": "x"}', headers=headers)).status == 202


@pytest.mark.parametrize("tool", ["curl", "apprise"])
async def test_the_pastes_for_a_shell_reach_it(daemon: Daemon, tool: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"no {tool} here: apt-get install {tool}")
    (paste,) = [block for block in blocks("sh") if block.startswith(tool)]
    paste = (
        paste.replace("jsons://", "json://").replace("https://", "http://").replace("TOKEN", TOKEN).replace("\\\n", "")
    )
    words = shlex.split(paste.replace("srvmaint.example.com", daemon.url.removeprefix("http://")))
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    await process.communicate()
    (alert,) = (await daemon.get("/alerts/")).body["items"]
    assert (process.returncode, alert["severity"], alert["labels"]["instance"]) == (0, "critical", "nas-1")


def test_alertmanager_takes_the_file(tmp_path: Path) -> None:
    amtool = shutil.which("amtool")
    if amtool is None:
        pytest.skip("no amtool here: apt-get install prometheus-alertmanager")
    (tmp_path / "page.yml").write_text(blocks("yaml", SECTIONS["alertmanager"])[0])
    for file in (tmp_path / "page.yml", EXAMPLES / "alertmanager.yml"):
        done = subprocess.run([amtool, "check-config", str(file)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
