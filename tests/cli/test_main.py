from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from srvmaint import __version__
from srvmaint.cli import Commands, program, run

ROOT = Path(__file__).parents[2]
HEAVY = ("aiohttp", "asyncio", "jinja2", "msgspec", "psutil", "sqlite3", "textual", "rich", "tomllib")
COMMAND = [sys.executable, "-m", "srvmaint"]


def loaded_by(*arguments: str) -> list[str]:
    """The modules that are loaded when a command line has been run."""
    code = f"import sys; from srvmaint.cli import run; run({list(arguments)!r}, {{}}); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout.splitlines()[-1].split()


def test_version_loads_click_and_nothing_of_the_product() -> None:
    modules = loaded_by("--version")
    ours = {name for name in modules if name.split(".")[0] == "srvmaint"}
    assert ours == {"srvmaint", "srvmaint.cli", "srvmaint.cli._context", "srvmaint.errors"}
    assert not set(HEAVY) & set(modules)


def test_help_names_every_command_and_loads_none_of_them_and_no_driver(capsys: pytest.CaptureFixture[str]) -> None:
    modules = loaded_by("--help")
    assert {name for name in modules if name.startswith("srvmaint.")} == {
        "srvmaint.cli",
        "srvmaint.cli._context",
        "srvmaint.errors",
    }
    assert not set(HEAVY) & set(modules)
    assert run(["--help"], {}) == 0
    assert re.search(r"^ +config +Find, check and show the configuration$", capsys.readouterr().out, re.MULTILINE)


def test_every_command_has_a_summary_and_is_a_command() -> None:
    assert isinstance(program, Commands)
    context: Any = None
    for name in program.list_commands(context):
        command = program.get_command(context, name)
        assert command is not None
        assert command.help, name
        source = Path(ROOT, "srvmaint", "cli", f"{name.replace('-', '_')}.py").read_text(encoding="utf-8")
        assert re.match(r'"""[^\n]{5,}', source), f"{name} has no summary in the first line of its file"


def test_version_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"], {}) == 0
    assert capsys.readouterr().out == f"srvmaint {__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["--no-such"], ["config", "check", "--no-such"], ["config", "nope"], ["nope"], []]
)
def test_wrong_use_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments, {}) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err


def test_a_misspelt_command_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["confg"], {}) == 2
    assert "there is no command 'confg': did you mean 'config'?" in capsys.readouterr().err


class Defect(dict[str, str]):
    """An environment with a defect in it."""

    def get(self, *_: Any) -> Any:
        """Fails as only a defect does."""
        raise RuntimeError("first line\nsecond line")


def test_a_defect_is_one_line_and_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "path"], Defect()) == 1
    captured = capsys.readouterr()
    assert captured.err == (
        "srvmaint: internal error: RuntimeError: first line second line. Run again with -v for details.\n"
    )


def test_a_traceback_is_for_those_who_ask_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-v", "config", "path"], Defect()) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("Traceback")
    assert captured.err.endswith("srvmaint: internal error: RuntimeError: first line second line\n")


def test_an_interrupt_ends_with_130_and_without_a_traceback(tmp_path: Path) -> None:
    fifo = tmp_path / "srvmaint.toml"
    os.mkfifo(fifo)
    with subprocess.Popen(
        [*COMMAND, "--config", str(fifo), "config", "check"], stderr=subprocess.PIPE, cwd=ROOT
    ) as child:
        writer = os.open(fifo, os.O_WRONLY)  # returns once the child reads
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=20)
        os.close(writer)
    assert child.returncode == 130
    assert b"Traceback" not in errors


def test_a_reader_who_left_is_no_error_worth_a_word() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*COMMAND, "config", "schema"], stdout=writer, stderr=subprocess.PIPE, check=False, cwd=ROOT)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_full_disk_behind_stdout_is_said_in_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "config", "schema"], stdout=full, stderr=subprocess.PIPE, check=False, cwd=ROOT
        )
    assert done.returncode == 1
    assert done.stderr == b"srvmaint: cannot go on: No space left on device. Put that right and run it again.\n"
