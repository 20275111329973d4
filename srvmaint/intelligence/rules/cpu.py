"""Processors: busy, overloaded, stolen, waiting for disks."""

from __future__ import annotations

from typing import Final

from srvmaint.intelligence._family import INSIDE, Family, Reading, read_text, read_whole
from srvmaint.model import Alert, CheckResult, CheckStatus

WORDS: Final = frozenset({"cpu", "cpus", "vcpu", "vcpus", "iowait", "loadavg"})
_BUSY_LOAD: Final = 0.7
"""Load per core from which a quiet percentage does not contradict an alert about load: tasks may wait for disks."""


def _title(result: CheckResult) -> str:
    critical = result.status is CheckStatus.CRITICAL
    return "Find what occupies the processors" if critical else "The processors are busy: see with what"


def _read(alert: Alert, result: CheckResult) -> Reading:
    """An alert about load, not about processors, is also held against the load."""
    reading = read_whole(alert, result)
    if reading.status is not CheckStatus.OK or not WORDS.isdisjoint(read_text(alert.name).words - {"loadavg"}):
        return reading
    values = {metric.name: metric.value for metric in result.metrics}
    busy = values.get("load1", 0.0) >= _BUSY_LOAD * values.get("cores", 1.0)
    return reading._replace(near=reading.near or busy)


def _actions(result: CheckResult) -> tuple[str, ...]:
    first = (f"Look at the busiest process first: {result.details[0]}.",) if result.details else ()
    return (
        *first,
        "See whether it computes or waits: top -b -n1 | head -20 (us and sy compute, wa waits for disks, st is stolen)",
        "If this work is legitimate, cap it with CPUQuota= in its unit, move it to quieter hours or add processors.",
    )


FAMILY: Final = Family(
    type="cpu",
    checker="cpu",
    words=WORDS,
    title=_title,
    actions=_actions,
    look=("uptime", "ps -eo pid,comm,pcpu --sort=-pcpu | head"),
    phrases=(
        "load average",
        "system load",
        "host load",
        "node load",
        "server load",
        "processor load",
        "processor usage",
        "processor time",
        "processor utilization",
        "high load",
        "load high",
        "load is high",
        "load too high",
        "load is too high",
        "load 1",
        "load 5",
        "load 15",
    ),
    not_about=("load balancer", "load balancing", "page load", "cpu temperature", "cpu fan", "cpu temp"),
    open_words=INSIDE | {"steal", "stolen", "iowait", "throttled", "throttling", "throttle"},
    read=_read,
)
