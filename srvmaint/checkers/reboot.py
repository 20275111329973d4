"""Whether the running system is older than the installed one: a reboot is due.

The distribution's flag (/run/reboot-required) where there is one; everywhere the running kernel against the newest
installed one of its kind, since not every distribution sets a flag and some never remove it.
"""

from __future__ import annotations

from dataclasses import dataclass

from srvmaint.checkers import Needs
from srvmaint.checkers._levels import span
from srvmaint.host.packages import Reboot, is_newer
from srvmaint.host.readings import Host
from srvmaint.model import CheckResult, CheckStatus, Metric
from srvmaint.settings import Duration, setting

NEEDS = Needs(files=("/run/reboot-required", "/boot", "/lib/modules", "/proc/uptime"))
_PACKAGES = 5


@dataclass(frozen=True, slots=True)
class Config:
    """How long a reboot may be due."""

    patience: Duration = setting(
        Duration(0), help="how long a reboot may be due before it is a warning", example="7d", maximum=31536000
    )
    critical_after: Duration | None = setting(
        None, help="how long a reboot may be due before it is critical; unset: it never is", example="30d"
    )

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        if self.critical_after is None or self.patience < self.critical_after:
            return []
        return [f"patience ({self.patience}) must be below critical_after ({self.critical_after})"]


class Driver:
    """Looks at the flag and the kernels."""

    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._host = host

    def check(self) -> CheckResult:
        """Look now."""
        found = self._host.reboot()
        reasons = _reasons(found)
        metrics = (
            Metric("reboot_required", float(bool(reasons)), "", 1.0, None),
            Metric("uptime", round(found.uptime_s), "s"),
        )
        if not reasons:
            message = f"no reboot is due, running {found.running} for {span(found.uptime_s)}"
            return CheckResult("reboot", CheckStatus.OK, message, metrics)
        return CheckResult(
            checker="reboot",
            status=self._judge(found),
            message=f"a reboot is due: {'; '.join(reasons)}",
            metrics=metrics,
            details=_details(found),
        )

    def _judge(self, found: Reboot) -> CheckStatus:
        """Since when is known from the flag alone; a kernel without one counts as just installed."""
        if self._config.critical_after is not None and found.age_s >= self._config.critical_after:
            return CheckStatus.CRITICAL
        return CheckStatus.WARNING if found.age_s >= self._config.patience else CheckStatus.OK


def _reasons(found: Reboot) -> list[str]:
    reasons = []
    if found.newest and is_newer(found.newest, found.running):
        reasons.append(f"kernel {found.newest} is installed, {found.running} is running")
    if found.is_flagged:
        reasons.append(f"packages have asked for it since {span(found.age_s)}")
    return reasons


def _details(found: Reboot) -> tuple[str, ...]:
    if not found.packages:
        return ()
    more = f" and {len(found.packages) - _PACKAGES} more" if len(found.packages) > _PACKAGES else ""
    return (f"asked for by {', '.join(found.packages[:_PACKAGES])}{more}",)
