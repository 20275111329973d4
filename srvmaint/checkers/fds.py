"""Whether files or tasks run out: of the whole machine, and of single processes against their own limit.

A service at its own limit ("too many open files") fails while the machine has plenty, so both are looked at. Without
root only this user's processes tell how many files they have open; how many would not is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from srvmaint.checkers import Needs
from srvmaint.checkers._levels import level_problems, percent, plural, status_of, worst
from srvmaint.host.readings import Host
from srvmaint.model import CHECK_ORDER, CheckResult, CheckStatus, Metric
from srvmaint.settings import Percent, setting

NEEDS = Needs(
    files=("/proc/sys/fs/file-nr", "/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max", "/proc/loadavg"),
    capabilities=("CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"),
)
DETAILS = 5
_NO_LIMIT = 2**40
"""Since Linux 5.2 the machine's limit of files is as good as none where systemd runs."""


@dataclass(frozen=True, slots=True)
class Config:
    """Levels for open files and tasks."""

    warning: Percent = setting(Percent(80), help="percent of a limit that is a warning", example=85)
    critical: Percent = setting(Percent(95), help="percent of a limit that is critical", example=97)
    processes: bool = setting(
        default=True, help="look at every process's own limit as well, not only at the machine's", example=False
    )

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        return level_problems(self.warning, self.critical)


class _Look(NamedTuple):
    """One limit, and how near it is."""

    status: CheckStatus
    text: str
    metric: Metric


class Driver:
    """Looks at what is used of what there is."""

    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._host = host

    def check(self) -> CheckResult:
        """Look now."""
        limits = self._host.limits()
        looks = [
            self._judge("files", "the machine has", "files open", limits.files, limits.files_limit),
            self._judge("tasks", "the machine has", "tasks", limits.tasks, limits.tasks_limit),
        ]
        owners, hidden = self._owners() if self._config.processes else ([], 0)
        looks += owners[:1]
        looks.sort(key=lambda look: (CHECK_ORDER.index(look.status), -look.metric.value))
        bad = [look.text for look in looks if look.status is not CheckStatus.OK]
        details = [look.text for look in owners[:DETAILS]] if bad else []
        if hidden:
            details.append(f"{plural(hidden, 'process')} of other users would not tell: that takes root")
        return CheckResult(
            checker="fds",
            status=worst(look.status for look in looks),
            message="; ".join(bad or [look.text for look in looks]),
            metrics=tuple(look.metric for look in looks),
            details=tuple(details),
        )

    def _owners(self) -> tuple[list[_Look], int]:
        """The processes nearest to their own limit first, and how many would not tell."""
        found = self._host.open_files()
        fullest = sorted(found.seen, key=lambda one: -one.used / one.limit)[:DETAILS]
        looks = [
            self._judge("process_files", f"{one.name} (pid {one.pid}) has", "files open", one.used, one.limit)
            for one in fullest
        ]
        return looks, found.hidden

    def _judge(self, name: str, who: str, what: str, used: int, limit: int) -> _Look:
        levels = float(self._config.warning), float(self._config.critical)
        if limit <= 0 or limit >= _NO_LIMIT:
            return _Look(
                CheckStatus.OK, f"{who} {used} {what}, without a limit", Metric(f"{name}_percent", 0.0, "%", *levels)
            )
        share = used / limit * 100
        text = f"{who} {used} of {limit} {what}, {percent(share)}"
        return _Look(status_of(share, *levels), text, Metric(f"{name}_percent", round(share, 1), "%", *levels))
