from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from srvmaint.cli import run

GOOD = '[[channels]]\nname = "ops"\ndriver = "slack"\nwebhook_url = { env = "HOOK" }\n'
BROKEN = '[server]\nlisten = "0.0.0.0:80"\n\n[storage]\nretenton = "1d"\n'


class Done(NamedTuple):
    """What a command line did."""

    code: int
    out: str
    err: str


Cli = Callable[..., Done]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs a command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def invoke(arguments: Sequence[str], text: str | None = None, mode: int = 0o600) -> Done:
        if text is not None:
            path = tmp_path / "srvmaint.toml"
            path.write_text(text, encoding="utf-8")
            path.chmod(mode)
        code = run(arguments, {"HOME": str(tmp_path), "HOOK": "https://example.org/canary"})
        return Done(code, *capsys.readouterr())

    return invoke


def test_path_prints_the_file_in_use(cli: Cli, tmp_path: Path) -> None:
    assert cli(["config", "path"], GOOD) == (0, f"{tmp_path / 'srvmaint.toml'}\n", "")


def test_path_prints_nothing_when_the_defaults_are_in_use_and_says_so_aside(cli: Cli) -> None:
    assert cli(["config", "path"]) == (0, "", "there is no file: the built-in defaults are in use\n")


def test_path_needs_no_file_without_mistakes(cli: Cli) -> None:
    assert cli(["config", "path"], "[[[").code == 0


@pytest.mark.parametrize("subcommand", ["path", "check", "show"])
def test_a_file_that_is_not_there_ends_with_2(cli: Cli, subcommand: str) -> None:
    done = cli(["--config", "absent.toml", "config", subcommand])
    assert (done.code, done.out) == (2, "")
    assert "--config names it, but there is no such file" in done.err


def test_check_says_ok(cli: Cli, tmp_path: Path) -> None:
    assert cli(["config", "check"], GOOD) == (0, f"ok ({tmp_path / 'srvmaint.toml'})\n", "")


def test_check_of_the_defaults_says_ok(cli: Cli) -> None:
    assert cli(["config", "check"]) == (0, "ok (no file: the built-in defaults)\n", "")


def test_check_prints_warnings_aside_and_still_says_ok(cli: Cli) -> None:
    done = cli(["config", "check"], GOOD.replace('{ env = "HOOK" }', '"https://example.org/canary"'), mode=0o644)
    assert done.code == 0
    assert done.err.startswith("srvmaint: warning: ")
    assert done.err.count("\n") == 1
    assert "canary" not in done.err


def test_check_prints_every_problem_with_file_line_and_path_and_ends_with_2(cli: Cli) -> None:
    done = cli(["config", "check"], BROKEN)
    assert (done.code, done.out) == (2, "")
    head, first, second = done.err.splitlines()
    assert head == "srvmaint: the configuration has 2 problems:"
    assert "srvmaint.toml:2: server.listen: cannot listen on 0.0.0.0" in first
    assert second.endswith("srvmaint.toml:5: storage.retenton: unknown key: did you mean 'retention'?")


def test_check_as_json_has_the_problems_as_data(cli: Cli, tmp_path: Path) -> None:
    done = cli(["config", "check", "--json"], BROKEN)
    assert done.code == 2
    data = json.loads(done.out)
    assert data["ok"] is False
    assert data["problems"][1] == {
        "path": "storage.retenton",
        "message": "unknown key: did you mean 'retention'?",
        "line": 5,
        "file": str(tmp_path / "srvmaint.toml"),
    }
    assert json.loads(cli(["config", "check", "--json"], GOOD).out) == {"ok": True, "problems": [], "warnings": []}


def test_show_prints_what_is_in_effect_without_a_secret(cli: Cli) -> None:
    done = cli(["config", "show"], GOOD)
    assert (done.code, done.err) == (0, "")
    assert 'webhook_url = { env = "HOOK" }' in done.out
    assert 'listen = "127.0.0.1:8425"' in done.out
    assert "canary" not in done.out


def test_show_as_json_is_data(cli: Cli) -> None:
    data = json.loads(cli(["config", "show", "--json"], GOOD).out)
    assert data["config"]["channels"][0]["webhook_url"] == {"env": "HOOK"}
    assert data["config"]["checkers"]["enabled"] == ["cpu", "memory", "disk"]


def test_schema_is_json(cli: Cli) -> None:
    assert json.loads(cli(["config", "schema"]).out)["title"] == "srvmaint.toml"
