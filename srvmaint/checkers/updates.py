"""Which updates wait to be installed, above all those that close holes, as the package manager knows offline.

Asking it takes seconds of processor time, so the answer is kept until packages, lists or sources change. Lists that
nobody has renewed for a while know of no updates: that is a warning of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from srvmaint.checkers import Needs
from srvmaint.checkers._levels import plural, span, worst
from srvmaint.host.readings import Host
from srvmaint.model import CheckResult, CheckStatus, Metric
from srvmaint.settings import Duration, setting

if TYPE_CHECKING:
    from srvmaint.host.packages import Updates

NEEDS = Needs(files=("/var/lib/dpkg/status", "/var/lib/apt/lists", "/var/cache/dnf"), commands=("apt-get", "dnf"))
_NAMES = 10


@dataclass(frozen=True, slots=True)
class Config:
    """How many updates may wait."""

    warning: int = setting(1, help="waiting security updates that are a warning", example=5, minimum=1)
    critical: int | None = setting(
        None, help="waiting security updates that are critical; unset: none are", example=20, minimum=1
    )
    lists_age: Duration = setting(
        Duration(8 * 86400),
        help="lists of packages older than this are a warning: nobody asks for updates any more",
        example="3d",
        minimum=3600,
    )

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        if self.critical is None or self.warning < self.critical:
            return []
        return [f"warning ({self.warning}) must be below critical ({self.critical})"]


class Driver:
    """Keeps the answer as long as nothing has changed."""

    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._host = host
        self._answer: Updates | None = None
        self._stamp: tuple[int, ...] | None = None

    def check(self) -> CheckResult:
        """Look now, or say again what nothing has changed about."""
        stamp = self._host.packages_stamp()
        if stamp != self._stamp:
            self._answer = self._host.updates()
            self._stamp = stamp
        found = self._answer
        if found is None:
            return CheckResult("updates", CheckStatus.SKIPPED, "there is neither apt nor dnf here")
        return self._tell(found)

    def _tell(self, found: Updates) -> CheckResult:
        config = self._config
        count = len(found.security)
        statuses = [CheckStatus.WARNING if count >= config.warning else CheckStatus.OK]
        if config.critical is not None and count >= config.critical:
            statuses.append(CheckStatus.CRITICAL)
        message = f"{plural(len(found.names), 'update')} waiting, {count} of them for security"
        metrics = [
            Metric("security", float(count), "", float(config.warning), _number(config.critical)),
            Metric("waiting", float(len(found.names))),
        ]
        if found.lists_age_s is not None:
            metrics.append(Metric("lists_age", round(found.lists_age_s), "s", float(config.lists_age)))
            if found.lists_age_s >= config.lists_age:
                statuses.append(CheckStatus.WARNING)
                message += f"; {found.manager}'s lists are {span(found.lists_age_s)} old: newer updates are not known"
        return CheckResult("updates", worst(statuses), message, tuple(metrics), details=_details(found))


def _number(value: int | None) -> float | None:
    return None if value is None else float(value)


def _details(found: Updates) -> tuple[str, ...]:
    if not found.security:
        return ()
    more = f" and {len(found.security) - _NAMES} more" if len(found.security) > _NAMES else ""
    return (f"for security: {', '.join(found.security[:_NAMES])}{more}",)
