"""What can be read from a machine, and the protocol of whoever reads it.

Named tuples, not dataclasses: `srvmaint check` imports this from cron, and each dataclass costs about a millisecond
of start-up. No thresholds here, and no text for people.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from srvmaint.clock import Clock


class CpuTimes(NamedTuple):
    """Clock ticks since boot. `busy` is everything but idle and iowait; steal is part of it."""

    busy: int
    iowait: int
    steal: int
    total: int


class CpuSample(NamedTuple):
    """The processors' counters at one moment; two of them make a percentage."""

    at: float
    """Monotonic seconds."""
    all: CpuTimes
    cores: tuple[CpuTimes, ...]


class Load(NamedTuple):
    """The kernel's load averages over 1, 5 and 15 minutes, and how many processors share them."""

    one: float
    five: float
    fifteen: float
    cores: int


class Memory(NamedTuple):
    """Bytes. `available` is what the kernel could hand out without swapping."""

    total: int
    available: int
    swap_total: int
    swap_free: int


class Pressure(NamedTuple):
    """PSI: percent of the last 60 s in which some (or all) tasks waited for a resource."""

    some: float
    full: float


class Space(NamedTuple):
    """One filesystem as `df` sees it, in bytes and inodes; no inodes at all where it cannot run out of them."""

    used: int
    available: int
    inodes_used: int
    inodes_available: int
    fstype: str = ""
    source: str = ""
    turned_readonly: bool = False
    """The kernel stopped writing (an I/O error, usually); not merely mounted read-only, nor a sandbox's view."""


class Unreadable(NamedTuple):
    """A path whose filesystem could not be read, and why."""

    reason: str


class Process(NamedTuple):
    """One process: cheap facts only, no command line (it can hold secrets)."""

    pid: int
    name: str
    cpu_s: float
    """Processor seconds used since it started."""
    rss: int
    """Resident bytes, shared pages included."""
    age_s: float


class Processes(NamedTuple):
    """The process table at one moment, or the part of it that is cheap to read."""

    at: float
    """Monotonic seconds."""
    seen: tuple[Process, ...]
    total: int


class TimeSync(NamedTuple):
    """What keeps this machine's clock, and how well."""

    by: str
    """Who says so: `chrony`, `the kernel`, `systemd`."""
    synchronised: bool
    offset_s: float | None
    """Seconds this clock is behind (or, below zero, ahead); None where nobody knows."""
    uptime_s: float
    source: str = ""
    """What it is kept by, where that is told."""


class Host(Protocol):
    """What the checkers ask of a machine. Every method may raise OSError or ValueError, with the reason in its text."""

    @property
    def clock(self) -> Clock:
        """What durations on this machine are measured with."""

    def cpu(self) -> CpuSample:
        """The processors' counters now."""

    def load(self) -> Load:
        """The load averages now."""

    def memory(self) -> Memory:
        """Memory and swap now."""

    def pressure(self, resource: str) -> Pressure | None:
        """PSI of `cpu`, `memory` or `io`; None where the kernel does not tell."""

    def spaces(self, paths: Sequence[str]) -> dict[str, Space | Unreadable]:
        """Each path's filesystem. A hung mount makes its own path unreadable, nobody else's, within a few seconds."""

    def processes(self) -> Processes:
        """The process table, bounded."""

    def unit_of(self, pid: int) -> str:
        """The service a process belongs to (`nginx.service`), or nothing."""

    def time_sync(self) -> TimeSync:
        """What keeps the clock."""
