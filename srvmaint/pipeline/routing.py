"""Which pipeline an alert takes: the first in file order whose `match` holds.

Pure and fast: a matcher is compiled once when the configuration is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from srvmaint import registry
from srvmaint.errors import Problem
from srvmaint.incidents.identity import instance_of
from srvmaint.model import Alert, AlertStatus, Severity
from srvmaint.pipeline.definition import Definition

FIELDS: Final = ("source", "severity", "status", "name", "instance", "origin", "label.<key>")
ORIGINS: Final = ("webhook", "check", "api")
_FIXED: Final[Mapping[str, tuple[str, ...]]] = {
    "severity": tuple(severity.value for severity in Severity),
    "status": tuple(status.value for status in AlertStatus),
    "origin": ORIGINS,
}


@dataclass(frozen=True, slots=True)
class Test:
    """One field's condition: any of the wanted holds (if there are any) and none of the unwanted does."""

    field: str
    wanted: frozenset[str]
    wanted_patterns: tuple[re.Pattern[str], ...]
    unwanted: frozenset[str]
    unwanted_patterns: tuple[re.Pattern[str], ...]

    def wishes(self) -> str:
        """What passes, as it is written in the file."""
        wanted = [*sorted(self.wanted), *(f"re:{pattern.pattern}" for pattern in self.wanted_patterns)]
        unwanted = [*sorted(self.unwanted), *(f"re:{pattern.pattern}" for pattern in self.unwanted_patterns)]
        return " | ".join([*wanted, *(f"!{text}" for text in unwanted)])

    def holds(self, value: str) -> bool:
        """Whether `value` passes."""
        if value in self.unwanted or any(pattern.search(value) for pattern in self.unwanted_patterns):
            return False
        if not self.wanted and not self.wanted_patterns:
            return True
        return value in self.wanted or any(pattern.search(value) for pattern in self.wanted_patterns)


@dataclass(frozen=True, slots=True)
class Match:
    """All tests must hold; without any, everything matches."""

    tests: tuple[Test, ...] = ()

    def holds(self, alert: Alert, origin: str) -> bool:
        """Whether an alert that arrived by `origin` (webhook, check or api) takes this route."""
        for test in self.tests:  # noqa: SIM110 - a generator costs more than the tests; this runs for every alert
            if not test.holds(_value(test.field, alert, origin)):
                return False
        return True


@dataclass(frozen=True, slots=True)
class Route:
    """A pipeline as configured: which alerts, which definition, which channels."""

    name: str
    match: Match
    definition: Definition
    channels: tuple[str, ...]
    group_by: tuple[str, ...]


def choose(routes: tuple[Route, ...], alert: Alert, origin: str) -> Route | None:
    """The first route that matches; None leaves the alert recorded but unrouted."""
    return next((route for route in routes if route.match.holds(alert, origin)), None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one route says to an alert, and why."""

    route: Route
    is_taken: bool
    """It is the one the alert takes."""
    matches: bool
    because: str


def ask_all(routes: tuple[Route, ...], alert: Alert, origin: str) -> tuple[Answer, ...]:
    """What every route says, in file order: the same as `choose`, with its reasons."""
    taken = choose(routes, alert, origin)
    return tuple(_answer(route, taken, alert, origin) for route in routes)


def _answer(route: Route, taken: Route | None, alert: Alert, origin: str) -> Answer:
    values = [(test, _value(test.field, alert, origin)) for test in route.match.tests]
    against = [
        f"{test.field} is {value!r}, and it wants {test.wishes()}" for test, value in values if not test.holds(value)
    ]
    if against:
        return Answer(route, is_taken=False, matches=False, because="; ".join(against))
    because = "; ".join(f"{test.field} is {value!r}" for test, value in values) or "it matches everything"
    if route is not taken and taken is not None:
        because += f", but {taken.name} comes first"
    return Answer(route, is_taken=route is taken, matches=True, because=because)


def parse_match(table: object, where: str) -> tuple[Match | None, list[Problem]]:
    """Read a `match` table.

    A value or a list of values per field; `!x` negates; `re:` is a regular expression (searched, not anchored).

    Returns:
        The matcher, or None with at least one problem.
    """
    if not isinstance(table, Mapping):
        return None, [Problem(where, "must be a table of field = value")]
    problems: list[Problem] = []
    tests: list[Test] = []
    for field, value in _flat(table):
        path = f"{where}.{field}"
        if field not in FIELDS[:-1] and not field.startswith("label."):
            nearest = registry.nearest(field, FIELDS)
            problems.append(Problem(path, f"unknown field{nearest}"))
            continue
        raw = value if isinstance(value, list) else [value]
        texts = [text for text in raw if isinstance(text, str)]
        if not texts or len(texts) < len(raw):
            problems.append(Problem(path, "must be a string or a list of strings"))
            continue
        test, found = _parse_test(field, texts, path)
        problems.extend(found)
        tests.append(test)
    return (None, problems) if problems else (Match(tuple(tests)), [])


def _flat(table: Mapping[str, object]) -> list[tuple[str, object]]:
    """`label = {team = "db"}` and `"label.team" = "db"` are the same."""
    flat: list[tuple[str, object]] = []
    for key, value in table.items():
        if key == "label" and isinstance(value, Mapping):
            flat.extend((f"label.{name}", wanted) for name, wanted in value.items())
        else:
            flat.append((key, value))
    return flat


def _parse_test(field: str, texts: list[str], path: str) -> tuple[Test, list[Problem]]:
    problems: list[Problem] = []
    plain: dict[bool, set[str]] = {True: set(), False: set()}
    patterns: dict[bool, list[re.Pattern[str]]] = {True: [], False: []}
    for text in texts:
        positive = not text.startswith("!")
        body = text if positive else text[1:]
        if body.startswith("re:"):
            try:
                patterns[positive].append(re.compile(body[3:]))
            except (re.error, OverflowError, RecursionError) as error:
                problems.append(Problem(path, f"is not a regular expression that can be used: {error}"))
            continue
        allowed = _FIXED.get(field)
        if allowed and body not in allowed:
            problems.append(Problem(path, f"cannot be {body!r}{registry.nearest(body, allowed)}"))
        plain[positive].add(body)
    test = Test(field, frozenset(plain[True]), tuple(patterns[True]), frozenset(plain[False]), tuple(patterns[False]))
    return test, problems


def _value(field: str, alert: Alert, origin: str) -> str:
    if field.startswith("label."):
        return alert.labels.get(field[6:], "")
    if field == "origin":
        return origin
    if field == "instance":
        return instance_of(alert)
    return str(getattr(alert, field))
