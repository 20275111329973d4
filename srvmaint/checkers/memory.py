"""How much memory is left.

"Used" is everything the kernel could not hand out without swapping (total minus available): page cache is not use.
Full swap on a calm host is history, not trouble, so it decides only where a level is set for it. Pressure decides: when
every task waits for memory, the host is in trouble however much of it looks available.
"""

from __future__ import annotations

from dataclasses import dataclass

from srvmaint.checkers import Needs
from srvmaint.checkers._levels import level_problems, percent, size, status_of, worst
from srvmaint.checkers._top import Top
from srvmaint.host.readings import Host, Memory, Pressure, Swapping
from srvmaint.model import CheckResult, CheckStatus, Metric
from srvmaint.settings import Percent, setting

NEEDS = Needs(files=("/proc/meminfo", "/proc/vmstat", "/proc/pressure/memory"))
_WORTH_SAYING = 1.0
"""Percent of swap use or memory pressure from which it belongs in the message."""
_BUSY_SWAP = 1024 * 1024
"""Bytes a second written to swap from which it belongs in the message."""
_MIN_WINDOW_S = 0.5


@dataclass(frozen=True, slots=True)
class Config:
    """Levels for memory."""

    warning: Percent = setting(
        Percent(85),
        help="percent of memory in use, cache not counted, that is a warning; below this the kernel still has room to "
        "give: databases and JVMs live at 70 for years",
        example=90,
    )
    critical: Percent = setting(
        Percent(95), help="percent of memory in use that is critical: the next large request may wake the OOM killer"
    )

    swap_warning: Percent | None = setting(
        None, help="percent of swap in use that is a warning; unset: swap does not decide", example=80
    )
    swap_critical: Percent | None = setting(
        None, help="percent of swap in use that is critical; unset: swap does not decide", example=95
    )
    pressure_warning: Percent = setting(
        Percent(10), help="percent of the last minute in which every task waited for memory that is a warning"
    )
    pressure_critical: Percent = setting(
        Percent(40), help="percent of the last minute in which every task waited for memory that is critical"
    )

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        found = level_problems(self.warning, self.critical)
        found += [f"pressure: {phrase}" for phrase in level_problems(self.pressure_warning, self.pressure_critical)]
        if self.swap_warning is not None and self.swap_critical is not None:
            found += [f"swap: {phrase}" for phrase in level_problems(self.swap_warning, self.swap_critical)]
        return found


class Driver:
    """Looks at memory, swap and pressure."""

    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._host = host
        self._top = Top(host)
        self._earlier = _swapping(host)

    def check(self) -> CheckResult:
        """Look now; what was swapped is measured since the previous look."""
        memory = self._host.memory()
        pressure = self._host.pressure("memory")
        used = (memory.total - memory.available) / memory.total * 100
        status = worst(
            (
                status_of(used, self._config.warning, self._config.critical),
                self._by_swap(memory),
                self._by_pressure(pressure),
            )
        )
        rate = self._swap_rate() if memory.swap_total else None
        return CheckResult(
            checker="memory",
            status=status,
            message=_message(used, memory, pressure, rate),
            metrics=(
                Metric(
                    "memory_percent", round(used, 1), "%", float(self._config.warning), float(self._config.critical)
                ),
                *self._metrics(memory, pressure, rate),
            ),
            details=() if status is CheckStatus.OK else self._top.by_memory(memory.total),
        )

    def _by_swap(self, memory: Memory) -> CheckStatus:
        never = 101.0
        warning, critical = self._config.swap_warning, self._config.swap_critical
        return status_of(
            _swap_percent(memory), never if warning is None else warning, never if critical is None else critical
        )

    def _by_pressure(self, pressure: Pressure | None) -> CheckStatus:
        full = pressure.full if pressure is not None else 0.0
        return status_of(full, self._config.pressure_warning, self._config.pressure_critical)

    def _swap_rate(self) -> float | None:
        """Bytes a second written to swap since the previous look; None where there is nothing to measure from."""
        now, earlier = _swapping(self._host), self._earlier
        if now is None or earlier is None:
            self._earlier = now
            return None
        window = now.at - earlier.at
        if window < _MIN_WINDOW_S:
            return None
        self._earlier = now
        return max(now.went_out - earlier.went_out, 0) / window

    def _metrics(self, memory: Memory, pressure: Pressure | None, rate: float | None) -> list[Metric]:
        config = self._config
        found = [
            Metric("memory_available", float(memory.available), "B"),
            Metric("memory_total", float(memory.total), "B"),
        ]
        if memory.swap_total:
            found += [
                Metric("swap_percent", round(_swap_percent(memory), 1), "%", config.swap_warning, config.swap_critical),
                Metric("swap_free", float(memory.swap_free), "B"),
            ]
        if rate is not None:
            found.append(Metric("swapped_out_per_second", round(rate), "B"))
        if pressure is not None:
            levels = float(config.pressure_warning), float(config.pressure_critical)
            found += [
                Metric("memory_pressure_percent", pressure.some, "%"),
                Metric("memory_pressure_full_percent", pressure.full, "%", *levels),
            ]
        return found


def _swapping(host: Host) -> Swapping | None:
    try:
        return host.swapping()
    except (OSError, ValueError):
        return None  # a figure beside the point: the check does without


def _swap_percent(memory: Memory) -> float:
    return (memory.swap_total - memory.swap_free) / memory.swap_total * 100 if memory.swap_total else 0.0


def _message(used: float, memory: Memory, pressure: Pressure | None, rate: float | None) -> str:
    text = f"memory {percent(used)} used, {size(memory.available)} of {size(memory.total)} available"
    if _swap_percent(memory) >= _WORTH_SAYING:
        text += f", swap {percent(_swap_percent(memory))} used"
    if rate is not None and rate >= _BUSY_SWAP:
        text += f", {size(rate)} a second written to swap"
    if pressure is not None and pressure.full >= _WORTH_SAYING:
        text += f", every task waited for memory {percent(pressure.full)} of the last minute"
    elif pressure is not None and pressure.some >= _WORTH_SAYING:
        text += f", tasks waited for memory {percent(pressure.some)} of the last minute"
    return text
