"""How many tasks want to run at once, for each processor there is.

Load counts tasks that wait for disks as well: a high load on idle processors is a slow disk or a dead file server, and
the tasks that hang in the kernel are named then. At least two processors are assumed, as one is busy by nature.
"""

from __future__ import annotations

from dataclasses import dataclass

from srvmaint.checkers import Needs
from srvmaint.checkers._levels import level_problems, plural, reason_of, status_of
from srvmaint.checkers._top import COUNT, Top
from srvmaint.host.readings import Host, Load
from srvmaint.model import CheckResult, CheckStatus, Metric
from srvmaint.settings import setting

NEEDS = Needs(files=("/proc/loadavg", "/proc"))
_LEAST_CORES = 2


@dataclass(frozen=True, slots=True)
class Config:
    """Levels for the load."""

    warning: float = setting(
        2.0, help="load for each processor that is a warning: so many tasks share one", example=3.0, minimum=0.1
    )
    critical: float = setting(4.0, help="load for each processor that is critical", example=8.0, minimum=0.1)
    minutes: int = setting(5, help="the average that is held against the levels, in minutes: 1, 5 or 15", example=15)

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        found = level_problems(self.warning, self.critical)
        if self.minutes not in (1, 5, 15):
            found.append(f"minutes ({self.minutes}) must be 1, 5 or 15: the kernel keeps no other averages")
        return found


class Driver:
    """Looks at the load averages."""

    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._host = host
        self._top = Top(host)

    def check(self) -> CheckResult:
        """Look now."""
        load = self._host.load()
        average = {1: load.one, 5: load.five, 15: load.fifteen}[self._config.minutes]
        value = average / max(load.cores, _LEAST_CORES)
        status = status_of(value, self._config.warning, self._config.critical)
        per_core = Metric("load_per_core", round(value, 2), "", self._config.warning, self._config.critical)
        return CheckResult(
            checker="load",
            status=status,
            message=f"load {average:.2f} over {self._config.minutes} min on {plural(load.cores, 'processor')}, "
            f"{value:.2f} for each (1 min {load.one:.2f}, 5 min {load.five:.2f}, 15 min {load.fifteen:.2f})",
            metrics=(per_core, *_metrics(load)),
            details=() if status is CheckStatus.OK else (*self._waiting(), *self._top.by_cpu()),
        )

    def _waiting(self) -> tuple[str, ...]:
        """The tasks that make load without using a processor."""
        try:
            table = self._host.processes()
        except (OSError, ValueError) as error:
            return (f"cannot list processes: {reason_of(error)}",)
        stuck = [process for process in table.seen if process.state == "D"]
        if not stuck:
            return ()
        names = ", ".join(f"{process.name} (pid {process.pid})" for process in stuck[:COUNT])
        more = f" and {len(stuck) - COUNT} more" if len(stuck) > COUNT else ""
        return (f"{plural(len(stuck), 'process')} waiting in the kernel, for a disk or a file server: {names}{more}",)


def _metrics(load: Load) -> list[Metric]:
    return [
        Metric("load1", load.one),
        Metric("load5", load.five),
        Metric("load15", load.fifteen),
        Metric("cores", float(load.cores)),
        Metric("running", float(load.running)),
        Metric("tasks", float(load.tasks)),
    ]
