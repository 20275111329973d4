"""Whether the kernel has killed processes to get memory.

The killing leaves memory free behind it, so the memory check sees nothing of it afterwards. The kernel counts since
boot; when it happened is in its log where that may be read, or follows from two looks. A number that may be a year old
is reported and never decides.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from srvmaint.checkers import Needs
from srvmaint.checkers._levels import level_problems, plural, span, status_of
from srvmaint.host.readings import Host
from srvmaint.model import CheckResult, Metric
from srvmaint.settings import Duration, setting

if TYPE_CHECKING:
    from srvmaint.host.kernel import Kill, Kills

NEEDS = Needs(files=("/proc/vmstat", "/dev/kmsg"), capabilities=("CAP_SYSLOG",))
DETAILS = 5


@dataclass(frozen=True, slots=True)
class Config:
    """How many killings are too many."""

    warning: int = setting(1, help="killed processes within the window that are a warning", example=2, minimum=1)
    critical: int = setting(5, help="killed processes within the window that are critical", example=10, minimum=1)
    window: Duration = setting(
        Duration(1800), help="how long a killed process is news", example="1h", minimum=60, maximum=604800
    )

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        return level_problems(self.warning, self.critical)


class Driver:
    """Counts from look to look."""

    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._host = host
        self._looks: deque[Kills] = deque()
        try:
            self._looks.append(host.kills())
        except (OSError, ValueError):
            self._looks.clear()  # check() meets the same error, and there it becomes the result

    def check(self) -> CheckResult:
        """Look now."""
        now = self._host.kills()
        window = float(self._config.window)
        self._looks.append(now)
        while len(self._looks) > 1 and now.at - self._looks[1].at >= window:
            self._looks.popleft()
        logged = self._host.kill_log() if now.total else ()
        fresh = [kill for kill in logged or () if kill.age_s <= window]
        recent = max(now.total - self._looks[0].total, len(fresh))
        known = bool(logged) or now.at - self._looks[0].at >= window or not now.total
        if now.uptime_s <= window:
            recent, known = now.total, True
        status = status_of(recent, self._config.warning, self._config.critical)
        return CheckResult(
            checker="oom",
            status=status,
            message=_message(recent, now, window, known=known),
            metrics=(
                Metric("killed", float(recent), "", float(self._config.warning), float(self._config.critical)),
                Metric("killed_since_boot", float(now.total)),
            ),
            details=tuple(_say(kill) for kill in sorted(fresh, key=lambda kill: kill.age_s)[:DETAILS]),
        )


def _message(recent: int, now: Kills, window: float, *, known: bool) -> str:
    if recent:
        text = f"the kernel killed {plural(recent, 'process')} to get memory within the last {span(window)}"
        return text if recent == now.total else f"{text} ({now.total} since boot)"
    if not now.total:
        return "no process was killed to get memory since boot"
    text = f"{plural(now.total, 'process')} killed to get memory since boot {span(now.uptime_s)} ago"
    if known:
        return f"{text}, none within the last {span(window)}"
    return f"{text}; when is not known: the kernel's log does not say and this is the first look"


def _say(kill: Kill) -> str:
    unit = f", {kill.unit}" if kill.unit else ""
    return f"{kill.name} (pid {kill.pid}{unit}) was killed {span(kill.age_s)} ago"
