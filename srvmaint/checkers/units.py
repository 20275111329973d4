"""Whether systemd's units are well: failed ones, those that have to be active, and those that keep being restarted.

A unit that systemd has given up on (start-limit-hit) stays down, refuses even a start by hand for a while, and looks
like any other failed unit: it is explained, with the way out.
"""

from __future__ import annotations

import fnmatch
import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from srvmaint.checkers import Needs
from srvmaint.checkers._levels import plural, span, worst
from srvmaint.host.readings import Host
from srvmaint.model import CHECK_ORDER, CheckResult, CheckStatus, Metric
from srvmaint.settings import Duration, setting

if TYPE_CHECKING:
    from srvmaint.host.units import Unit

NEEDS = Needs(files=("/run/systemd/system", "/run/dbus/system_bus_socket"), commands=("systemctl",))
DETAILS = 10
_NAME = re.compile(r"[\w:.\\@][\w:.\\@-]*")
_WHY = {
    "timeout": "it took too long",
    "watchdog": "it gave no sign of life in time",
    "oom-kill": "a process of it was killed to get memory",
    "resources": "the system lacks something it needs",
    "protocol": "it did not speak systemd's protocol",
    "start-limit-hit": "it was started too often",
    "condition": "a condition was not met",
    "dependency": "a unit it needs failed",
}


@dataclass(frozen=True, slots=True)
class Config:
    """Which units, and how often one may be restarted."""

    names: tuple[str, ...] = setting(
        (),
        help="units that have to be active: anything else is critical; without a suffix a service is meant",
        example=("nginx", "postgresql.service", "backup.timer"),
    )
    ignore: tuple[str, ...] = setting(
        (), help="units whose failure is nobody's business; patterns with * and ?", example=("user@*.service",)
    )
    restarts: int = setting(3, help="so many automatic restarts within `within` are a warning", minimum=1)
    within: Duration = setting(Duration(600), help="how long a restart is counted", minimum=1, maximum=604800)

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        return [f"names: {name!r} is no name of a unit" for name in self.names if not _NAME.fullmatch(name)]


class _Look(NamedTuple):
    """What one unit gave."""

    status: CheckStatus
    text: str
    more: str = ""


class Driver:
    """Looks at every unit, and remembers how often each had been restarted."""

    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._host = host
        self._wanted = tuple(name if "." in name else f"{name}.service" for name in config.names)
        self._before: dict[str, int] | None = None
        self._restarted: dict[str, deque[tuple[float, int]]] = {}

    def check(self) -> CheckResult:
        """Look now; restarts are those between two looks."""
        found = self._host.units(self._wanted)
        if found is None:
            return CheckResult("units", CheckStatus.SKIPPED, "systemd is not running here")
        units = found.seen
        recent = self._restarts(units, found.at)
        looks = [look for unit in units if (look := self._judge(unit, recent.get(unit.name, 0))) is not None]
        looks.sort(key=lambda look: CHECK_ORDER.index(look.status))
        failed = sum(unit.active == "failed" and not self._is_ignored(unit) for unit in units)
        active = sum(unit.active == "active" for unit in units)
        status = worst(look.status for look in looks) if looks else CheckStatus.OK
        return CheckResult(
            checker="units",
            status=status,
            message=_message(looks, active),
            metrics=(
                Metric("failed", float(failed), "", 1.0, None),
                Metric("active", float(active)),
                *(
                    Metric(f"restarts:{name}", float(count), "", float(self._config.restarts))
                    for name, count in recent.items()
                ),
                *(Metric(f"down:{name}", float(self._is_down(name, units)), "", None, 1.0) for name in self._wanted),
            ),
            details=tuple(look.more for look in looks if look.more)[:DETAILS],
        )

    def _is_ignored(self, unit: Unit) -> bool:
        return any(fnmatch.fnmatchcase(unit.name, pattern) for pattern in self._config.ignore)

    @staticmethod
    def _is_down(name: str, units: tuple[Unit, ...]) -> bool:
        return not any(unit.name == name and unit.active in ("active", "reloading") for unit in units)

    def _restarts(self, units: tuple[Unit, ...], now: float) -> dict[str, int]:
        """Automatic restarts of each unit within the window, of those that had any."""
        before, self._before = self._before, {unit.name: unit.restarts for unit in units}
        if before is not None:
            for unit in units:
                known = before.get(unit.name, 0)
                fresh = unit.restarts - known if unit.restarts >= known else unit.restarts
                if fresh:
                    self._restarted.setdefault(unit.name, deque()).append((now, fresh))
        found = {}
        for name, events in list(self._restarted.items()):
            while events and now - events[0][0] > self._config.within:
                events.popleft()
            if events:
                found[name] = sum(count for _, count in events)
            else:
                del self._restarted[name]
        return found

    def _judge(self, unit: Unit, recent: int) -> _Look | None:
        is_wanted = unit.name in self._wanted
        bad = CheckStatus.CRITICAL if is_wanted else CheckStatus.WARNING
        if not is_wanted and self._is_ignored(unit):
            return None
        if unit.gave_up:
            return _Look(bad, f"{unit.name} failed and systemd has given up on it", _explain(unit))
        if unit.active == "failed":
            return _Look(bad, f"{unit.name} failed", f"{unit.name}: {_why(unit)}. See: journalctl -u {unit.name} -n 50")
        if unit.sub == "auto-restart" and unit.restarts >= self._config.restarts:
            text = f"{unit.name} keeps failing: restarted {unit.restarts} times, waiting for the next"
            return _Look(bad, text, f"{unit.name}: {_why(unit)}. See: journalctl -u {unit.name} -n 50")
        if recent >= self._config.restarts:
            text = f"{unit.name} was restarted {recent} times within {span(self._config.within)}"
            return _Look(CheckStatus.WARNING, text, f"See why: journalctl -u {unit.name} -n 50")
        return _absent(unit) if is_wanted else None


def _absent(unit: Unit) -> _Look | None:
    """What is wrong with a unit that has to be active; None when it is active."""
    if unit.active in ("active", "reloading"):
        return None
    if unit.load == "not-found":
        return _Look(CheckStatus.CRITICAL, f"there is no unit {unit.name}")
    if unit.load == "masked":
        return _Look(CheckStatus.CRITICAL, f"{unit.name} is masked: systemctl unmask {unit.name}")
    if unit.active in ("activating", "deactivating"):
        return _Look(CheckStatus.WARNING, f"{unit.name} is {unit.active} ({unit.sub})")
    return _Look(CheckStatus.CRITICAL, f"{unit.name} is {unit.active or 'gone'}: systemctl start {unit.name}")


def _why(unit: Unit) -> str:
    if unit.result in ("exit-code", "signal", "core-dump") and unit.status:
        return f"it was ended by signal {unit.status}" if unit.is_signal else f"it ended with exit code {unit.status}"
    return _WHY.get(unit.result, f"its result is {unit.result or 'unknown'}")


def _explain(unit: Unit) -> str:
    """The start limit in words: StartLimitBurst= and StartLimitIntervalSec= of systemd.unit(5)."""
    return (
        f"{unit.name}: {_why(unit)}; systemd allows {plural(unit.start_burst, 'start')} within {unit.start_interval} "
        f"and refuses more until that time is over. Find the cause (journalctl -u {unit.name} -n 50), then: "
        f"systemctl reset-failed {unit.name} && systemctl start {unit.name}"
    )


def _message(looks: list[_Look], active: int) -> str:
    if not looks:
        return f"no unit has failed, {active} are active"
    texts = [look.text for look in looks[:DETAILS]]
    if len(looks) > DETAILS:
        texts.append(f"and {len(looks) - DETAILS} more")
    return "; ".join(texts)
