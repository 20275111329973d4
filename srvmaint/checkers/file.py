"""Whether files are there, young enough, large enough, and as many as they should be.

The backup that has to be there every morning, the spool that must not grow old, the lock that must not be left behind.
Age is the time since the last change of the content; of several files the newest is judged, unless told otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from srvmaint.checkers import Needs
from srvmaint.checkers._levels import size, worst
from srvmaint.checkers._looks import Look, answered, latency, latency_problems, slow, subject_problems, together
from srvmaint.clock import human_span
from srvmaint.host.files import MOST_MATCHES, Matches, Seen, is_pattern, matches
from srvmaint.host.patience import Patience
from srvmaint.host.readings import Host
from srvmaint.model import CheckResult, CheckStatus, Metric
from srvmaint.settings import Duration, Size, setting

NEEDS: Final = Needs(files=("<files.path>",))
_SECOND_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class Target:
    """One file, or all that a pattern means."""

    path: str = setting(help="the file, or a pattern with *, ?, [ ] or **", example="/srv/backup/*.tar.zst")
    warning: Duration | None = setting(None, help="age from which it is a warning; default: no age is", example="26h")
    critical: Duration | None = setting(None, help="age from which it is critical; default: no age is", example="50h")
    oldest: bool = setting(default=False, help="judge the oldest of several files: a queue that must not grow old")
    min_size: Size | None = setting(None, help="less than this in the judged file is critical", example="10MB")
    max_size: Size | None = setting(None, help="more than this in the judged file is critical", example="2GB")
    min_count: int | None = setting(
        None, help="fewer files are critical; default: 1, or 0 where there is a max_count", minimum=0
    )
    max_count: int | None = setting(None, help="more files are critical; 0: it must not be there", minimum=0)

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        found = latency_problems(self.warning, self.critical)
        if not self.path.startswith("/") or "\0" in self.path:
            found.append(f"path {self.path!r} must be absolute: start it with /")
        if self.min_size is not None and self.max_size is not None and self.min_size > self.max_size:
            found.append(f"min_size ({self.min_size}) must not be above max_size ({self.max_size})")
        if self.max_count is not None and (self.min_count or 0) > self.max_count:
            found.append(f"min_count ({self.min_count}) must not be above max_count ({self.max_count})")
        if (self.min_count or 0) > MOST_MATCHES or (self.max_count or 0) >= MOST_MATCHES:
            found.append(f"more than {MOST_MATCHES} files are not counted: give smaller numbers")
        return found

    @property
    def fewest(self) -> int:
        """How many there have to be."""
        if self.min_count is not None:
            return self.min_count
        return 1 if self.max_count is None else 0


@dataclass(frozen=True, slots=True)
class Config:
    """Which files."""

    files: tuple[Target, ...] = setting(
        help="what is looked at, one table each",
        example=[
            {"path": "/srv/backup/*.tar.zst", "warning": "26h", "critical": "50h", "min_size": "10MB"},
            {"path": "/var/spool/outgoing/*", "oldest": True, "critical": "1h", "min_count": 0},
        ],
    )
    timeout: Duration = setting(
        Duration(5),
        help="from then on a file system does not answer, which is critical; below [checkers] timeout",
        minimum=0.05,
        maximum=300,
    )

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        paths = tuple(each.path for each in self.files)
        return subject_problems("files", paths, '{ path = "/srv/backup/*.tar", warning = "26h" }')


class Driver:
    """Looks at all of them side by side: a hung mount holds up nobody else's files."""

    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._clock = host.clock
        self._patience: Patience[Matches] = Patience(config.timeout, host.clock.monotonic)

    def check(self) -> CheckResult:
        """Look now."""
        targets = {target.path: target for target in self._config.files}
        found, looks = answered(self._patience.gather({path: partial(matches, path) for path in targets}))
        looks += [self._judge(targets[path], seen) for path, seen in found.items()]
        return together("file", looks, "files are as they should be, oldest")

    def _judge(self, target: Target, seen: Matches) -> Look:
        count = Metric(f"count:{target.path}", float(len(seen.files)))
        wrong = _wrong_count(target, seen)
        if not seen.files:
            nothing = "is not there" if not is_pattern(target.path) else "matches no file"
            status = CheckStatus.CRITICAL if wrong else CheckStatus.OK
            return Look(status, f"{target.path} {nothing}{'' if wrong else ', as it should be'}", (count,))
        judged = (min if target.oldest else max)(seen.files, key=lambda each: each.modified)
        age = self._clock.now() / _SECOND_MS - judged.modified
        status = slow(age, target.warning, target.critical)
        wrong += _wrong_size(target, judged)
        metrics = (
            latency(f"age:{target.path}", age, target.warning, target.critical),
            Metric(f"size:{target.path}", float(judged.size), "B"),
            count,
        )
        text = f"{_subject(target, seen, judged)} {', '.join((*wrong, _age(age, status, target)))}, {size(judged.size)}"
        return Look(worst((status, CheckStatus.CRITICAL)) if wrong else status, text, metrics, age)


def _wrong_count(target: Target, seen: Matches) -> list[str]:
    """What is wrong with how many there are, in a few words."""
    count = len(seen.files)
    if count < target.fewest:
        return [f"only {count} of at least {target.fewest}"]
    if target.max_count is not None and (count > target.max_count or seen.is_cut):
        if target.max_count == 0:
            return ["must not be there"]
        return [f"{'more than ' if seen.is_cut else ''}{count} of at most {target.max_count}"]
    return []


def _wrong_size(target: Target, judged: Seen) -> list[str]:
    if target.min_size is not None and judged.size < target.min_size:
        return [f"too small (at least {target.min_size})"]
    if target.max_size is not None and judged.size > target.max_size:
        return [f"too large (at most {target.max_size})"]
    return []


def _subject(target: Target, seen: Matches, judged: Seen) -> str:
    if judged.path == target.path:
        return target.path
    which = "oldest" if target.oldest else "newest"
    many = f"{'more than ' if seen.is_cut else ''}{len(seen.files)}"
    name = "".join(char if char.isprintable() else "?" for char in judged.path.rpartition("/")[2])
    return f"{target.path} ({which} of {many}: {name[:80]})"


def _age(age: float, status: CheckStatus, target: Target) -> str:
    if age < 0:
        return f"changed {human_span(-age)} in the future"
    level = target.critical if status is CheckStatus.CRITICAL else target.warning
    over = f" (limit {level})" if status is not CheckStatus.OK else ""
    return f"changed {human_span(age)} ago{over}"
