"""How full the filesystems are: bytes, inodes, and whether the kernel stopped writing.

Every local filesystem, or the paths that are named; the worst decides. A path that is missing or hangs is named and
never hides one that is critical. Percentages are df's: what root keeps for itself counts as neither used nor free.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from srvmaint.checkers import Needs
from srvmaint.checkers._levels import level_problems, percent, size, status_of, worst
from srvmaint.host.readings import Host, Space, Unmounted, Unreadable
from srvmaint.model import CHECK_ORDER, CheckResult, CheckStatus, Metric
from srvmaint.settings import Percent, Size, setting

NEEDS = Needs(files=("/proc/self/mountinfo", "/etc/fstab"))
DETAILS = 10


@dataclass(frozen=True, slots=True)
class Mount:
    """Levels of one mount point, where they differ from everybody's."""

    warning: Percent | None = setting(None, help="percent of space or inodes in use that is a warning", example=90)
    critical: Percent | None = setting(None, help="percent of space or inodes in use that is critical", example=98)
    free_warning: Size | None = setting(None, help="as little free space as this is a warning", example="20GB")
    free_critical: Size | None = setting(None, help="as little free space as this is critical", example="5GB")
    writable: bool = setting(
        default=False, help="read-only is critical here, even when it was mounted so on purpose", example=True
    )


@dataclass(frozen=True, slots=True)
class Config:
    """Which filesystems, and their levels."""

    paths: tuple[str, ...] = setting(
        (),
        help="paths whose filesystems are watched; any path on the filesystem will do; empty: every local filesystem, "
        "and those of /etc/fstab that are not mounted",
        example=("/", "/var"),
    )
    exclude: tuple[str, ...] = setting(
        (), help="mount points left out when paths is empty, with everything below them", example=("/mnt/scratch",)
    )
    remote: bool = setting(
        default=False, help="when paths is empty, watch mounted filesystems of other machines as well", example=True
    )
    warning: Percent = setting(Percent(80), help="percent of space or inodes in use that is a warning", example=85)
    critical: Percent = setting(Percent(95), help="percent of space or inodes in use that is critical", example=97)
    free_warning: Size | None = setting(
        None, help="as little free space as this is a warning, whatever the percentage", example="10GB"
    )
    free_critical: Size | None = setting(
        None, help="as little free space as this is critical, whatever the percentage", example="2GB"
    )
    enough: Size | None = setting(
        None,
        help="with at least this much free space the percentage of space does not count: 5 % of a large disk is a lot",
        example="500GB",
    )
    mounts: dict[str, Mount] = setting(
        {},
        help="levels of single mount points, by path",
        example={"/var/lib/postgresql": {"free_warning": "40GB", "free_critical": "20GB"}},
    )

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        found = level_problems(self.warning, self.critical)
        found += _floor_problems(self.free_warning, self.free_critical)
        every = (*self.paths, *self.exclude, *self.mounts)
        found += [f"path {path!r} must be absolute: start it with /" for path in every if not path.startswith("/")]
        for path in self.mounts:
            own = self.of(path)
            wrong = level_problems(own.warning, own.critical) + _floor_problems(own.free_warning, own.free_critical)
            found += [f"mounts.{path}: {phrase}" for phrase in wrong if phrase not in found]
        return found

    def of(self, path: str) -> _Levels:
        """The levels of one path: its own where it has any, else everybody's."""
        own = self.mounts.get(path) or Mount()
        return _Levels(
            warning=self.warning if own.warning is None else own.warning,
            critical=self.critical if own.critical is None else own.critical,
            free_warning=self.free_warning if own.free_warning is None else own.free_warning,
            free_critical=self.free_critical if own.free_critical is None else own.free_critical,
            writable=own.writable,
        )


class _Levels(NamedTuple):
    """What one path is held against."""

    warning: float
    critical: float
    free_warning: int | None
    free_critical: int | None
    writable: bool


class _Look(NamedTuple):
    """What one path gave."""

    path: str
    status: CheckStatus
    text: str
    metrics: tuple[Metric, ...] = ()


class Driver:
    """Looks at each path's filesystem, and remembers which of them could be written to."""

    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._host = host
        self._was_writable: set[str] = set()

    def check(self) -> CheckResult:
        """Look now."""
        paths = tuple(dict.fromkeys(self._config.paths)) or self._discover()
        if not paths:
            return CheckResult("disk", CheckStatus.UNKNOWN, "no filesystem to watch was found: name some paths")
        found = self._host.spaces(paths)
        looks = sorted((self._judge(path, found[path]) for path in paths), key=_worst_first)
        return CheckResult(
            checker="disk",
            status=worst(look.status for look in looks),
            message=_message(looks),
            metrics=tuple(metric for look in looks for metric in look.metrics),
            details=_details(looks),
        )

    def _discover(self) -> tuple[str, ...]:
        left_out = self._config.exclude
        found = {*self._host.filesystems(remote=self._config.remote), *self._config.mounts}
        return tuple(sorted(path for path in found if not any(_is_below(path, folder) for folder in left_out)))

    def _judge(self, path: str, space: Space | Unreadable | Unmounted) -> _Look:
        if isinstance(space, Unmounted):
            status = CheckStatus.WARNING if space.optional else CheckStatus.CRITICAL
            text = f"{path} is not mounted, though /etc/fstab says so"
            return _Look(path, status, text, (Metric(f"unmounted:{path}", 1.0, "", None, 1.0),))
        if isinstance(space, Unreadable):
            broken = (Metric(f"broken:{path}", 1.0, "", None, 1.0),) if space.is_broken else ()
            status = CheckStatus.CRITICAL if space.is_broken else CheckStatus.UNKNOWN
            return _Look(path, status, f"{path} {space.reason}", broken)
        if space.used + space.available == 0:
            kind = space.fstype or "unknown filesystem"
            return _Look(path, CheckStatus.UNKNOWN, f"{path} has no size ({kind})")
        return self._measure(path, space, self._config.of(path))

    def _measure(self, path: str, space: Space, levels: _Levels) -> _Look:
        used = _share(space.used, space.available)
        text = f"{path} {percent(used)} used, {size(space.available)} free"
        free = _free(path, space.available, levels)
        metrics, statuses = [_level(f"used:{path}", used, levels), free], [CheckStatus.OK]
        for level, status in ((free.crit, CheckStatus.CRITICAL), (free.warn, CheckStatus.WARNING)):
            if level is not None and free.reaches(level):
                statuses.append(status)
                text += f" (no more than {Size(level)})"
                break
        enough = self._config.enough
        if enough is None or space.available < enough:
            statuses.append(status_of(used, levels.warning, levels.critical))
        else:
            metrics[0] = Metric(f"used:{path}", round(used, 1), "%")
        if space.inodes_used + space.inodes_available:
            inodes = _share(space.inodes_used, space.inodes_available)
            metrics.append(_level(f"inodes:{path}", inodes, levels))
            statuses.append(status_of(inodes, levels.warning, levels.critical))
            text += f", inodes {percent(inodes)} used"
        if reason := self._why_readonly(path, space, levels):
            metrics.append(Metric(f"readonly:{path}", 1.0, "", None, 1.0))
            statuses.append(CheckStatus.CRITICAL)
            text += f", {reason}"
        elif space.readonly:
            text += ", mounted read-only"
        return _Look(path, worst(statuses), text, tuple(metrics))

    def _why_readonly(self, path: str, space: Space, levels: _Levels) -> str:
        """Why it is trouble that nobody can write here; nothing where it is none."""
        if not space.readonly:
            self._was_writable.add(path)
        if space.turned_readonly:
            return f"the kernel has made it read-only ({space.fstype} on {space.source})"
        if space.readonly and path in self._was_writable:
            return f"it has become read-only ({space.fstype} on {space.source})"
        return "it is read-only" if space.readonly and levels.writable else ""


def _level(name: str, value: float, levels: _Levels) -> Metric:
    return Metric(name, round(value, 1), "%", float(levels.warning), float(levels.critical))


def _free(path: str, available: int, levels: _Levels) -> Metric:
    """Free bytes: the one number here of which less is worse."""
    warning, critical = (
        None if level is None else float(level) for level in (levels.free_warning, levels.free_critical)
    )
    return Metric(f"free:{path}", float(available), "B", warning, critical, low=True)


def _floor_problems(warning: int | None, critical: int | None) -> list[str]:
    if warning is None or critical is None or warning > critical:
        return []
    return [f"free_warning ({Size(warning)}) must be above free_critical ({Size(critical)})"]


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


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


def _details(looks: list[_Look]) -> tuple[str, ...]:
    if len(looks) == 1:
        return ()
    lines = [look.text for look in looks[:DETAILS]]
    if len(looks) > DETAILS:
        lines[-1] = f"and {len(looks) - DETAILS + 1} more"
    return tuple(lines)
