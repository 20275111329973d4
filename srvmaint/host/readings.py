"""What can be read from a machine, and the protocol of whoever reads it.

Named tuples, not dataclasses: `srvmaint check` imports this from cron, and each dataclass costs about a millisecond
of start-up. No thresholds here, and no text for people.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:  # what only some checks ask for is not loaded by the others
    from srvmaint.host.blocks import DiskSample
    from srvmaint.host.kernel import Kill, Kills, Limits, Openers
    from srvmaint.host.packages import Reboot, Updates
    from srvmaint.host.reclaim import Found, Place
    from srvmaint.host.reclaim import Limits as ScanLimits
    from srvmaint.host.tasks import Tasks
    from srvmaint.host.units import Units

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
    running: int = 0
    """Tasks that run or wait for a processor at this moment."""
    tasks: int = 0
    """All tasks (threads) there are."""


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
    some_300: float = 0.0
    """The same over the last 300 s."""
    full_300: float = 0.0


class Swapping(NamedTuple):
    """Bytes moved to and from swap since boot."""

    at: float
    """Monotonic seconds."""
    came_in: int
    went_out: int


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
    readonly: bool = False
    """Nobody can write to it now, for whatever reason; a sandbox's view does not count."""


class Unreadable(NamedTuple):
    """A path whose filesystem could not be read, and why."""

    reason: str
    is_broken: bool = False
    """It is there and does not work: it gives no answer, its server is gone, the disk fails."""


class Unmounted(NamedTuple):
    """A path that /etc/fstab says is a filesystem of its own, and nothing is mounted there."""

    optional: bool
    """fstab says `nofail`: the machine is meant to do without."""


class Process(NamedTuple):
    """One process: cheap facts only, no command line (it can hold secrets)."""

    pid: int
    name: str
    cpu_s: float
    """Processor seconds used since it started."""
    rss: int
    """Resident bytes, shared pages included."""
    age_s: float
    state: str = "S"
    """As in proc_pid_stat(5): R running, S asleep, D waiting in the kernel, T stopped by a signal, Z ended."""


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

    def swapping(self) -> Swapping | None:
        """What was moved to and from swap; None where the kernel does not tell."""

    def filesystems(self, *, remote: bool) -> tuple[str, ...]:
        """The mount points worth watching, those fstab misses among them; `remote` adds other machines' filesystems."""

    def spaces(self, paths: Sequence[str]) -> dict[str, Space | Unreadable | Unmounted]:
        """Each path's filesystem. A hung mount makes its own path unreadable, nobody else's, within a few seconds."""

    def processes(self) -> Processes:
        """The process table, bounded."""

    def unit_of(self, pid: int) -> str:
        """The service a process belongs to (`nginx.service`), or nothing."""

    def time_sync(self) -> TimeSync:
        """What keeps the clock."""

    def system(self) -> str:
        """The kernel's name in lower case: `linux`, `darwin`."""

    def disks(self) -> DiskSample:
        """The disks' counters now."""

    def kills(self) -> Kills:
        """How often the kernel has killed to get memory."""

    def kill_log(self) -> tuple[Kill, ...] | None:
        """Those killings that are still in the kernel's log; None where it may not be read."""

    def limits(self) -> Limits:
        """What the machine has of files and tasks, and the most it can have."""

    def open_files(self) -> Openers:
        """How many files each process has open, where it may be known."""

    def tasks(self, *, whole: bool) -> Tasks:
        """The process table, closely; `whole` adds owners and command lines."""

    def uid_of(self, user: str) -> int:
        """A user's number. Raises ValueError when there is no such user."""

    def units(self, names: Sequence[str]) -> Units | None:
        """The units of systemd, and those of these names even when not loaded; None where systemd does not run."""

    def reboot(self) -> Reboot:
        """Whether the running system is older than the installed one."""

    def packages_stamp(self) -> tuple[int, ...]:
        """Changes when the answer of `updates` could change, and is cheap."""

    def updates(self) -> Updates | None:
        """What could be installed, without asking the network; None where no package manager is known. Slow."""

    def reclaimable(self, places: Sequence[Place], limits: ScanLimits) -> tuple[Found, ...]:
        """What could be given back, place by place, those that exist. Slow, within the limits."""
