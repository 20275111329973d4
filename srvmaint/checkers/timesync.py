"""Whether something keeps this machine's clock, and how far it is off.

A clock that nobody keeps breaks logins, certificates and every comparison of logs, weeks later. Not being kept is a
warning, since the clock may still be right; being far off is critical. Right after a start it is neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from srvmaint.checkers import Needs
from srvmaint.checkers._levels import worst
from srvmaint.checkers._looks import latency, latency_problems, slow, span
from srvmaint.clock import human_span
from srvmaint.host.readings import Host, TimeSync
from srvmaint.model import CheckResult, CheckStatus, Metric
from srvmaint.settings import Duration, setting

NEEDS: Final = Needs(
    files=("/proc/uptime",), capabilities=("AF_INET", "AF_UNIX", "adjtimex"), commands=("chronyc", "timedatectl")
)


@dataclass(frozen=True, slots=True)
class Config:
    """Levels for the clock."""

    warning: Duration = setting(
        Duration(0.1), help="how far off the clock may be before it is a warning", example="50ms"
    )
    critical: Duration = setting(Duration(1), help="how far off is critical", example="500ms")
    after_start: Duration = setting(
        Duration(17 * 60), help="how long after a start of the machine nobody has to keep its clock yet"
    )

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        return latency_problems(self.warning, self.critical)


class Driver:
    """Asks whoever keeps the clock."""

    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._host = host

    def check(self) -> CheckResult:
        """Look now."""
        seen = self._host.time_sync()
        levels = self._config.warning, self._config.critical
        off = abs(seen.offset_s) if seen.offset_s is not None else None
        kept = Metric("synchronised", 1.0 if seen.synchronised else 0.0)
        statuses = [CheckStatus.OK if off is None else slow(off, *levels)]
        if not seen.synchronised and seen.uptime_s >= self._config.after_start:
            statuses.append(CheckStatus.WARNING)
        metrics = (kept,) if off is None else (latency("offset", off, *levels), kept)
        return CheckResult("timesync", worst(statuses), _message(seen, self._config.after_start), metrics)


def _message(seen: TimeSync, after_start: float) -> str:
    if not seen.synchronised:
        early = f", {human_span(seen.uptime_s)} after the start" if seen.uptime_s < after_start else ""
        return f"nothing keeps the clock{early} (says {seen.by})"
    source = f" by {seen.source}" if seen.source else ""
    if seen.offset_s is None:
        return f"the clock is kept{source} (says {seen.by})"
    way = "ahead" if seen.offset_s < 0 else "behind"
    return f"the clock is kept{source}, {span(abs(seen.offset_s))} {way} (says {seen.by})"
