"""CHECK: one file per checker, each looking at this host now.

A checker module has `Config` (its settings section), `NEEDS` and `Driver`. A checker is a plain blocking function:
`_run` gives it a thread and a deadline, so that a hung mount can block neither the event loop nor the stop.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from srvmaint.model import CheckResult

PACKAGE = "srvmaint.checkers"


class Needs(NamedTuple):
    """What a checker cannot do its work without, as data: whoever hardens or examines an installation reads it here."""

    files: tuple[str, ...] = ()
    """Files and directories it reads; where one is hidden or absent, its result says what is missing."""
    capabilities: tuple[str, ...] = ()
    """Without these (capabilities(7)) it sees less: only this user's own processes, directories or messages."""
    commands: tuple[str, ...] = ()
    """Programs it may run; any one of them is enough."""


class Driver(Protocol):
    """What every checker does."""

    def check(self) -> CheckResult:
        """Look now. Anything raised becomes UNKNOWN with the reason; `id`, `at`, `duration_ms` are filled in later."""
