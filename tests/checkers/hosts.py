"""A machine made up by the test: plain values for what a real one would be asked."""

from __future__ import annotations

from collections.abc import Sequence

from srvmaint.clock import Clock
from srvmaint.host.blocks import DiskSample, DiskTimes
from srvmaint.host.kernel import Kill, Kills, Limits, Openers, OpenFiles
from srvmaint.host.packages import Reboot, Updates
from srvmaint.host.readings import (
    CpuSample,
    CpuTimes,
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
from srvmaint.host.reclaim import Found, Place
from srvmaint.host.reclaim import Limits as ScanLimits
from srvmaint.host.tasks import Task, Tasks
from srvmaint.host.units import Unit, Units
from tests.fakes import FakeClock

GIB = 1024**3


class FakeHost:
    """A healthy machine of two cores and 8 GiB; the test changes what it wants sick."""

    def __init__(self) -> None:
        self.clock: Clock = FakeClock()
        self.at = 1000.0
        self.busy_ticks: tuple[int, ...] = (0, 0)
        self.total_ticks = 1000
        self.iowait_ticks = 0
        self.loads = Load(0.2, 0.3, 0.4, 2)
        self.ram = Memory(total=8 * GIB, available=6 * GIB, swap_total=0, swap_free=0)
        self.pressures: dict[str, Pressure] = {}
        self.mounted: dict[str, Space | Unreadable | Unmounted] = {"/": space(50)}
        self.swapped_out: int | None = None
        self.table = Processes(0.0, (), 0)
        self.unit_names: dict[int, str] = {}
        self.kernel = "linux"
        self.disk_work: dict[str, DiskTimes] = {"vda": DiskTimes(0, 0, 0, 0, 0, 0, 0)}
        self.disk_percent = 0.0
        self.killed = 0
        self.uptime = 86400.0
        self.log: tuple[Kill, ...] | None = None
        self.most = Limits(1000, 100_000, 200, 32_768)
        self.openers = Openers((OpenFiles(1, "init", 30, 1024),), 0)
        self.running: list[Task] = [task(1, "init")]
        self.is_hidden = False
        self.all_units: list[Unit] | None = [unit("ssh.service")]
        self.due = Reboot(is_flagged=False, age_s=0, packages=(), running="6.1.0-18-amd64", newest="", uptime_s=86400)
        self.waiting: Updates | None = Updates("apt", (), (), 3600)
        self.stamp = 1
        self.asked = 0
        self.holds: list[Found] = []
        self.sync = TimeSync("chrony", synchronised=True, offset_s=0.001, uptime_s=86400.0)
        self.failure: Exception | None = None

    def busy(self, seconds: float, *percents: float) -> None:
        """Let time pass in which each core was so busy."""
        ticks = round(seconds * 100)
        self.at += seconds
        self.uptime += seconds
        self.total_ticks += ticks
        self.busy_ticks = tuple(
            old + round(ticks * percent / 100) for old, percent in zip(self.busy_ticks, percents, strict=True)
        )

    def cpu(self) -> CpuSample:
        """Counters as `busy` left them."""
        self._fail()
        cores = tuple(CpuTimes(busy, 0, 0, self.total_ticks) for busy in self.busy_ticks)
        together = CpuTimes(sum(self.busy_ticks), self.iowait_ticks, 0, self.total_ticks * len(cores))
        return CpuSample(self.at, together, cores)

    def load(self) -> Load:
        """The load averages the test set."""
        self._fail()
        return self.loads

    def memory(self) -> Memory:
        """The memory the test set."""
        self._fail()
        return self.ram

    def pressure(self, resource: str) -> Pressure | None:
        """The pressure the test set, else none."""
        self._fail()
        return self.pressures.get(resource)

    def swapping(self) -> Swapping | None:
        """What the test let go to swap."""
        self._fail()
        return None if self.swapped_out is None else Swapping(self.at, 0, self.swapped_out)

    def filesystems(self, *, remote: bool) -> tuple[str, ...]:
        """All the test set; those on NFS where they are asked for."""
        self._fail()
        return tuple(
            path
            for path, found in self.mounted.items()
            if remote or not (isinstance(found, Space) and found.fstype == "nfs4")
        )

    def spaces(self, paths: Sequence[str]) -> dict[str, Space | Unreadable | Unmounted]:
        """The filesystems the test set; any other path does not exist."""
        self._fail()
        return {path: self.mounted.get(path, Unreadable("does not exist")) for path in paths}

    def processes(self) -> Processes:
        """The table the test set, read now."""
        self._fail()
        return self.table._replace(at=self.at)

    def unit_of(self, pid: int) -> str:
        """The service the test gave the process."""
        return self.unit_names.get(pid, "")

    def works(self, disk: str, seconds: float, *, percent: float, requests: int, wait_ms: float) -> None:
        """Let time pass in which a disk was so busy with requests that took so long."""
        self.at += seconds
        old = self.disk_work.get(disk)
        if old is None:
            return
        self.disk_work[disk] = old._replace(
            reads=old.reads + requests,
            read_ms=old.read_ms + round(requests * wait_ms),
            read_bytes=old.read_bytes + requests * 4096,
            busy_ms=old.busy_ms + round(seconds * 10 * percent),
        )

    def system(self) -> str:
        """The kernel the test set."""
        return self.kernel

    def disks(self) -> DiskSample:
        """Counters as `works` left them."""
        self._fail()
        return DiskSample(self.at, dict(self.disk_work))

    def kills(self) -> Kills:
        """What the test let the kernel kill."""
        self._fail()
        return Kills(self.at, self.killed, self.uptime)

    def kill_log(self) -> tuple[Kill, ...] | None:
        """The log the test set."""
        self._fail()
        return self.log

    def limits(self) -> Limits:
        """The limits the test set."""
        self._fail()
        return self.most

    def open_files(self) -> Openers:
        """The open files the test set."""
        self._fail()
        return self.openers

    def tasks(self, *, whole: bool) -> Tasks:
        """The processes the test set; without owner and command line unless they are asked for."""
        self._fail()
        seen = tuple(one if whole else one._replace(uid=None, cmdline=None) for one in self.running)
        return Tasks(self.at, seen, len(seen), self.is_hidden)

    def uid_of(self, user: str) -> int:
        """Two users there are."""
        known = {"root": 0, "www-data": 33, "33": 33}
        if user not in known:
            raise ValueError(f"there is no user {user}")
        return known[user]

    def units(self, names: Sequence[str]) -> Units | None:
        """The units the test set; any other name is not found."""
        self._fail()
        if self.all_units is None:
            return None
        known = {one.name for one in self.all_units}
        lost = [unit(name, load="not-found", active="inactive", sub="dead") for name in names if name not in known]
        return Units(self.at, (*self.all_units, *lost))

    def reboot(self) -> Reboot:
        """What the test set."""
        self._fail()
        return self.due

    def packages_stamp(self) -> tuple[int, ...]:
        """What the test set."""
        self._fail()
        return (self.stamp,)

    def updates(self) -> Updates | None:
        """What the test set; counts how often it is asked."""
        self._fail()
        self.asked += 1
        return self.waiting

    def reclaimable(self, places: Sequence[Place], limits: ScanLimits) -> tuple[Found, ...]:
        """What the test set, whatever the places."""
        del places, limits
        self._fail()
        return tuple(self.holds)

    def time_sync(self) -> TimeSync:
        """What the test says keeps the clock."""
        self._fail()
        return self.sync

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


def space(percent: float, *, inodes: float = 10, turned_readonly: bool = False) -> Space:
    """A filesystem of 100 GiB and a million inodes, so full."""
    used, files = round(percent * GIB), round(inodes * 10_000)
    free = 100 * GIB - used
    return Space(used, free, files, 1_000_000 - files, "ext4", "/dev/vda1", turned_readonly, turned_readonly)


def process(pid: int, name: str, *, cpu_s: float = 0.0, rss: int = 0, age_s: float = 100.0) -> Process:
    """One process."""
    return Process(pid, name, cpu_s, rss, age_s)


def task(  # noqa: PLR0913 - what a test wants to be different
    pid: int,
    name: str,
    *,
    state: str = "S",
    started: float = 100.0,
    age_s: float = 600.0,
    uid: int = 0,
    cmdline: str = "",
) -> Task:
    """One process of 10 MiB, looked at closely."""
    return Task(pid, name, state, started, age_s, 10 * 1024**2, uid, cmdline or f"/usr/bin/{name}")


def unit(  # noqa: PLR0913 - what a test wants to be different
    name: str,
    *,
    load: str = "loaded",
    active: str = "active",
    sub: str = "running",
    result: str = "success",
    restarts: int = 0,
    restart: str = "no",
    status: int = 0,
) -> Unit:
    """One unit, with systemd's own start limit."""
    return Unit(name, load, active, sub, result, restarts, restart, status, False, 5, "10s")
