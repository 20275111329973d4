"""What the kernel says about its own limits and its last resort: files, tasks, killed processes. Pure but for the log.

Loaded only by the checks that ask for it.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from typing import NamedTuple

_KILLED = re.compile(r"ut of memory: Killed process (\d+) \((.*?)\)")
_VICTIM_GROUP = re.compile(r"oom-kill:.*task_memcg=([^,]*),")
_RECORD_BYTES = 8192
"""One read gives one record, and a smaller buffer gives an error: https://docs.kernel.org/admin-guide/abi-testing.html."""
_RECORDS = 50_000
_OPEN_FILES = re.compile(r"^Max open files\s+(\S+)", re.MULTILINE)


class Kills(NamedTuple):
    """How often the kernel has killed a process to get memory."""

    at: float
    """Monotonic seconds."""
    total: int
    """Since boot, control groups' limits included."""
    uptime_s: float


class Kill(NamedTuple):
    """One of them, as the kernel's log has it."""

    age_s: float
    pid: int
    name: str
    unit: str


class Limits(NamedTuple):
    """What the whole machine can run out of."""

    files: int
    files_limit: int
    tasks: int
    tasks_limit: int


class OpenFiles(NamedTuple):
    """One process's descriptors and the most it may have."""

    pid: int
    name: str
    used: int
    limit: int


class Openers(NamedTuple):
    """The processes whose descriptors could be counted."""

    seen: tuple[OpenFiles, ...]
    hidden: int
    """Processes of other users that would not tell."""


def file_handles(text: str) -> tuple[int, int]:
    """Used and most, from /proc/sys/fs/file-nr; the number in the middle has been 0 since Linux 2.6."""
    used, free, limit = (int(word) for word in text.split()[:3])
    return used - free, limit


def open_files_limit(text: str) -> int | None:
    """The soft limit in a /proc/<pid>/limits; None when there is none."""
    found = _OPEN_FILES.search(text)
    return int(found[1]) if found is not None and found[1].isdigit() else None


def log_records(path: str) -> Iterator[str] | None:
    """The kernel's log from its beginning; None where this process may not read it."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    return _records(handle)


def _records(handle: int) -> Iterator[str]:
    try:
        for _ in range(_RECORDS):
            try:
                record = os.read(handle, _RECORD_BYTES)
            except OSError as error:
                if error.errno == errno.EPIPE:  # overwritten while it was read: the next read goes on behind it
                    continue
                return
            if not record:
                return
            yield record.decode(errors="replace")
    finally:
        os.close(handle)


def kills(records: Iterator[str], uptime_s: float) -> tuple[Kill, ...]:
    """The killings in the kernel's log: `priority,sequence,microseconds since boot,flags;text`."""
    found = []
    unit = ""
    for record in records:
        head, _, text = record.partition(";")
        if "out of memory" not in text.lower() and "oom-kill:" not in text:
            continue
        if group := _VICTIM_GROUP.search(text):
            unit = group[1].rpartition("/")[2]
            continue
        killed = _KILLED.search(text)
        if killed is not None:
            at = int(head.split(",")[2]) / 1_000_000
            is_unit = unit.endswith((".service", ".scope"))
            found.append(Kill(max(uptime_s - at, 0.0), int(killed[1]), killed[2], unit if is_unit else ""))
            unit = ""
    return tuple(found)
