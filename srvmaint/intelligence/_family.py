"""What a family of trouble (memory, disk, cpu) is: its words, how to read its evidence, what to do.

Words are matched whole, after CamelCase and snake_case are split: `HighMemoryUsage` speaks of memory, "Program crashed"
does not speak of RAM. Nothing here knows a particular family; `rules/` has those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from srvmaint.model import Alert, CheckResult, CheckStatus, Metric, Priority, Recommendation

_TOKEN: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
TEXT_LIMIT: Final = 1000
"""Characters of free text looked at; what an alert is about stands at its beginning."""
_STEPS: Final = 3
"""Steps taken from one helper."""
NEAR: Final = 0.9
"""From this share of its warning level on, "ok" is no contradiction: the sender's own level may be lower than ours."""

INSIDE: Final = frozenset(
    {
        *("container", "containers", "pod", "pods", "cgroup", "process", "processes", "jvm", "heap", "goroutine"),
        *("gpu", "vram", "redis", "memcached", "elasticsearch", "etcd", "kafka", "tablespace", "keyspace", "quota"),
    }
)
"""Words of trouble inside one program or container: the host as a whole proves nothing about it."""


OOM: Final = frozenset({"oom", "oomkill", "oomkilled", "oomkiller"})
"""Words of an event that leaves memory free behind it."""


class Text(NamedTuple):
    """A text as whole lower-case words, and as one line for phrases."""

    words: frozenset[str]
    line: str


def read_text(text: str) -> Text:
    """Split a text into words; case changes, underscores and digits are boundaries."""
    words = [word.lower() for word in _TOKEN.findall(text[:TEXT_LIMIT])]
    return Text(frozenset(words), f" {' '.join(words)} ")


class Reading(NamedTuple):
    """What one check result says about one alert."""

    status: CheckStatus
    text: str
    near: bool = False
    """Ok, but close to its level."""


def read_whole(_: Alert, result: CheckResult) -> Reading:
    """The result as it stands."""
    near = result.status is CheckStatus.OK and any(near_level(metric) for metric in result.metrics)
    return Reading(result.status, result.message, near)


def near_level(metric: Metric) -> bool:
    """Whether a number comes close to its warning level."""
    if metric.warn is None:
        return False
    return metric.value * NEAR <= metric.warn if metric.low else metric.value >= metric.warn * NEAR


@dataclass(frozen=True, slots=True)
class Family:
    """One family of trouble."""

    type: str
    """What the trouble is about; several families may share it."""
    checker: str
    words: frozenset[str]
    title: Callable[[CheckResult], str]
    """A warning or critical result as a thing to do."""
    actions: Callable[[CheckResult], tuple[str, ...]]
    """The first steps, in order."""
    look: tuple[str, ...]
    """Commands with which a person looks at another machine."""
    phrases: tuple[str, ...] = ()
    """Several words in a row that mean this family, where each alone would not."""
    not_about: tuple[str, ...] = ()
    """Phrases with this family's words in them that mean something else."""
    open_words: frozenset[str] = field(default_factory=frozenset)
    """Words of an event or a forecast: that all is well now does not contradict it."""
    read: Callable[[Alert, CheckResult], Reading] = read_whole
    instead: str = ""
    """A checker whose result says something as well, where this family's own did not run."""
    helpers: tuple[str, ...] = ()
    """Checkers whose details are steps against this trouble."""

    def find(self, evidence: Mapping[str, CheckResult]) -> CheckResult | None:
        """The result that speaks of this family."""
        own = evidence.get(self.checker)
        if own is not None and own.status is not CheckStatus.SKIPPED:
            return own
        return evidence.get(self.instead) or own

    def matches(self, text: Text) -> bool:
        """Whether a text speaks of this family."""
        if self.words.isdisjoint(text.words) and not any(f" {phrase} " in text.line for phrase in self.phrases):
            return False
        return not any(f" {phrase} " in text.line for phrase in self.not_about)

    def advise(self, result: CheckResult, helping: Sequence[CheckResult] = ()) -> Recommendation:
        """What to do about what the host itself shows; `helping` are the results of its helpers."""
        if result.status is CheckStatus.UNKNOWN:
            return Recommendation(
                type=self.type,
                priority=Priority.MEDIUM,
                title=f"Find out why {result.checker} could not be checked",
                description=f"{result.message}.",
                actions=self.look,
                evidence=(result.id,),
            )
        if result.status is CheckStatus.OK:
            return Recommendation(
                type=self.type,
                priority=Priority.LOW,
                title=f"Compare the alert with this host: {self.type} is fine here",
                description=f"{result.message}. The alert says otherwise, or speaks of another moment or place.",
                actions=("Compare the alert's query and level with the figures above.",),
                evidence=(result.id,),
            )
        details = f" {'; '.join(result.details[:3])}." if result.details else ""
        return Recommendation(
            type=self.type,
            priority=Priority.CRITICAL if result.status is CheckStatus.CRITICAL else Priority.HIGH,
            title=self.title(result),
            description=f"{result.message}.{details}",
            actions=(*self.actions(result), *(step for other in helping for step in other.details[:_STEPS])),
            evidence=(result.id, *(other.id for other in helping if other.details)),
        )


def advise_plainly(result: CheckResult) -> Recommendation:
    """What a checker of no family has found: its own words, and its details as the steps."""
    return Recommendation(
        type=result.checker,
        priority=Priority.HIGH if result.status is CheckStatus.CRITICAL else Priority.MEDIUM,
        title=f"See to what the {result.checker} check has found",
        description=f"{result.message}.",
        actions=result.details,
        evidence=(result.id,),
    )
