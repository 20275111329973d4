"""What the three disk_* checkers share: settings, and the words for what was found. The places are theirs.

Only what its owner can empty without asking anybody is summed up. A sum that is not whole says "at least", and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from srvmaint.checkers._levels import plural, size
from srvmaint.host.readings import Host
from srvmaint.host.reclaim import Found, Limits, Place
from srvmaint.model import CheckResult, CheckStatus, Metric
from srvmaint.settings import Duration, Size, setting

if TYPE_CHECKING:
    from collections.abc import Iterator

DETAILS = 10
_WORTH_SAYING = 1024 * 1024
"""Less than this in one place is not worth a line."""


@dataclass(frozen=True, slots=True)
class Config:
    """What is much, and how long to look."""

    warning: Size = setting(Size.parse("5GB"), help="what could be given back that is a warning", example="10GB")
    critical: Size = setting(Size.parse("20GB"), help="what could be given back that is critical", example="50GB")
    time_limit: Duration = setting(
        Duration(5), help="how long to look; what was not seen by then is said", minimum=0.1, maximum=600
    )
    entry_limit: int = setting(
        200_000, help="how many files to look at; what was not seen by then is said", minimum=100, maximum=100_000_000
    )

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        if self.warning < self.critical:
            return []
        return [f"warning ({self.warning}) must be below critical ({self.critical})"]


class Reclaim:
    """A checker over some places."""

    def __init__(self, name: str, places: Sequence[Place], config: Config, host: Host) -> None:
        self._name = name
        self._places = tuple(places)
        self._config = config
        self._host = host

    def check(self) -> CheckResult:
        """Look now."""
        limits = Limits(float(self._config.time_limit), self._config.entry_limit)
        found = sorted(self._host.reclaimable(self._places, limits), key=lambda one: -one.size)
        counted = [one for one in found if one.place.is_counted]
        total = sum(one.size for one in counted)
        missed = [reason for one in found for reason in one.missed]
        return CheckResult(
            checker=self._name,
            status=self._judge(total),
            message=_message(total, counted, missed),
            metrics=tuple(self._metrics(total, found, missed)),
            details=_details(found, missed),
        )

    def _judge(self, total: int) -> CheckStatus:
        if total >= self._config.critical:
            return CheckStatus.CRITICAL
        return CheckStatus.WARNING if total >= self._config.warning else CheckStatus.OK

    def _metrics(self, total: int, found: list[Found], missed: list[str]) -> Iterator[Metric]:
        yield Metric("reclaimable", float(total), "B", float(self._config.warning), float(self._config.critical))
        yield Metric("not_seen", float(len(missed)))
        seen: set[str] = set()
        for one in found:
            name = f"{'reclaimable' if one.place.is_counted else 'held'}:{one.place.path}"
            if name not in seen and one.size:
                seen.add(name)
                yield Metric(name, float(one.size), "B")


def _message(total: int, counted: list[Found], missed: list[str]) -> str:
    text = f"{'at least ' if missed else ''}{size(total)} could be given back"
    worth = [one for one in counted if one.size >= _WORTH_SAYING]
    if worth:
        text += f", most of it {worth[0].place.what}"
    if missed:
        text += f" (not everything was seen: {missed[0]}{f'; and {len(missed) - 1} more' if len(missed) > 1 else ''})"
    return text


def _details(found: list[Found], missed: list[str]) -> tuple[str, ...]:
    """The largest places first, each with what empties it; then what was not seen."""
    worth = [one for one in found if one.size >= _WORTH_SAYING]
    reasons = missed[1:4]
    lines = [_say(one) for one in worth[: DETAILS - len(reasons)]]
    return (*lines, *(f"not seen: {reason}" for reason in reasons))


def _say(one: Found) -> str:
    text = f"{size(one.size)} {one.place.what} in {one.place.path}"
    if one.largest:
        text += f" ({plural(one.files, 'file')}, the largest {one.largest})"
    aside = "" if one.place.is_counted else ", not counted"
    return f"{text}{aside}: {one.place.tool}"
