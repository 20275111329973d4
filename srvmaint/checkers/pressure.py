"""How much of the last minute tasks spent waiting for processors, memory or disks (PSI).

The kernel's own measure of "too slow", whatever the percentages say: https://docs.kernel.org/accounting/psi.html. For
memory and disks it counts when every task waits; for processors, where some always wait, when any does.
"""

from __future__ import annotations

from dataclasses import dataclass

from srvmaint.checkers import Needs
from srvmaint.checkers._levels import level_problems, percent, status_of, worst
from srvmaint.host.readings import Host, Pressure
from srvmaint.model import CHECK_ORDER, CheckResult, CheckStatus, Metric
from srvmaint.settings import Percent, setting

NEEDS = Needs(files=("/proc/pressure/cpu", "/proc/pressure/memory", "/proc/pressure/io"))


@dataclass(frozen=True, slots=True)
class Config:
    """Levels for waiting."""

    warning: Percent = setting(
        Percent(20), help="percent of the last minute in which every task waited for memory or disks: a warning"
    )
    critical: Percent = setting(
        Percent(50), help="percent of the last minute in which every task waited for memory or disks: critical"
    )
    cpu_warning: Percent = setting(
        Percent(70), help="percent of the last minute in which a task waited for a processor: a warning"
    )
    cpu_critical: Percent = setting(
        Percent(95), help="percent of the last minute in which a task waited for a processor: critical"
    )

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        found = level_problems(self.warning, self.critical)
        return found + [f"cpu: {phrase}" for phrase in level_problems(self.cpu_warning, self.cpu_critical)]


class Driver:
    """Looks at the three kinds of waiting."""

    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._host = host

    def check(self) -> CheckResult:
        """Look now: the kernel keeps the averages."""
        found = [(kind, self._host.pressure(kind)) for kind in ("memory", "io", "cpu")]
        looks = [self._judge(kind, pressure) for kind, pressure in found if pressure is not None]
        if not looks:
            return CheckResult(
                "pressure", CheckStatus.SKIPPED, "this kernel tells no pressure (4.20 or newer does, booted with psi=1)"
            )
        looks.sort(key=lambda look: CHECK_ORDER.index(look[0]))
        bad = [text for status, text, _ in looks if status is not CheckStatus.OK]
        texts = [text for _, text, _ in looks]
        return CheckResult(
            checker="pressure",
            status=worst(status for status, _, _ in looks),
            message="; ".join(bad or texts),
            metrics=tuple(metric for _, _, metrics in looks for metric in metrics),
            details=tuple(texts) if bad else (),
        )

    def _judge(self, kind: str, pressure: Pressure) -> tuple[CheckStatus, str, tuple[Metric, ...]]:
        config = self._config
        if kind == "cpu":
            levels = float(config.cpu_warning), float(config.cpu_critical)
            value, longer, who = pressure.some, pressure.some_300, "some task"
        else:
            levels = float(config.warning), float(config.critical)
            value, longer, who = pressure.full, pressure.full_300, "every task"
        what = {"cpu": "a processor", "memory": "memory", "io": "a disk"}[kind]
        metrics = [Metric(f"{kind}_waiting_percent", value, "%", *levels)]
        if kind != "cpu":
            metrics.append(Metric(f"{kind}_some_waiting_percent", pressure.some, "%"))
        text = f"{who} waited for {what} {percent(value)} of the last minute, {percent(longer)} of the last 5"
        return status_of(value, *levels), text, tuple(metrics)
