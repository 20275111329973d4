"""How much memory is left.

"Used" is everything the kernel could not hand out without swapping (total minus available): page cache is not use.
Swap and pressure are reported and never decide: full swap on a calm host is history, not trouble.
"""

from __future__ import annotations

from dataclasses import dataclass

from srvmaint.checkers._levels import level_problems, percent, size, status_of
from srvmaint.checkers._top import Top
from srvmaint.host.readings import Host, Memory, Pressure
from srvmaint.model import CheckResult, CheckStatus, Metric
from srvmaint.settings import Percent, setting

_WORTH_SAYING = 1.0
"""Percent of swap use or memory pressure from which it belongs in the message."""


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

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        return level_problems(self.warning, self.critical)


class Driver:
    """Looks at memory, swap and pressure."""

    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._host = host
        self._top = Top(host)

    def check(self) -> CheckResult:
        """Look now."""
        memory = self._host.memory()
        pressure = self._host.pressure("memory")
        used = (memory.total - memory.available) / memory.total * 100
        status = status_of(used, self._config.warning, self._config.critical)
        return CheckResult(
            checker="memory",
            status=status,
            message=_message(used, memory, pressure),
            metrics=(
                Metric(
                    "memory_percent", round(used, 1), "%", float(self._config.warning), float(self._config.critical)
                ),
                *_metrics(memory, pressure),
            ),
            details=() if status is CheckStatus.OK else self._top.by_memory(memory.total),
        )


def _swap_percent(memory: Memory) -> float:
    return (memory.swap_total - memory.swap_free) / memory.swap_total * 100 if memory.swap_total else 0.0


def _message(used: float, memory: Memory, pressure: Pressure | None) -> str:
    text = f"memory {percent(used)} used, {size(memory.available)} of {size(memory.total)} available"
    if _swap_percent(memory) >= _WORTH_SAYING:
        text += f", swap {percent(_swap_percent(memory))} used"
    if pressure is not None and pressure.some >= _WORTH_SAYING:
        text += f", tasks waited for memory {percent(pressure.some)} of the last minute"
    return text


def _metrics(memory: Memory, pressure: Pressure | None) -> list[Metric]:
    found = [Metric("memory_available", float(memory.available), "B"), Metric("memory_total", float(memory.total), "B")]
    if memory.swap_total:
        found += [
            Metric("swap_percent", round(_swap_percent(memory), 1), "%"),
            Metric("swap_free", float(memory.swap_free), "B"),
        ]
    if pressure is not None:
        found += [
            Metric("memory_pressure_percent", pressure.some, "%"),
            Metric("memory_pressure_full_percent", pressure.full, "%"),
        ]
    return found
