"""The kernel killed a process to get memory. That plenty is free afterwards proves nothing: it was made free.

Where the oom checker does not run, the memory check is shown and settles nothing.
"""

from __future__ import annotations

from typing import Final

from srvmaint.intelligence._family import INSIDE, OOM, Family
from srvmaint.model import CheckResult


def _title(result: CheckResult) -> str:
    del result
    return "The kernel has killed processes to get memory: find what grew"


def _actions(result: CheckResult) -> tuple[str, ...]:
    first = (f"See whether it runs again: {result.details[0]}.",) if result.details else ()
    return (
        *first,
        "Read what was in memory at that moment: journalctl -k --since -1h | grep -iA40 'invoked oom-killer'",
        "Killed inside one service's own limit (oom_memcg=): raise MemoryMax= in its unit; more memory does not help.",
    )


FAMILY: Final = Family(
    type="memory",
    checker="oom",
    words=OOM,
    title=_title,
    actions=_actions,
    look=("journalctl -k --since -1h | grep -i 'out of memory'", "free -h"),
    open_words=INSIDE | OOM,
    instead="memory",
)
