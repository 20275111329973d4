"""Load: more tasks than processors, or tasks that hang in the kernel.

Where the load checker does not run, the cpu check's figures say something as well: the load is among them.
"""

from __future__ import annotations

from typing import Final

from srvmaint.intelligence._family import INSIDE, Family, Reading, read_whole
from srvmaint.model import Alert, CheckResult, CheckStatus

_BUSY_LOAD: Final = 0.7
"""Load per core from which quiet processors do not contradict an alert about load: tasks may wait for disks."""
_WAITING: Final = "waiting in the kernel"


def _title(result: CheckResult) -> str:
    if any(_WAITING in detail for detail in result.details):
        return "Tasks hang in the kernel: find the disk or file server they wait for"
    critical = result.status is CheckStatus.CRITICAL
    return "Find what overloads this host" if critical else "More tasks than processors: see which"


def _read(alert: Alert, result: CheckResult) -> Reading:
    reading = read_whole(alert, result)
    if result.checker == "load" or reading.status is not CheckStatus.OK:
        return reading
    values = {metric.name: metric.value for metric in result.metrics}
    busy = values.get("load1", 0.0) >= _BUSY_LOAD * values.get("cores", 1.0)
    return reading._replace(near=reading.near or busy)


def _actions(result: CheckResult) -> tuple[str, ...]:
    if any(_WAITING in detail for detail in result.details):
        return (
            f"Look at what they wait for: {result.details[0]}.",
            "See in which call: grep . /proc/PID/wchan; whether a disk or mount is to blame: journalctl -k --since -1h",
        )
    first = (f"Look at the busiest process first: {result.details[0]}.",) if result.details else ()
    return (
        *first,
        "See whether it computes or waits: vmstat 1 5 (r waits for a processor, b for a disk)",
        "If this work is legitimate, run less of it at once, or add processors.",
    )


FAMILY: Final = Family(
    type="cpu",
    checker="load",
    words=frozenset({"loadavg"}),
    title=_title,
    actions=_actions,
    look=("uptime", "ps -eo pid,stat,comm,pcpu --sort=-pcpu | head"),
    phrases=(
        *("load average", "system load", "host load", "node load", "server load"),
        *("high load", "load high", "load is high", "load too high", "load is too high", "load 1", "load 5", "load 15"),
    ),
    not_about=("load balancer", "load balancing", "page load", "cpu load", "processor load"),
    open_words=INSIDE,
    read=_read,
    instead="cpu",
)
