from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from srvmaint.host import commands


def script(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_program_is_found_in_fixed_places_and_nowhere_else(tmp_path: Path) -> None:
    path = script(tmp_path, "tool", "")
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("not a program")
    assert commands.find("tool", (str(tmp_path),)) == path
    assert commands.find("folder", (str(tmp_path),)) is None
    assert commands.find("text", (str(tmp_path),)) is None
    assert commands.find("tool") is None


def test_a_program_speaks_english_and_its_last_complaint_is_kept(tmp_path: Path) -> None:
    path = script(tmp_path, "tool", 'echo "$LC_ALL $1"; echo first >&2; echo last >&2; exit 3')
    assert commands.run((path, "a;b"), 30) == commands.Answer(3, "C a;b\n", "first\nlast\n")
    assert commands.run((path, ""), 30).reason == "last"


def test_a_program_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    pidfile = tmp_path / "pids"
    path = script(tmp_path, "tool", f"sleep 1000 & echo $! $$ >{pidfile}; wait")
    with pytest.raises(TimeoutError, match=r"does not answer within 0\.5 s"):
        commands.run((path,), 0.5)
    for pid in pidfile.read_text().split():
        deadline = time.monotonic() + 10
        while _is_alive(int(pid)):
            assert time.monotonic() < deadline
            os.sched_yield()


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_a_program_that_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        commands.run((str(tmp_path / "gone"),), 1)
