"""CHECK: one file per checker, each looking at this host now.

A checker module has `Config` (its settings section), `NEEDS` and `Driver`. A checker is a plain blocking function:
`_run` gives it a thread and a deadline, so that a hung mount can block neither the event loop nor the stop.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from srvmaint.model import CheckResult

PACKAGE = "srvmaint.checkers"


class Needs(NamedTuple):
    """What a checker needs of the machine, as data: a doctor can prove it, a unit file can be derived from it.

    Where several things will do (a socket, else a command), all are named: the checker uses the first that is there.
    Without one of them it sees less, and its result says what is missing.
    """

    files: tuple[str, ...] = ()
    """Paths it reads; a part in angle brackets stands for what the settings say."""
    capabilities: tuple[str, ...] = ()
    """Rights beyond those of any process: `CAP_...`, `AF_...` (an address family), `gid in <sysctl>`."""
    commands: tuple[str, ...] = ()
    """Programs it runs, by name."""


class Driver(Protocol):
    """What every checker does."""

    def check(self) -> CheckResult:
        """Look now. Anything raised becomes UNKNOWN with the reason; `id`, `at`, `duration_ms` are filled in later."""
