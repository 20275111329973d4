"""Processors: busy, stolen, waiting for disks. Load is a family of its own."""

from __future__ import annotations

from typing import Final

from srvmaint.intelligence._family import INSIDE, Family
from srvmaint.model import CheckResult, CheckStatus

WORDS: Final = frozenset({"cpu", "cpus", "vcpu", "vcpus", "iowait"})


def _title(result: CheckResult) -> str:
    critical = result.status is CheckStatus.CRITICAL
    return "Find what occupies the processors" if critical else "The processors are busy: see with what"


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
    phrases=("processor load", "processor usage", "processor time", "processor utilization"),
    not_about=("cpu temperature", "cpu fan", "cpu temp"),
    open_words=INSIDE | {"steal", "stolen", "iowait", "throttled", "throttling", "throttle"},
)
