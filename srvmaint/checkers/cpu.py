"""How busy the processors are.

A percentage needs two looks at the kernel's counters. The daemon's driver lives long, so the time between two checks is
the window; it never sleeps. A check from the command line has no earlier look: it watches for `samples` seconds first,
or the load average stands in, and the message says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from srvmaint.checkers import Needs
from srvmaint.checkers._levels import level_problems, percent, status_of
from srvmaint.checkers._top import Top
from srvmaint.host.readings import CpuSample, CpuTimes, Host, Load, Pressure
from srvmaint.model import CheckResult, CheckStatus, Metric
from srvmaint.settings import Percent, setting

NEEDS = Needs(files=("/proc/stat", "/proc/loadavg", "/proc/pressure/cpu"))
MIN_WINDOW_S = 0.5
"""Counters tick every 10 ms: a shorter window says more about the tick than about the processors."""
MAX_WINDOW_S = 300.0
"""An average over longer than this says nothing about now."""
_WORTH_SAYING = 5.0
"""Percent of iowait or steal from which it belongs in the message."""


@dataclass(frozen=True, slots=True)
class Config:
    """Levels for the processors."""

    warning: Percent = setting(
        Percent(85),
        help="busy percent that is a warning; a busy processor is no fault in itself: 70 would warn on any host that "
        "earns its keep",
        example=90,
    )
    critical: Percent = setting(Percent(95), help="busy percent that is critical", example=98)
    samples: int = setting(
        0,
        help="seconds that `srvmaint check` watches the processors first, one sample a second; 0: it judges by the "
        "load average and does not wait; the daemon measures between its checks and never waits",
        example=5,
        minimum=0,
        maximum=300,
    )
    per_cpu: bool = setting(
        default=False, help="let the busiest single core decide instead of the average of all", example=True
    )

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        return level_problems(self.warning, self.critical)


class _Busy(NamedTuple):
    """Percentages over one window."""

    window_s: float
    all: float
    iowait: float
    steal: float
    cores: tuple[float, ...]


class Driver:
    """Holds the previous look; each check is measured from it."""

    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._host = host
        self._top = Top(host)
        self._samples: list[CpuSample] = []
        try:
            self._earlier: CpuSample | None = host.cpu()
        except (OSError, ValueError):
            self._earlier = None  # check() meets the same error, and there it becomes the result

    def sample(self) -> None:
        """Look once between the first look and the check: the quietest and the busiest stretch become figures."""
        self._samples.append(self._host.cpu())

    def check(self) -> CheckResult:
        """Measure since the previous look, or judge by the load where there is none to measure from."""
        now = self._host.cpu()
        load = self._host.load()
        pressure = self._host.pressure("cpu")
        busy = _between(self._earlier, now)
        stretches = _stretches(self._earlier, self._samples)
        self._samples = []
        if self._earlier is None or now.at - self._earlier.at >= MIN_WINDOW_S:
            self._earlier = now
        if busy is None:
            value, message, name = self._by_load(load)
        else:
            value, message, name = self._by_counters(busy, load)
        status = status_of(value, self._config.warning, self._config.critical)
        return CheckResult(
            checker="cpu",
            status=status,
            message=message,
            metrics=(
                self._level(name, value),
                *_of_window(busy, every_core=self._config.per_cpu),
                *stretches,
                *_of_moment(load, pressure),
            ),
            details=() if status is CheckStatus.OK else self._top.by_cpu(),
        )

    def _level(self, name: str, value: float) -> Metric:
        return Metric(name, round(value, 1), "%", float(self._config.warning), float(self._config.critical))

    def _by_counters(self, busy: _Busy, load: Load) -> tuple[float, str, str]:
        extra = "".join(
            f", {label} {percent(value)}"
            for label, value in (("iowait", busy.iowait), ("steal", busy.steal))
            if value >= _WORTH_SAYING
        )
        tail = f"over the last {busy.window_s:.0f} s{extra} (load {load.one:.2f}, {_count(load.cores)})"
        if not (self._config.per_cpu and busy.cores):
            return busy.all, f"cpu {percent(busy.all)} busy {tail}", "cpu_percent"
        value = max(busy.cores)
        which = busy.cores.index(value)
        return value, f"busiest core (cpu{which}) {percent(value)}, all {percent(busy.all)} busy {tail}", "cpu_percent"

    def _by_load(self, load: Load) -> tuple[float, str, str]:
        value = load.one / load.cores * 100
        message = (
            f"load {load.one:.2f} on {_count(load.cores)}, {percent(value)} of capacity over the last minute "
            "(no earlier look to measure busy time from)"
        )
        return value, message, "load_percent"


def _between(earlier: CpuSample | None, now: CpuSample) -> _Busy | None:
    """Percentages between two looks; None where they are too near, too far apart or the counters went backwards."""
    if earlier is None or not MIN_WINDOW_S <= now.at - earlier.at <= MAX_WINDOW_S:
        return None
    ticks = now.all.total - earlier.all.total
    if ticks <= 0:
        return None
    cores: tuple[float, ...] = ()
    if len(earlier.cores) == len(now.cores):  # a processor was not plugged in or out
        cores = tuple(_share(old, new) for old, new in zip(earlier.cores, now.cores, strict=True))
    return _Busy(
        window_s=now.at - earlier.at,
        all=_share(earlier.all, now.all),
        iowait=_clamp((now.all.iowait - earlier.all.iowait) / ticks),
        steal=_clamp((now.all.steal - earlier.all.steal) / ticks),
        cores=cores,
    )


def _stretches(first: CpuSample | None, samples: list[CpuSample]) -> list[Metric]:
    """What the samples between two looks say that their average hides; nothing where there were no two of them."""
    if first is None or len(samples) < 2:  # noqa: PLR2004 - one stretch is the average
        return []
    busy = [_share(old.all, new.all) for old, new in zip([first, *samples], samples, strict=False)]
    return [
        Metric("samples", float(len(busy))),
        Metric("cpu_percent_min", round(min(busy), 1), "%"),
        Metric("cpu_percent_max", round(max(busy), 1), "%"),
    ]


def _share(old: CpuTimes, new: CpuTimes) -> float:
    ticks = new.total - old.total
    return _clamp((new.busy - old.busy) / ticks) if ticks > 0 else 0.0


def _clamp(share: float) -> float:
    return min(max(share * 100, 0.0), 100.0)


def _count(cores: int) -> str:
    return "1 core" if cores == 1 else f"{cores} cores"


def _of_window(busy: _Busy | None, *, every_core: bool) -> list[Metric]:
    if busy is None:
        return []
    found = [
        Metric("iowait_percent", round(busy.iowait, 1), "%"),
        Metric("steal_percent", round(busy.steal, 1), "%"),
    ]
    if busy.cores:
        found.append(Metric("busiest_core_percent", round(max(busy.cores), 1), "%"))
    if every_core:
        found += [Metric(f"core{index}_percent", round(value, 1), "%") for index, value in enumerate(busy.cores)]
    return found


def _of_moment(load: Load, pressure: Pressure | None) -> list[Metric]:
    found = [Metric("load1", load.one), Metric("load5", load.five), Metric("load15", load.fifteen)]
    found.append(Metric("cores", float(load.cores)))
    if pressure is not None:
        found.append(Metric("cpu_pressure_percent", pressure.some, "%"))
    return found
