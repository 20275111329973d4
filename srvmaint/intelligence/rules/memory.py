"""Memory: too little of it, swap, the OOM killer."""

from __future__ import annotations

from typing import Final

from srvmaint.intelligence._family import INSIDE, Family
from srvmaint.model import CheckResult, CheckStatus

WORDS: Final = frozenset({"memory", "mem", "meminfo", "ram"})
_EVENTS: Final = frozenset({"oom", "oomkill", "oomkilled", "oomkiller", "swap", "swapping", "swapped"})
"""Also words of memory; but the OOM killer leaves memory free behind it, and swap is not what decides here."""


def _title(result: CheckResult) -> str:
    critical = result.status is CheckStatus.CRITICAL
    return "Free memory before the OOM killer does" if critical else "Memory is getting short: see what grows"


def _actions(result: CheckResult) -> tuple[str, ...]:
    first = (f"Restart or limit the largest process: {result.details[0]}.",) if result.details else ()
    return (
        *first,
        "See whether the kernel has killed anything: journalctl -k --since -1h | grep -i 'out of memory'",
        "If this use is legitimate, give the host more memory, or cap the service with MemoryMax= in its unit.",
    )


FAMILY: Final = Family(
    type="memory",
    checker="memory",
    words=WORDS | _EVENTS,
    title=_title,
    actions=_actions,
    look=("free -h", "ps -eo pid,comm,rss --sort=-rss | head"),
    not_about=("memory card", "ram disk"),
    open_words=INSIDE | _EVENTS | {"fault", "faults", "ecc", "edac", "leak", "leaking"},
)
