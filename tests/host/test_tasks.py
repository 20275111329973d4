from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from srvmaint.host.linux import LinuxHost
from tests.fakes import FakeClock

TICK = os.sysconf("SC_CLK_TCK")


def make(root: Path, *processes: tuple[int, str, str, str]) -> LinuxHost:
    """A /proc of these processes: pid, name, state, command line."""
    (root / "uptime").write_text("1000.0 1\n")
    for pid, name, state, cmdline in processes:
        folder = root / str(pid)
        folder.mkdir()
        fields = [state, *["0"] * 18, str(400 * TICK), "0", "10", "0"]
        (folder / "stat").write_text(f"{pid} ({name}) {' '.join(fields)}")
        (folder / "cmdline").write_text(cmdline)
        (folder / "status").write_text(f"Name:\t{name}\nUid:\t1\t33\t33\t33\n")
    return LinuxHost(FakeClock(), proc=str(root))


def test_a_process_has_its_state_its_start_and_its_age(tmp_path: Path) -> None:
    table = make(tmp_path, (1, "init", "S", "/sbin/init\0"), (7, "java", "T", "java\0-x\0")).tasks(whole=False)
    java = table.seen[1] if table.seen[1].pid == 7 else table.seen[0]
    assert (java.name, java.state, java.started, java.age_s, java.uid, java.cmdline) == (
        *("java", "T"),
        *(400, 600),
        *(None, None),
    )
    assert not table.is_hidden


def test_owner_and_command_line_come_when_they_are_asked_for(tmp_path: Path) -> None:
    [task] = make(tmp_path, (7, "java", "S", "java\0-jar\0x.jar\0")).tasks(whole=True).seen
    assert (task.uid, task.cmdline) == (33, "java -jar x.jar")


@pytest.mark.parametrize(
    ("name", "cmdline", "whole"),
    [
        ("systemd-timesyn", "/lib/systemd/systemd-timesyncd\0", "systemd-timesyncd"),
        ("gunicorn-worker", "/usr/bin/python3\0/opt/bin/gunicorn-workers\0", "gunicorn-workers"),
        ("kworker/0:1-eve", "", "kworker/0:1-eve"),
        ("renamed-by-itse", "other\0", "renamed-by-itse"),
        ("short", "shorter-not\0", "short"),
    ],
)
def test_a_name_the_kernel_cut_is_made_whole(tmp_path: Path, name: str, cmdline: str, whole: str) -> None:
    [task] = make(tmp_path, (7, name, "S", cmdline)).tasks(whole=False).seen
    assert task.name == whole


def test_where_the_first_process_cannot_be_seen_others_are_hidden(tmp_path: Path) -> None:
    assert make(tmp_path, (7, "java", "S", "java\0")).tasks(whole=False).is_hidden


def test_a_process_that_ends_meanwhile_is_left_out(tmp_path: Path) -> None:
    host = make(tmp_path, (7, "java", "S", "java\0"))
    (tmp_path / "8").mkdir()
    assert len(host.tasks(whole=True).seen) == 1


def test_this_machine_itself_can_be_read() -> None:
    host = LinuxHost(FakeClock())
    [me] = [task for task in host.tasks(whole=True).seen if task.pid == os.getpid()]
    assert me.uid == os.geteuid()
    assert me.cmdline
    assert host.uid_of(pwd.getpwuid(0).pw_name) == 0
    assert host.uid_of("4711") == 4711
    with pytest.raises(ValueError, match="there is no user nobody-of-this-name"):
        host.uid_of("nobody-of-this-name")
