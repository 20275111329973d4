"""CHECK: one file per checker, each looking at this host now.

A checker module has `Config` (its settings section) and `Driver`. A checker is a plain blocking function: `_run` gives
it a thread and a deadline, so that a hung mount can block neither the event loop nor the stop.
"""

from __future__ import annotations

from typing import Protocol

from srvmaint.model import CheckResult

PACKAGE = "srvmaint.checkers"


class Driver(Protocol):
    """What every checker does."""

    def check(self) -> CheckResult:
        """Look now. Anything raised becomes UNKNOWN with the reason; `id`, `at`, `duration_ms` are filled in later."""
