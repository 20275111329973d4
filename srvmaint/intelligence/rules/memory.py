"""Memory: too little of it, swap. What the kernel kills to get some is a family of its own."""

from __future__ import annotations

from typing import Final

from srvmaint.intelligence._family import INSIDE, OOM, Family
from srvmaint.model import CheckResult, CheckStatus

WORDS: Final = frozenset({"memory", "mem", "meminfo", "ram"})
_SWAP: Final = frozenset({"swap", "swapping", "swapped"})
"""Also words of memory; but swap is not what decides here."""


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
    words=WORDS | _SWAP,
    title=_title,
    actions=_actions,
    look=("free -h", "ps -eo pid,comm,rss --sort=-rss | head"),
    not_about=("memory card", "ram disk"),
    open_words=INSIDE | _SWAP | OOM | {"fault", "faults", "ecc", "edac", "leak", "leaking"},
)
