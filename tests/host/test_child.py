from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from srvmaint.host import child, commands

ENVIRON = {"PATH": "/usr/bin:/bin"}


def run(*command: str, said: list[str] | None = None) -> int:
    return child.run(command, ENVIRON, (said if said is not None else []).append)


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 3", 3), ("exit 255", 255), ("kill -9 $$", 137)])
def test_the_exit_code_is_the_one_a_shell_would_have(script: str, code: int) -> None:
    assert run("sh", "-c", script) == code


def test_a_command_that_is_not_there_or_cannot_be_run_is_told(tmp_path: Path) -> None:
    said: list[str] = []
    assert run("no-such-command", said=said) == 127
    file = tmp_path / "plain.txt"
    file.write_text("text")
    assert run(str(file), said=said) == 126
    assert run("sh\0", said=said) == 126
    assert said == [
        "cannot run no-such-command: there is no such command.",
        f"cannot run {file}: Permission denied.",
        "cannot run sh\0: embedded null byte.",
    ]


def test_the_environment_is_the_given_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert child.run(["sh", "-c", f'echo "$WORD" >{out}'], {**ENVIRON, "WORD": "given"}, print) == 0
    assert out.read_text() == "given\n"


WRAPPER = """
import os, sys
from srvmaint.host import child, commands
sys.exit(child.run(sys.argv[1:], os.environ, print))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_is_passed_on_and_the_command_decides(number: signal.Signals) -> None:
    script = (
        f"trap 'echo caught; exit 7' {number.name.removeprefix('SIG')}; echo ready; while :; do read -r _ || :; done"
    )
    command = [sys.executable, "-c", WRAPPER, "sh", "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as wrapper:
        assert wrapper.stdout is not None
        assert wrapper.stdout.readline() == "ready\n"
        wrapper.send_signal(number)
        assert wrapper.stdin is not None
        wrapper.stdin.write("\n")
        wrapper.stdin.flush()
        assert wrapper.stdout.readline() == "caught\n"
        wrapper.stdin.close()
        assert wrapper.wait(20) == 7


def wrapped(script: str) -> tuple[str, int]:
    """A wrapped script that says ready, then hears that its wrapper got SIGINT: what it says next, and how it ends."""
    command = [sys.executable, "-c", WRAPPER, "sh", "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as wrapper:
        assert wrapper.stdout is not None
        assert wrapper.stdout.readline() == "ready\n"
        wrapper.send_signal(signal.SIGINT)  # the wrapper goes on waiting
        out, _ = wrapper.communicate("\n", 20)
    return out, wrapper.returncode


def test_signals_of_the_terminal_are_not_given_to_the_command_twice() -> None:
    assert wrapped("trap 'echo caught' INT; echo ready; read -r _; echo done; exit 3") == ("done\n", 3)


def test_the_command_begins_with_the_usual_meaning_of_the_terminals_signals() -> None:
    assert wrapped("echo ready; read -r _; kill -INT $$; echo survived") == ("", 130)


def test_the_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    run("true")
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_program_is_asked_in_english_and_without_a_path_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "PLACES", (str(tmp_path), "/bin"))
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    script = tmp_path / "speak"
    script.write_text('#!/bin/sh\necho "$LC_ALL $PATH $*"; echo trouble >&2; exit 4\n')
    script.chmod(0o755)
    assert child.ask("speak", ["a b"], 20) == commands.Answer(4, f"C {tmp_path}:/bin a b\n", "trouble\n")
    with pytest.raises(child.Missing, match="there is no nobody on this machine"):
        child.ask("nobody", [], 1)


def test_a_program_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "PLACES", (str(tmp_path),))
    script = tmp_path / "hang"
    script.write_text(f"#!/bin/sh\necho $$ >{tmp_path}/pid\nexec /bin/sleep 600\n")
    script.chmod(0o755)
    with pytest.raises(TimeoutError, match=r"hang does not answer within 0\.5 s"):
        child.ask("hang", [], 0.5)
    with contextlib.suppress(ProcessLookupError):  # gone already; else it is readable once it has ended
        ended = os.pidfd_open(int((tmp_path / "pid").read_text()))
        try:
            assert select.select([ended], [], [], 30)[0]
        finally:
            os.close(ended)
