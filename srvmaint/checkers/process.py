"""Whether the processes that have to run do run: by exact name, command line or user; how many, how large, how young.

A process that has ended (a zombie) or was stopped by a signal does not run. Restarts show between two looks: nothing of
what ran before is left. Command lines are matched and never shown: they can hold secrets.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from srvmaint.checkers import Needs
from srvmaint.checkers._levels import size, span, status_of, worst
from srvmaint.host.readings import Host
from srvmaint.model import CHECK_ORDER, CheckResult, CheckStatus, Metric
from srvmaint.settings import Duration, Size, setting

if TYPE_CHECKING:
    from srvmaint.host.tasks import Task, Tasks

NEEDS = Needs(files=("/proc",), capabilities=("CAP_SYS_PTRACE",))
DETAILS = 10
_ENDED = frozenset("ZX")
_STOPPED = frozenset("Tt")


@dataclass(frozen=True, slots=True)
class Watch:
    """One kind of process: what it is recognised by, and how it has to be."""

    name: str = setting("", help="exact name of the process; empty: any", example="postgres")
    cmdline: str = setting("", help="regular expression found in its command line; empty: any", example="--port 5433")
    user: str = setting("", help="the user it runs as, by name or number; empty: any", example="postgres")
    min: int = setting(1, help="fewer than this are critical", minimum=0)
    max: int | None = setting(None, help="more than this are a warning", example=50, minimum=0)
    memory_warning: Size | None = setting(None, help="memory of all of them that is a warning", example="2GB")
    memory_critical: Size | None = setting(None, help="memory of all of them that is critical", example="4GB")
    youngest: Duration | None = setting(
        None, help="the oldest of them being younger than this is a warning: it was restarted", example="10m"
    )
    oldest: Duration | None = setting(
        None, help="the oldest of them being older than this is a warning: it should have ended", example="6h"
    )
    restarts: int = setting(3, help="so many restarts within `within` are a warning", minimum=1)
    within: Duration = setting(Duration(900), help="how long a restart is counted", minimum=1, maximum=604800)


@dataclass(frozen=True, slots=True)
class Config:
    """Which processes have to run."""

    names: tuple[str, ...] = setting(
        (), help="exact names of processes that have to run, at least one of each", example=("sshd", "nginx")
    )
    watch: dict[str, Watch] = setting(
        {},
        help="processes that are recognised by more than a name, or need levels; each under a name of your choice",
        example={"web": {"name": "gunicorn", "user": "www-data", "min": 2}},
    )

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        found = []
        for label, watch in self.watch.items():
            found += [f"watch.{label}: {phrase}" for phrase in _problems(watch)]
            if label in self.names:
                found.append(f"watch.{label}: {label} is among the names as well: remove it there")
        return found


def _problems(watch: Watch) -> list[str]:
    found = []
    if not (watch.name or watch.cmdline or watch.user):
        found.append("set name, cmdline or user: nothing says which processes are meant")
    if watch.max is not None and watch.max < watch.min:
        found.append(f"max ({watch.max}) must not be below min ({watch.min})")
    low, high = watch.memory_warning, watch.memory_critical
    if low is not None and high is not None and low >= high:
        found.append(f"memory_warning ({low}) must be below memory_critical ({high})")
    try:
        re.compile(watch.cmdline)
    except re.error as error:
        found.append(f"cmdline is no regular expression: {error}")
    return found


@dataclass(slots=True)
class _Memory:
    """What one watch has seen so far."""

    before: frozenset[tuple[int, float]] = frozenset()
    restarts: deque[float] = field(default_factory=deque)


class _Look(NamedTuple):
    """What one watch found."""

    status: CheckStatus
    text: str
    is_missing: bool
    metrics: tuple[Metric, ...]


class Driver:
    """Looks at the process table, and remembers what ran at the previous look."""

    def __init__(self, config: Config, host: Host) -> None:
        self._host = host
        self._watches = {name: Watch(name=name) for name in config.names} | config.watch
        self._patterns = {label: re.compile(watch.cmdline) for label, watch in self._watches.items() if watch.cmdline}
        self._memory = {label: _Memory() for label in self._watches}
        self._is_whole = any(watch.cmdline or watch.user for watch in self._watches.values())

    def check(self) -> CheckResult:
        """Look now."""
        if not self._watches:
            return CheckResult("process", CheckStatus.SKIPPED, "no process is named: set names, or use --names")
        table = self._host.tasks(whole=self._is_whole)
        looks = sorted(
            (self._look(label, watch, table) for label, watch in self._watches.items()),
            key=lambda look: CHECK_ORDER.index(look.status),
        )
        bad = [look.text for look in looks if look.status is not CheckStatus.OK]
        missing = Metric("missing", float(sum(look.is_missing for look in looks)), "", None, 1.0)
        return CheckResult(
            checker="process",
            status=worst(look.status for look in looks),
            message="; ".join(bad or [look.text for look in looks]),
            metrics=(missing, *(metric for look in looks for metric in look.metrics)),
            details=tuple(look.text for look in looks[:DETAILS]) if bad and len(looks) > 1 else (),
        )

    def _look(self, label: str, watch: Watch, table: Tasks) -> _Look:
        try:
            matching = self._matching(label, watch, table)
        except ValueError as error:
            return _Look(CheckStatus.UNKNOWN, f"{label}: {error}", is_missing=False, metrics=())
        present = [task for task in matching if task.state not in _ENDED]
        running = [task for task in present if task.state not in _STOPPED]
        restarts = self._restarts(label, watch, present, table.at)
        found = [_count(watch, present, running), _memory(watch, present), _age(watch, present)]
        if restarts >= watch.restarts:
            found.append((CheckStatus.WARNING, f"restarted {restarts} times within {span(watch.within)}"))
        status = worst(status for status, _ in found)
        text = f"{label}: {', '.join(text for _, text in found if text)}"
        is_missing = len(running) < watch.min
        if is_missing and (table.is_hidden or len(table.seen) < table.total):
            status, is_missing = CheckStatus.UNKNOWN, False
            text = f"{label}: none seen, but not every process can be seen from here (hidepid, ProtectProc=)"
        return _Look(status, text, is_missing, _metrics(label, watch, present, running, restarts))

    def _matching(self, label: str, watch: Watch, table: Tasks) -> list[Task]:
        pattern = self._patterns.get(label)
        uid = self._host.uid_of(watch.user) if watch.user else None
        return [
            task
            for task in table.seen
            if (not watch.name or task.name == watch.name)
            and (not watch.user or task.uid == uid)
            and (pattern is None or pattern.search(task.cmdline or "") is not None)
        ]

    def _restarts(self, label: str, watch: Watch, present: list[Task], now: float) -> int:
        """Restarts seen within the window. One that is missing keeps what it was, so that its return counts."""
        memory = self._memory[label]
        here = frozenset((task.pid, task.started) for task in present)
        if here:
            if memory.before and not here & memory.before:
                memory.restarts.append(now)
            memory.before = here
        while memory.restarts and now - memory.restarts[0] > watch.within:
            memory.restarts.popleft()
        return len(memory.restarts)


def _count(watch: Watch, present: list[Task], running: list[Task]) -> tuple[CheckStatus, str]:
    stopped = [task for task in present if task.state in _STOPPED]
    aside = f" ({len(stopped)} stopped by a signal: kill -CONT {stopped[0].pid})" if stopped else ""
    if len(running) < watch.min:
        if not running:
            return CheckStatus.CRITICAL, f"not running{aside}"
        return CheckStatus.CRITICAL, f"{len(running)} running, at least {watch.min} have to{aside}"
    if watch.max is not None and len(running) > watch.max:
        return CheckStatus.WARNING, f"{len(running)} running, at most {watch.max} should{aside}"
    if stopped:
        return CheckStatus.WARNING, f"{len(running)} running{aside}"
    return CheckStatus.OK, f"{len(running)} running"


def _memory(watch: Watch, present: list[Task]) -> tuple[CheckStatus, str]:
    if not present:
        return CheckStatus.OK, ""
    used = sum(task.rss for task in present)
    never = float("inf")
    low = never if watch.memory_warning is None else float(watch.memory_warning)
    high = never if watch.memory_critical is None else float(watch.memory_critical)
    return status_of(used, low, high), f"{size(used)} of memory"


def _age(watch: Watch, present: list[Task]) -> tuple[CheckStatus, str]:
    if not present:
        return CheckStatus.OK, ""
    age = max(task.age_s for task in present)
    if watch.youngest is not None and age < watch.youngest:
        return CheckStatus.WARNING, f"restarted {span(age)} ago"
    if watch.oldest is not None and age > watch.oldest:
        return CheckStatus.WARNING, f"running for {span(age)}, longer than {span(watch.oldest)}"
    return CheckStatus.OK, f"running for {span(age)}"


def _metrics(label: str, watch: Watch, present: list[Task], running: list[Task], restarts: int) -> tuple[Metric, ...]:
    if watch.max is not None:
        count = Metric(f"running:{label}", float(len(running)), "", float(watch.max + 1))
    else:
        least = float(watch.min - 1) if watch.min else None
        count = Metric(f"running:{label}", float(len(running)), "", None, least, low=True)
    low, high = (None if level is None else float(level) for level in (watch.memory_warning, watch.memory_critical))
    return (
        count,
        Metric(f"memory:{label}", float(sum(task.rss for task in present)), "B", low, high),
        Metric(f"age:{label}", round(max((task.age_s for task in present), default=0.0)), "s"),
        Metric(f"restarts:{label}", float(restarts), "", float(watch.restarts)),
    )
