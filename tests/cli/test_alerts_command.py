"""`srvmaint alerts`: what has been received, and what a body would become."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from srvmaint.cli.alerts import command
from srvmaint.cli.rejected import command as rejected
from srvmaint.errors import NotFoundError, UsageError
from tests.cli.kept import data, invoke, keep

EXAMPLES = Path(__file__).parents[2] / "examples" / "webhooks"
ROUTES = """
[[channels]]
name = "ops"
driver = "console"
[[pipelines]]
name = "databases"
preset = "direct"
match = { instance = "re:^db" }
channels = ["ops"]
group_by = ["instance"]
"""


def attempt(folder: Path, body: bytes, *arguments: str, text: str = ROUTES) -> Any:
    """`alerts test -` with that body on stdin."""
    (folder / "srvmaint.toml").write_text(f'[storage]\npath = "{folder}/state"\n{text}')
    return invoke(command, folder, "test", "-", *arguments, stdin=body)


def tried(folder: Path, body: bytes, *arguments: str) -> tuple[int, Any]:
    """Its exit code and what `--json` says."""
    result = attempt(folder, body, "--json", *arguments)
    return result.return_value, data(result)


def test_a_body_says_what_it_would_become_where_it_would_go_and_why(tmp_path: Path) -> None:
    body = b'[{"name": "slow", "host": "db1", "severity": "P1", "url": "http://x/y"}, 5, {"name": "x", "host": "web"}]'
    code, told = tried(tmp_path, body)
    assert code == 0
    assert (told["driver"], told["because"]) == ("generic", "a list of objects with a name")
    first, second = told["alerts"]
    assert (first["name"], first["severity"], first["labels"]["instance"]) == ("slow", "critical", "db1")
    assert (first["pipeline"], first["channels"], first["group_key"]) == ("databases", ["ops"], 'instance="db1"')
    assert (second["pipeline"], second["channels"]) == (None, [])
    assert told["errors"] == [{"index": 1, "message": "is not an object"}]
    assert not (tmp_path / "state").exists()


def test_every_driver_says_whether_it_would_take_it_and_what_it_looks_for(tmp_path: Path) -> None:
    code, told = tried(tmp_path, (EXAMPLES / "alertmanager.json").read_bytes())
    assert (code, told["driver"]) == (0, "alertmanager")
    claims = {each["driver"]: each["claims"] for each in told["detection"]}
    assert claims["alertmanager"] == told["because"]
    assert claims["generic"] == "a list `alerts`"
    assert all(each["looks_for"] for each in told["detection"])
    text = attempt(tmp_path, b'{"name": "x"}').stdout
    assert "alertmanager  no        `alerts` with a group key" in text
    assert "generic       yes       an object with `name`" in text


def test_a_driver_that_is_named_is_not_found_out(tmp_path: Path) -> None:
    code, told = tried(tmp_path, (EXAMPLES / "alertmanager.json").read_bytes(), "--driver", "generic")
    assert (code, told["driver"], told["because"]) == (0, "generic", "it was named")
    assert told["alerts"][0]["source"] == "generic"
    error = attempt(tmp_path, b"{}", "--driver", "generik").exception
    assert isinstance(error, NotFoundError)
    assert "did you mean 'generic'" in str(error)


def test_a_form_needs_its_content_type(tmp_path: Path) -> None:
    form = b"name=disk&host=db1"
    assert tried(tmp_path, form)[0] == 1
    code, told = tried(tmp_path, form, "--content-type", "application/x-www-form-urlencoded")
    assert (code, told["alerts"][0]["name"]) == (0, "disk")


@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        (b"{", "invalid_json", "is not JSON"),
        (b'{"hello": "world"}', "undetected", "'hello'"),
        (b'{"name": ""}', "undetected", "'name'"),
        (b'{"alerts": [{"status": "firing"}]}', "no_alerts", "Give it a `name`"),
    ],
)
def test_a_body_that_cannot_be_used_says_why_and_ends_with_1(
    tmp_path: Path, body: bytes, code: str, reason: str
) -> None:
    exit_code, told = tried(tmp_path, body)
    assert (exit_code, told["error"]["code"], told["alerts"]) == (1, code, [])
    assert reason in told["error"]["message"]
    assert code in attempt(tmp_path, body).stdout
    assert all(each["claims"] is None for each in told["detection"]) or code == "no_alerts"


def test_a_body_that_would_be_ignored_says_why_and_is_no_failure(tmp_path: Path) -> None:
    body = b'{"receiver": "x", "status": "firing", "alerts": []}'
    code, told = tried(tmp_path, body)
    assert code == 0
    assert told["ignored"]
    assert f"it would be answered 200 and ignored: {told['ignored']}" in attempt(tmp_path, body).stdout


def test_for_people_every_field_is_a_line_and_no_text_moves_the_cursor(tmp_path: Path) -> None:
    alert = {"name": "x", "host": "db1", "description": "one\n\x1b[2Jtwo", "note": "\x1b]0;evil", "status": "down"}
    text = attempt(tmp_path, json.dumps([alert, 1]).encode()).stdout
    for line in (
        "alert 1 of 1",
        "status           firing",
        "label instance   db1",
        "annotation note   ]0;evil",
        "pipeline         databases, which may tell ops",
        " [2Jtwo",
        "the alert with index 1 cannot be used: it is not an object",
    ):
        assert line in text.splitlines(), line
    assert "\x1b" not in text
    assert "none: unrouted" in attempt(tmp_path, b'{"name": "x"}').stdout


def test_a_file_that_cannot_be_read_is_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "srvmaint.toml").write_text("")
    for name in (str(tmp_path / "nothing"), str(tmp_path), "a\0b"):
        error = invoke(command, tmp_path, "test", name).exception
        assert isinstance(error, UsageError)
        assert str(error).startswith("cannot read ")


async def test_alerts_are_listed_and_shown_with_their_history(tmp_path: Path) -> None:
    firing = await keep(tmp_path, b'{"name": "disk", "id": "d", "severity": "critical", "message": "a\\nb"}')
    over = await keep(tmp_path, b'{"name": "disk", "id": "d", "status": "resolved"}')
    other = await keep(tmp_path, b'{"name": "cpu", "source": "cron"}')
    assert (await asyncio.to_thread(invoke, rejected, tmp_path, "replay", firing, over, other)).return_value == 0

    async def ask(*arguments: str) -> Any:
        return await asyncio.to_thread(invoke, command, tmp_path, *arguments)

    found = data(await ask("list", "--json"))["items"]
    assert [each["name"] for each in found] == ["cpu", "disk"]
    for narrowed in (("--status", "resolved"), ("--severity", "critical", "--name", "disk"), ("--source", "generic")):
        assert [each["name"] for each in data(await ask("list", *narrowed, "--json"))["items"]] == ["disk"], narrowed
    assert "disk" in (await ask()).stdout
    assert (await ask("list", "--name", "nothing")).stderr == "no alerts\n"
    shown = data(await ask("show", found[1]["id"], "--json"))
    assert [line["event"] for line in shown["history"]] == ["created", "resolved"]
    text = (await ask("show", found[1]["id"])).stdout
    assert "status firing -> resolved" in text
    assert f"alert        {found[1]['id']}\n" in text
    assert isinstance((await ask("show", "nothing")).exception, NotFoundError)
