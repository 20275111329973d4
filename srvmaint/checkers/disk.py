"""How full the filesystems are: bytes, inodes, and whether the kernel stopped writing.

Several paths, the worst decides. A path that cannot be read is UNKNOWN and is named, and never hides one that is
critical. Percentages are df's: what root keeps for itself counts as neither used nor free.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from srvmaint.checkers._levels import level_problems, percent, size, status_of, worst
from srvmaint.host.readings import Host, Space, Unreadable
from srvmaint.model import CHECK_ORDER, CheckResult, CheckStatus, Metric
from srvmaint.settings import Percent, setting


@dataclass(frozen=True, slots=True)
class Config:
    """Which filesystems, and their levels."""

    paths: tuple[str, ...] = setting(
        ("/",), help="paths whose filesystems are watched; any path on the filesystem will do", example=("/", "/var")
    )
    warning: Percent = setting(Percent(80), help="percent of space or inodes in use that is a warning", example=85)
    critical: Percent = setting(Percent(95), help="percent of space or inodes in use that is critical", example=97)

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        found = level_problems(self.warning, self.critical)
        if not self.paths:
            found.append('paths is empty: name at least one, such as "/"')
        found += [f"path {path!r} must be absolute: start it with /" for path in self.paths if not path.startswith("/")]
        return found


class _Look(NamedTuple):
    """What one path gave."""

    path: str
    status: CheckStatus
    text: str
    metrics: tuple[Metric, ...] = ()


class Driver:
    """Looks at each path's filesystem."""

    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._host = host

    def check(self) -> CheckResult:
        """Look now."""
        paths = tuple(dict.fromkeys(self._config.paths))
        found = self._host.spaces(paths)
        looks = sorted((self._judge(path, found[path]) for path in paths), key=_worst_first)
        return CheckResult(
            checker="disk",
            status=worst(look.status for look in looks),
            message=_message(looks),
            metrics=tuple(metric for look in looks for metric in look.metrics),
            details=tuple(look.text for look in looks) if len(looks) > 1 else (),
        )

    def _judge(self, path: str, space: Space | Unreadable) -> _Look:
        if isinstance(space, Unreadable):
            return _Look(path, CheckStatus.UNKNOWN, f"{path} {space.reason}")
        if space.used + space.available == 0:
            kind = space.fstype or "unknown filesystem"
            return _Look(path, CheckStatus.UNKNOWN, f"{path} has no size ({kind})")
        used = _share(space.used, space.available)
        text = f"{path} {percent(used)} used, {size(space.available)} free"
        metrics = [self._level(f"used:{path}", used), Metric(f"free:{path}", float(space.available), "B")]
        statuses = [status_of(used, self._config.warning, self._config.critical)]
        if space.inodes_used + space.inodes_available:
            inodes = _share(space.inodes_used, space.inodes_available)
            metrics.append(self._level(f"inodes:{path}", inodes))
            statuses.append(status_of(inodes, self._config.warning, self._config.critical))
            text += f", inodes {percent(inodes)} used"
        if space.turned_readonly:
            metrics.append(Metric(f"readonly:{path}", 1.0, "", None, 1.0))
            statuses.append(CheckStatus.CRITICAL)
            text += f", the kernel has made it read-only ({space.fstype} on {space.source})"
        return _Look(path, worst(statuses), text, tuple(metrics))

    def _level(self, name: str, value: float) -> Metric:
        return Metric(name, round(value, 1), "%", float(self._config.warning), float(self._config.critical))


def _share(used: int, available: int) -> float:
    return used / (used + available) * 100


def _worst_first(look: _Look) -> tuple[int, float]:
    fullest = max((metric.value for metric in look.metrics if metric.unit == "%"), default=0.0)
    return CHECK_ORDER.index(look.status), -fullest


def _message(looks: list[_Look]) -> str:
    bad = [look.text for look in looks if look.status is not CheckStatus.OK]
    if bad:
        return "; ".join(bad)
    return looks[0].text if len(looks) == 1 else f"{len(looks)} paths, fullest: {looks[0].text}"
