"""When to try again: full jitter under a doubling ceiling, never sooner than the other side asked."""

from __future__ import annotations

from typing import Final

from srvmaint.clock import SECOND, Clock

FIRST_CEILING: Final = 2.0
"""Seconds; then 4, 8, 16 ..."""
LAST_CEILING: Final = 600.0
"""Seconds; an outage of hours is tried every few minutes, so recovery is told within minutes."""
_MOST_DOUBLINGS: Final = 16


def next_try(attempts: int, clock: Clock, *, retry_after: float | None = None) -> int:
    """The time (epoch ms) of the next attempt after `attempts` failed ones."""
    ceiling = min(LAST_CEILING, FIRST_CEILING * 2 ** min(attempts - 1, _MOST_DOUBLINGS))
    wait = clock.jitter(ceiling)
    if retry_after is not None:
        wait = max(wait, retry_after)
    return clock.now() + max(1, round(wait * SECOND))
