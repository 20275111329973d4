"""One checker, several subjects (hosts, addresses, files): the worst decides, comes first and is named. Pure.

What makes a subject good or bad is each checker's own knowledge and does not belong here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeVar

from srvmaint.checkers._levels import reason_of, worst
from srvmaint.model import CHECK_ORDER, CheckResult, CheckStatus, Metric

T = TypeVar("T")
NAMED = 5
"""Most subjects in trouble that one message names; the others are counted."""
DETAILS = 10
"""Most lines below a message."""
SUBJECTS = 100
"""Most subjects of one checker: each is looked at in a thread of its own, side by side."""
GRACE_S = 1.0
"""What a look may take beyond its own timeout before it counts as hanging: it is then the resolver that hangs."""


class Look(NamedTuple):
    """What one subject gave; `text` begins with the subject's name."""

    status: CheckStatus
    text: str
    metrics: tuple[Metric, ...] = ()
    rank: float = 0.0
    """Larger is worse, among those of one status."""


def together(checker: str, looks: list[Look], well: str) -> CheckResult:
    """One result of several looks; `well` is what is said when all is: `all 3 <hosts answer, slowest>: <the first>`."""
    ranked = sorted(looks, key=lambda look: (CHECK_ORDER.index(look.status), -look.rank))
    return CheckResult(
        checker=checker,
        status=worst(look.status for look in ranked),
        message=_message(ranked, well),
        metrics=tuple(metric for look in ranked for metric in look.metrics),
        details=tuple(look.text for look in ranked[:DETAILS]) if len(ranked) > 1 else (),
    )


def answered(answers: Mapping[str, T | OSError]) -> tuple[dict[str, T], list[Look]]:
    """What calls gave, and looks for those that gave nothing.

    One that does not come to an end is the subject's trouble, critical; one that could not even be made is unknown.
    """
    found: dict[str, T] = {}
    looks = []
    for name, answer in answers.items():
        if not isinstance(answer, OSError):
            found[name] = answer
        elif isinstance(answer, TimeoutError):
            looks.append(Look(CheckStatus.CRITICAL, f"{name} {reason_of(answer)}"))
        else:
            looks.append(Look(CheckStatus.UNKNOWN, f"cannot look at {name}: {reason_of(answer)}"))
    return found, looks


def span(seconds: float) -> str:
    """A short time: `0.043 ms`, `3.5 ms`, `12 ms`, `1.25 s`."""
    if seconds < 0.01:  # noqa: PLR2004 - below 10 ms two digits tell something
        return f"{max(seconds * 1000, 0.001):.2g} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def slow(seconds: float, warning: float | None, critical: float | None) -> CheckStatus:
    """How bad a latency is; a level that is not set is never reached."""
    if critical is not None and seconds >= critical:
        return CheckStatus.CRITICAL
    return CheckStatus.WARNING if warning is not None and seconds >= warning else CheckStatus.OK


def latency(name: str, seconds: float, warning: float | None, critical: float | None) -> Metric:
    """A latency as a metric with its levels."""
    return Metric(name, round(seconds, 6), "s", _plain(warning), _plain(critical))


def latency_problems(warning: float | None, critical: float | None, prefix: str = "") -> list[str]:
    """Why two latency levels cannot be held together, in an operator's words."""
    if warning is None or critical is None or warning < critical:
        return []
    return [f"{prefix}warning ({warning}) must be below {prefix}critical ({critical})"]


def subject_problems(key: str, names: tuple[str, ...], example: str) -> list[str]:
    """Why a list of subjects cannot be looked at."""
    if not names:
        return [f"{key} is empty: name at least one, such as {example}"]
    found = [f"{key} has {name} twice: remove one" for name in dict.fromkeys(names) if names.count(name) > 1]
    if len(names) > SUBJECTS:
        found.append(f"{key} has {len(names)} entries: at most {SUBJECTS} can be looked at side by side")
    return found


def _plain(level: float | None) -> float | None:
    return None if level is None else float(level)


def _message(ranked: list[Look], well: str) -> str:
    bad = [look.text for look in ranked if look.status is not CheckStatus.OK]
    if len(bad) > NAMED:
        bad = [*bad[:NAMED], f"and {len(bad) - NAMED} more"]
    if bad:
        return "; ".join(bad)
    return ranked[0].text if len(ranked) == 1 else f"all {len(ranked)} {well}: {ranked[0].text}"
