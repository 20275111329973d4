"""Reads this machine through /proc and statvfs.

No psutil: importing it costs more than the whole check, and everything asked here is in a handful of small files.
`parse` and its neighbours understand them; this file only opens them, so its tests point it at directories that look
like /proc and /sys. What the default checks do not ask for is imported when it is asked for.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from srvmaint.clock import Clock
from srvmaint.host import mounts, parse
from srvmaint.host.patience import Patience
from srvmaint.host.readings import (
    CpuSample,
    Load,
    Memory,
    Pressure,
    Process,
    Processes,
    Space,
    Swapping,
    TimeSync,
    Unmounted,
    Unreadable,
)

if TYPE_CHECKING:
    from srvmaint.host.blocks import DiskSample
    from srvmaint.host.kernel import Kill, Kills, Limits, Openers
    from srvmaint.host.packages import Reboot, Updates
    from srvmaint.host.reclaim import Found, Place
    from srvmaint.host.reclaim import Limits as ScanLimits
    from srvmaint.host.tasks import Tasks
    from srvmaint.host.units import Units

PROCESS_LIMIT = 4000
"""Most processes looked at in one go: about 100 ms of processor time."""
MOUNT_PATIENCE_S = 3.0
"""How long a filesystem may take to say how full it is; well inside a checker's own 10 s."""
_BROKEN = frozenset({errno.ENOTCONN, errno.ESTALE, errno.EIO, errno.EHOSTDOWN, errno.ENODEV, errno.ENXIO})
"""What statvfs says of a filesystem whose server or disk has gone while it is mounted."""
_CHUNK = 65536


class LinuxHost:
    """This machine. Safe to share between threads; every call looks anew."""

    def __init__(
        self,
        clock: Clock,
        *,
        root: str = "",
        proc: str = "/proc",
        etc: str = "/etc",
        process_limit: int = PROCESS_LIMIT,
        programs: Sequence[str] | None = None,
    ) -> None:
        self.clock = clock
        self._root = root
        """In front of every path that is neither in `proc` nor in `etc`."""
        self._programs = programs
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

    def swapping(self) -> Swapping | None:
        """What was moved to and from swap; None where the kernel counts no such thing."""
        count = parse.counters(self._read("vmstat"))
        if "pswpout" not in count:
            return None
        page = os.sysconf("SC_PAGE_SIZE")
        return Swapping(self.clock.monotonic(), count.get("pswpin", 0) * page, count["pswpout"] * page)

    def _mounts(self) -> tuple[tuple[mounts.Mount, ...], mounts.Fstab]:
        """What is mounted, and what should be."""
        wanted = mounts.fstab(read_text(f"{self._etc}/fstab", missing=""))
        return mounts.mounts(self._read("self/mountinfo")), wanted

    def filesystems(self, *, remote: bool) -> tuple[str, ...]:
        """The mount points worth watching."""
        return mounts.worth_watching(*self._mounts(), remote=remote)

    def spaces(self, paths: Sequence[str]) -> dict[str, Space | Unreadable | Unmounted]:
        """Each path's filesystem; one that hangs does not hold up the others."""
        table, wanted = self._mounts()
        gone = {path: mounts.unmounted(path, table, wanted) for path in paths}
        answers = self._patience.gather({path: _look_at(path, table, wanted) for path in paths if gone[path] is None})
        found: dict[str, Space | Unreadable | Unmounted] = {}
        for path in paths:
            missing = gone[path]
            found[path] = missing if missing is not None else _readable(answers[path])
        return found

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
            seen.append(Process(int(pid), stat.name, stat.cpu_ticks / tick, stat.rss_pages * page, age, stat.state))
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

    def system(self) -> str:
        """The kernel's name in lower case."""
        return os.uname().sysname.lower()

    def disks(self) -> DiskSample:
        """The disks' counters now; partitions and what is made of other disks are left out."""
        from srvmaint.host import blocks  # noqa: PLC0415 - see above

        count = blocks.disk_times(self._read("diskstats"))
        names = blocks.disks(tuple(sorted(os.listdir(f"{self._root}/sys/block"))))  # noqa: PTH208 - pathlib costs 7 ms
        return blocks.DiskSample(self.clock.monotonic(), {name: count[name] for name in names if name in count})

    def _uptime(self) -> float:
        return float(self._read("uptime").split()[0])

    def kills(self) -> Kills:
        """How often the kernel has killed to get memory."""
        from srvmaint.host import kernel  # noqa: PLC0415 - see above

        count = parse.counters(self._read("vmstat"))
        if "oom_kill" not in count:
            raise ValueError("/proc/vmstat has no oom_kill: the kernel is older than 4.13")
        return kernel.Kills(self.clock.monotonic(), count["oom_kill"], self._uptime())

    def kill_log(self) -> tuple[Kill, ...] | None:
        """Those killings that are still in the kernel's log."""
        from srvmaint.host import kernel  # noqa: PLC0415 - see above

        records = kernel.log_records(f"{self._root}/dev/kmsg")
        return None if records is None else kernel.kills(records, self._uptime())

    def limits(self) -> Limits:
        """What the machine has of files and tasks."""
        from srvmaint.host import kernel  # noqa: PLC0415 - see above

        files, files_limit = kernel.file_handles(self._read("sys/fs/file-nr"))
        most = min(int(self._read("sys/kernel/pid_max")), int(self._read("sys/kernel/threads-max")))
        return kernel.Limits(files, files_limit, self.load().tasks, most)

    def open_files(self) -> Openers:
        """How many files each process has open; the kernel shows other users' only to root."""
        from srvmaint.host import kernel  # noqa: PLC0415 - see above

        seen, hidden = [], 0
        for process in self.processes().seen:
            try:
                used = _entries(f"{self._proc}/{process.pid}/fd")
                limit = kernel.open_files_limit(self._read(f"{process.pid}/limits"))
            except PermissionError:
                hidden += 1
                continue
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended
            if limit:
                seen.append(kernel.OpenFiles(process.pid, process.name, used, limit))
        return kernel.Openers(tuple(seen), hidden)

    def tasks(self, *, whole: bool) -> Tasks:
        """The process table, closely."""
        from srvmaint.host import tasks  # noqa: PLC0415 - see above

        return tasks.read(self._read, self._proc, self.clock.monotonic(), whole=whole)

    def uid_of(self, user: str) -> int:
        """A user's number."""
        import pwd  # noqa: PLC0415 - see above

        if user.isdigit():
            return int(user)
        try:
            return pwd.getpwnam(user).pw_uid
        except KeyError as error:
            raise ValueError(f"there is no user {user}") from error

    def _program(self, name: str) -> str | None:
        from srvmaint.host import commands  # noqa: PLC0415 - see above

        return commands.find(name, self._programs or commands.PATH)

    def units(self, names: Sequence[str]) -> Units | None:
        """The units of systemd; sd_booted(3) says how to know whether it runs."""
        from srvmaint.host import units  # noqa: PLC0415 - see above

        systemctl = self._program("systemctl")
        is_booted = os.path.isdir(f"{self._root}/run/systemd/system")  # noqa: PTH112 - pathlib costs 7 ms
        if systemctl is None or not is_booted:
            return None
        return units.Units(self.clock.monotonic(), units.ask(systemctl, names))

    def reboot(self) -> Reboot:
        """Whether the running system is older than the installed one."""
        from srvmaint.host import packages  # noqa: PLC0415 - see above

        return packages.reboot(self._root, os.uname().release, self.clock.now() / 1000, self._uptime())

    def packages_stamp(self) -> tuple[int, ...]:
        """Changes when the answer of `updates` could change."""
        from srvmaint.host import packages  # noqa: PLC0415 - see above

        return packages.stamp(self._root)

    def updates(self) -> Updates | None:
        """What could be installed."""
        from srvmaint.host import commands, packages  # noqa: PLC0415 - see above

        return packages.updates(self._root, self.clock.now() / 1000, self._programs or commands.PATH)

    def reclaimable(self, places: Sequence[Place], limits: ScanLimits) -> tuple[Found, ...]:
        """What could be given back."""
        from srvmaint.host import reclaim  # noqa: PLC0415 - see above

        table = mounts.mounts(read_text(f"{self._proc}/self/mountinfo", missing=""))
        scanner = reclaim.Scanner(limits, self.clock.monotonic, self.clock.now() / 1000, table)
        homes = self._homes()
        running = os.uname().release
        placed = [
            place if place.path.startswith("~") else place._replace(path=self._root + place.path) for place in places
        ]
        found = [scanner.look(place, homes, running) for place in placed]
        return tuple(one for one in found if one is not None)

    def _homes(self) -> tuple[str, ...]:
        """The home directories worth looking at; macOS keeps its users elsewhere than in /etc/passwd."""
        from srvmaint.host import reclaim  # noqa: PLC0415 - see above

        own = os.path.expanduser("~")  # noqa: PTH111 - pathlib costs 7 ms
        passwd = read_text(f"{self._etc}/passwd", missing="")
        return reclaim.homes(passwd, os.geteuid(), own)


def _entries(folder: str) -> int:
    """How many entries /proc/<pid>/fd has: its size tells since Linux 6.2, before that they are counted."""
    return os.stat(folder).st_size or len(os.listdir(folder))  # noqa: PTH116, PTH208 - pathlib costs 7 ms


def _readable(answer: Space | OSError) -> Space | Unreadable:
    if isinstance(answer, OSError):
        return Unreadable(reason_of(answer), is_broken=isinstance(answer, TimeoutError) or answer.errno in _BROKEN)
    return answer


def _look_at(path: str, table: tuple[mounts.Mount, ...], wanted: mounts.Fstab) -> Callable[[], Space]:
    """The call that can hang: it resolves links and asks the filesystem."""

    def look() -> Space:
        stat = os.statvfs(path)
        mount = mounts.mount_of(os.path.realpath(path), table)
        figures = (
            stat.f_frsize,
            stat.f_blocks,
            stat.f_bfree,
            stat.f_bavail,
            stat.f_files,
            stat.f_ffree,
            stat.f_favail,
        )
        return mounts.space(figures, mount, turned=mount is not None and mounts.turned_readonly(mount, wanted))

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
