"""What every checker does with a number: hold it against two levels, and say it to a person. Pure.

No checker's own knowledge belongs here.
"""

from __future__ import annotations

from collections.abc import Iterable

from srvmaint.model import CHECK_ORDER, CheckStatus

_STEP = 1024
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def status_of(value: float, warning: float, critical: float) -> CheckStatus:
    """A level is reached when the value equals it."""
    if value >= critical:
        return CheckStatus.CRITICAL
    return CheckStatus.WARNING if value >= warning else CheckStatus.OK


def worst(statuses: Iterable[CheckStatus]) -> CheckStatus:
    """Critical before warning before unknown before ok: what is not known never hides what is."""
    return min(statuses, key=CHECK_ORDER.index, default=CheckStatus.UNKNOWN)


def level_problems(warning: float, critical: float) -> list[str]:
    """Why these two levels cannot be held together, in an operator's words."""
    if warning < critical:
        return []
    return [f"warning ({warning:g}) must be below critical ({critical:g})"]


def percent(value: float) -> str:
    """`84.6 %` as `84 %`: rounded down, so that a level is never shown as reached before it is."""
    return f"{int(value)} %"


def size(count: float) -> str:
    """Bytes as `12.3 GiB`."""
    for unit in _UNITS[:-1]:
        if count < _STEP:
            return f"{count:.0f} {unit}" if unit in _UNITS[:2] else f"{count:.1f} {unit}"
        count /= _STEP
    return f"{count:.1f} {_UNITS[-1]}"


def span(seconds: float) -> str:
    """Seconds as a person says them: `45 s`, `30 min`, `5 h`, `12 days`."""
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length or (unit != "days" and seconds >= length):
            return f"{seconds // length:.0f} {unit}"
    return f"{seconds:.0f} s"


def plural(count: int, noun: str) -> str:
    """`1 process`, `2 processes`."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun}{'es' if noun.endswith('s') else 's'}"


def reason_of(error: Exception) -> str:
    """An exception as the reason in `cannot do X: reason`."""
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror.lower()}"
    return str(error) or type(error).__name__
