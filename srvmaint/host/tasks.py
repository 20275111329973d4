"""Processes looked at closely: whole names, command lines, owners, start times.

Command lines can hold secrets. They are read to be matched against, and leave this file only inside `Task`: no checker
puts one into a message.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from srvmaint.host import parse

LIMIT = 32_768
"""Most processes looked at in one go: what pid_max is by default, about 300 ms of processor time."""
_COMM = 15
"""The kernel cuts names here."""


class Task(NamedTuple):
    """One process."""

    pid: int
    name: str
    """Whole where the command line shows it; the kernel's own is cut after 15 characters."""
    state: str
    started: float
    """Seconds since boot: with the pid, what tells a process from a later one of the same number."""
    age_s: float
    rss: int
    uid: int | None = None
    cmdline: str | None = None


class Tasks(NamedTuple):
    """The process table at one moment."""

    at: float
    """Monotonic seconds."""
    seen: tuple[Task, ...]
    total: int
    is_hidden: bool
    """The kernel shows this process only its own user's (hidepid, ProtectProc=): what is not seen may be running."""


def read(text_of: Callable[[str], str], proc: str, at: float, *, whole: bool) -> Tasks:
    """The table below `proc`; `whole` adds owner and command line, at twice the cost.

    `text_of` reads one file of it and raises OSError.
    """
    uptime = float(text_of("uptime").split()[0])
    tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    pids = [entry for entry in os.listdir(proc) if entry.isdigit()]  # noqa: PTH208 - pathlib costs 7 ms
    seen = []
    for pid in pids[:LIMIT]:
        try:
            stat = parse.process_stat(text_of(f"{pid}/stat"))
            is_cut = len(stat.name.encode()) >= _COMM
            cmdline = text_of(f"{pid}/cmdline") if whole or is_cut else None
            uid = _uid(text_of(f"{pid}/status")) if whole else None
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended between the listing and the look, or hides itself
        started = stat.start_ticks / tick
        name = _whole_name(stat.name, cmdline) if is_cut and cmdline else stat.name
        shown = cmdline.replace("\0", " ").strip() if whole and cmdline is not None else None
        seen.append(
            Task(int(pid), name, stat.state, started, max(uptime - started, 0.0), stat.rss_pages * page, uid, shown)
        )
    return Tasks(at, tuple(seen), len(seen) + max(len(pids) - LIMIT, 0), "1" not in pids)


def _whole_name(name: str, cmdline: str) -> str:
    """The name the kernel cut, from the program or the script that the command line begins with."""
    for word in cmdline.split("\0")[:2]:
        base = word.rpartition("/")[2]
        if base.startswith(name):
            return base
    return name


def _uid(status: str) -> int | None:
    """The effective user in a /proc/<pid>/status."""
    for line in status.splitlines():
        if line.startswith("Uid:"):
            return int(line.split()[2])
    return None
