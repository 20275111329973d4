"""Who is using it: the lines a person asks for as soon as a processor or memory check is not ok.

Names and services, never command lines: those can hold secrets, and these lines are sent out. No thresholds here.
"""

from __future__ import annotations

import heapq

from srvmaint.checkers._levels import percent, reason_of, size
from srvmaint.host.readings import Host, Process, Processes

COUNT = 5
_MIN_WINDOW_S = 0.5
_MAX_WINDOW_S = 300.0


class Top:
    """Keeps the previous look at the process table, so that a second one tells who is busy now."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._earlier: Processes | None = None

    def by_memory(self, total: int) -> tuple[str, ...]:
        """The largest processes."""
        table = self._look()
        if isinstance(table, str):
            return (table,)
        largest = heapq.nlargest(COUNT, table.seen, key=lambda process: process.rss)
        lines = [
            f"{self._label(process)}: {size(process.rss)}, {process.rss / total * 100:.1f} % of memory"
            for process in largest
            if process.rss
        ]
        return (*lines, *_bounded(table))

    def by_cpu(self) -> tuple[str, ...]:
        """The busiest processes: since the previous look, or over their lifetime where there is none."""
        table = self._look()
        if isinstance(table, str):
            return (table,)
        before, self._earlier = self._earlier, table
        window = table.at - before.at if before is not None else 0.0
        if before is not None and _MIN_WINDOW_S <= window <= _MAX_WINDOW_S:
            old = {process.pid: process for process in before.seen}
            shares = [(_since(process, old.get(process.pid), window), process) for process in table.seen]
            span = f"over the last {window:.0f} s"
        else:
            shares = [(process.cpu_s / max(process.age_s, 1.0), process) for process in table.seen]
            span = "since it started"
        busiest = heapq.nlargest(COUNT, shares, key=lambda pair: pair[0])
        lines = [
            f"{self._label(process)}: {percent(share * 100)} of a core {span}"
            for share, process in busiest
            if share * 100 >= 1
        ]
        return (*lines, *_bounded(table))

    def _look(self) -> Processes | str:
        try:
            return self._host.processes()
        except (OSError, ValueError) as error:
            return f"cannot list processes: {reason_of(error)}"

    def _label(self, process: Process) -> str:
        unit = self._host.unit_of(process.pid)
        return f"{process.name} (pid {process.pid}, {unit})" if unit else f"{process.name} (pid {process.pid})"


def _since(process: Process, before: Process | None, window: float) -> float:
    """Cores used since the previous look; over its lifetime for a process that was missed then."""
    if before is not None and before.age_s <= process.age_s and before.cpu_s <= process.cpu_s:
        return (process.cpu_s - before.cpu_s) / window
    return process.cpu_s / max(process.age_s, window)


def _bounded(table: Processes) -> tuple[str, ...]:
    if len(table.seen) >= table.total or table.total == 0:
        return ()
    return (f"{len(table.seen)} of {table.total} processes looked at",)
