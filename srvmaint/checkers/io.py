"""How busy the disks are and how long they make a request wait, since the previous look.

A disk that takes many requests side by side (NVMe, a RAID) can be busy all the time and still be quick, so both
together decide: busy enough and slow enough. A single check from the command line watches for a second; without two
looks the kernel's own figure of tasks waiting for disks stands in, and the message says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from srvmaint.checkers import Needs
from srvmaint.checkers._levels import level_problems, percent, size, status_of, worst
from srvmaint.host.readings import Host
from srvmaint.model import CHECK_ORDER, CheckResult, CheckStatus, Metric
from srvmaint.settings import Duration, Percent, setting

if TYPE_CHECKING:
    from srvmaint.host.blocks import DiskSample, DiskTimes

NEEDS = Needs(files=("/proc/diskstats", "/sys/block", "/proc/pressure/io"))
MIN_WINDOW_S = 0.5
MAX_WINDOW_S = 900.0
DETAILS = 10


@dataclass(frozen=True, slots=True)
class Config:
    """Which disks, and their levels."""

    devices: tuple[str, ...] = setting(
        (), help="disks to watch, as in /sys/block; empty: every physical or virtual disk", example=("sda", "nvme0n1")
    )
    warning: Percent = setting(Percent(90), help="percent of time a disk was busy that is a warning", example=95)
    critical: Percent = setting(Percent(98), help="percent of time a disk was busy that is critical", example=99)
    slow: Duration = setting(
        Duration(0.02),
        help="a disk whose requests take less than this on average is not in trouble, however busy",
        example="5ms",
    )
    samples: int = setting(
        1,
        help="seconds that `srvmaint check` watches the disks first; the daemon measures between its checks and never "
        "waits",
        example=5,
        minimum=0,
        maximum=300,
    )

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        return level_problems(self.warning, self.critical)


class _Work(NamedTuple):
    """One disk over one window."""

    name: str
    busy: float
    """Percent."""
    wait_ms: float
    """What one request took, waiting included."""
    read: float
    """Bytes a second."""
    written: float


class Driver:
    """Holds the previous look; each check is measured from it."""

    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._host = host
        try:
            self._earlier: DiskSample | None = host.disks()
        except (OSError, ValueError):
            self._earlier = None  # check() meets the same error, and there it becomes the result

    def sample(self) -> None:
        """Nothing to do: the counters know what happened between the first look and the check."""

    def check(self) -> CheckResult:
        """Measure since the previous look."""
        now, earlier = self._host.disks(), self._earlier
        window = now.at - earlier.at if earlier is not None else 0.0
        if earlier is None or window >= MIN_WINDOW_S:
            self._earlier = now
        missing = [name for name in self._config.devices if name not in now.disks]
        if missing:
            return CheckResult("io", CheckStatus.UNKNOWN, f"there is no disk {', '.join(missing)} in /sys/block")
        if not now.disks:
            return CheckResult("io", CheckStatus.SKIPPED, "this machine shows no disks")
        if earlier is None or not MIN_WINDOW_S <= window <= MAX_WINDOW_S:
            return self._by_pressure()
        wanted = self._config.devices or tuple(now.disks)
        works = [
            _between(name, earlier.disks[name], now.disks[name], window) for name in wanted if name in earlier.disks
        ]
        return self._by_counters(works, window) if works else self._by_pressure()

    def _by_counters(self, works: list[_Work], window: float) -> CheckResult:
        ranked = sorted(works, key=lambda work: (CHECK_ORDER.index(self._judge(work)), -work.busy))
        first = ranked[0]
        lines = tuple(_say(work) for work in ranked[:DETAILS])
        return CheckResult(
            checker="io",
            status=worst(self._judge(work) for work in works),
            message=f"{lines[0]} over the last {window:.0f} s"
            + (f" ({len(works)} disks, this the busiest)" if len(works) > 1 else ""),
            metrics=tuple(metric for work in [first, *ranked[1:]] for metric in self._metrics(work)),
            details=lines if len(works) > 1 else (),
        )

    def _judge(self, work: _Work) -> CheckStatus:
        if work.wait_ms < self._config.slow * 1000:
            return CheckStatus.OK
        return status_of(work.busy, self._config.warning, self._config.critical)

    def _metrics(self, work: _Work) -> list[Metric]:
        is_quick = work.wait_ms < self._config.slow * 1000
        levels = (None, None) if is_quick else (float(self._config.warning), float(self._config.critical))
        return [
            Metric(f"busy:{work.name}", round(work.busy, 1), "%", *levels),
            Metric(f"wait:{work.name}", round(work.wait_ms / 1000, 6), "s"),
            Metric(f"read_per_second:{work.name}", round(work.read), "B"),
            Metric(f"written_per_second:{work.name}", round(work.written), "B"),
        ]

    def _by_pressure(self) -> CheckResult:
        pressure = self._host.pressure("io")
        if pressure is None:
            reason = "no earlier look to measure from: use --samples 5, or let the daemon check"
            return CheckResult("io", CheckStatus.UNKNOWN, reason)
        return CheckResult(
            checker="io",
            status=status_of(pressure.full, self._config.warning, self._config.critical),
            message=f"every task waited for a disk {percent(pressure.full)} of the last minute, some tasks "
            f"{percent(pressure.some)} (no earlier look to measure each disk from)",
            metrics=(
                Metric(
                    "io_pressure_full_percent",
                    pressure.full,
                    "%",
                    float(self._config.warning),
                    float(self._config.critical),
                ),
                Metric("io_pressure_percent", pressure.some, "%"),
            ),
        )


def _between(name: str, old: DiskTimes, new: DiskTimes, window: float) -> _Work:
    """What one disk did between two looks. Counters that wrapped or began anew count as nothing."""
    requests = max(new.reads - old.reads, 0) + max(new.writes - old.writes, 0)
    spent = max(new.read_ms - old.read_ms, 0) + max(new.write_ms - old.write_ms, 0)
    return _Work(
        name=name,
        busy=min(max((new.busy_ms - old.busy_ms) / (window * 1000) * 100, 0.0), 100.0),
        wait_ms=spent / requests if requests else 0.0,
        read=max(new.read_bytes - old.read_bytes, 0) / window,
        written=max(new.write_bytes - old.write_bytes, 0) / window,
    )


def _say(work: _Work) -> str:
    return (
        f"{work.name} {percent(work.busy)} busy, {work.wait_ms:.1f} ms a request, "
        f"{size(work.read)} read and {size(work.written)} written a second"
    )
