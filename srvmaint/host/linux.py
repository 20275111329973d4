"""Reads this machine through /proc and statvfs.

No psutil: importing it costs more than the whole check, and everything asked here is in a handful of small files.
`parse` understands them; this file only opens them, so its tests point it at a directory that looks like /proc.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence

from srvmaint.clock import Clock
from srvmaint.host import parse
from srvmaint.host.patience import Patience
from srvmaint.host.readings import CpuSample, Load, Memory, Pressure, Process, Processes, Space, TimeSync, Unreadable

PROCESS_LIMIT = 4000
"""Most processes looked at in one go: about 100 ms of processor time."""
MOUNT_PATIENCE_S = 3.0
"""How long a filesystem may take to say how full it is; well inside a checker's own 10 s."""
_CHUNK = 65536


class LinuxHost:
    """This machine. Safe to share between threads; every call looks anew."""

    def __init__(
        self, clock: Clock, *, proc: str = "/proc", etc: str = "/etc", process_limit: int = PROCESS_LIMIT
    ) -> None:
        self.clock = clock
        self._process_limit = process_limit
        self._proc = proc
        self._etc = etc
        self._patience: Patience[Space] = Patience(MOUNT_PATIENCE_S, clock.monotonic)

    def _read(self, name: str) -> str:
        return read_text(f"{self._proc}/{name}")

    def cpu(self) -> CpuSample:
        """The processors' counters now."""
        together, cores = parse.cpu_times(self._read("stat"))
        return CpuSample(self.clock.monotonic(), together, cores)

    def load(self) -> Load:
        """The load averages now."""
        return parse.load(self._read("loadavg"), os.cpu_count() or 1)

    def memory(self) -> Memory:
        """Memory and swap now."""
        return parse.memory(self._read("meminfo"))

    def pressure(self, resource: str) -> Pressure | None:
        """PSI of one resource; None where the kernel has none (before 4.20, or psi=0)."""
        try:
            return parse.pressure(self._read(f"pressure/{resource}"))
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EOPNOTSUPP, errno.EACCES, errno.EPERM):
                return None
            raise

    def spaces(self, paths: Sequence[str]) -> dict[str, Space | Unreadable]:
        """Each path's filesystem; one that hangs does not hold up the others."""
        table = parse.mounts(self._read("self/mountinfo"))
        wanted = parse.fstab(read_text(f"{self._etc}/fstab", missing=""))
        answers = self._patience.gather({path: _look_at(path, table, wanted) for path in paths})
        return {
            path: Unreadable(reason_of(answer)) if isinstance(answer, OSError) else answer
            for path, answer in answers.items()
        }

    def processes(self) -> Processes:
        """The process table, at most `process_limit` of it."""
        uptime = float(self._read("uptime").split()[0])
        tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
        pids = [entry for entry in os.listdir(self._proc) if entry.isdigit()]  # noqa: PTH208 - pathlib costs 7 ms
        seen = []
        for pid in pids[: self._process_limit]:
            try:
                stat = parse.process_stat(self._read(f"{pid}/stat"))
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue  # it ended between the listing and the look, or hides itself
            age = max(uptime - stat.start_ticks / tick, 0.0)
            seen.append(Process(int(pid), stat.name, stat.cpu_ticks / tick, stat.rss_pages * page, age))
        return Processes(self.clock.monotonic(), tuple(seen), len(seen) + max(len(pids) - self._process_limit, 0))

    def unit_of(self, pid: int) -> str:
        """The service a process belongs to, or nothing."""
        try:
            return parse.unit(self._read(f"{pid}/cgroup"))
        except OSError:
            return ""  # the process has ended: its service no longer matters

    def time_sync(self) -> TimeSync:
        """What keeps the clock: asked of whoever does, in the order of how much they know."""
        from srvmaint.host import timesync  # noqa: PLC0415 - runs programs: 7 ms that no other check has to pay

        return timesync.look(float(self._read("uptime").split()[0]))


def _look_at(path: str, table: tuple[parse.Mount, ...], wanted: dict[str, tuple[str, ...]]) -> Callable[[], Space]:
    """The call that can hang: it resolves links and asks the filesystem."""

    def look() -> Space:
        stat = os.statvfs(path)
        mount = parse.mount_of(os.path.realpath(path), table)
        figures = (
            stat.f_frsize,
            stat.f_blocks,
            stat.f_bfree,
            stat.f_bavail,
            stat.f_files,
            stat.f_ffree,
            stat.f_favail,
        )
        return parse.space(figures, mount, turned=mount is not None and parse.turned_readonly(mount, wanted))

    return look


def read_text(path: str, *, missing: str | None = None) -> str:
    """A small file whole. `missing` stands in for one that is not there."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        if missing is None:
            raise
        return missing
    try:
        parts = []
        while part := os.read(handle, _CHUNK):
            parts.append(part)
    finally:
        os.close(handle)
    return b"".join(parts).decode(errors="replace")


def reason_of(error: OSError) -> str:
    """The words of an OSError without its number."""
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    return (error.strerror or str(error)).lower() if error.errno else str(error)
