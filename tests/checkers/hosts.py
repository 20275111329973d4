"""A machine made up by the test: plain values for what a real one would be asked."""

from __future__ import annotations

from collections.abc import Sequence

from srvmaint.clock import Clock
from srvmaint.host.readings import (
    CpuSample,
    CpuTimes,
    Load,
    Memory,
    Pressure,
    Process,
    Processes,
    Space,
    TimeSync,
    Unreadable,
)
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
        self.filesystems: dict[str, Space | Unreadable] = {"/": space(50)}
        self.table = Processes(0.0, (), 0)
        self.units: dict[int, str] = {}
        self.sync = TimeSync("chrony", synchronised=True, offset_s=0.001, uptime_s=86400.0)
        self.failure: Exception | None = None

    def busy(self, seconds: float, *percents: float) -> None:
        """Let time pass in which each core was so busy."""
        ticks = round(seconds * 100)
        self.at += seconds
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

    def spaces(self, paths: Sequence[str]) -> dict[str, Space | Unreadable]:
        """The filesystems the test set; any other path does not exist."""
        self._fail()
        return {path: self.filesystems.get(path, Unreadable("does not exist")) for path in paths}

    def processes(self) -> Processes:
        """The table the test set, read now."""
        self._fail()
        return self.table._replace(at=self.at)

    def unit_of(self, pid: int) -> str:
        """The service the test gave the process."""
        return self.units.get(pid, "")

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
    return Space(used, 100 * GIB - used, files, 1_000_000 - files, "ext4", "/dev/vda1", turned_readonly)


def process(pid: int, name: str, *, cpu_s: float = 0.0, rss: int = 0, age_s: float = 100.0) -> Process:
    """One process."""
    return Process(pid, name, cpu_s, rss, age_s)
