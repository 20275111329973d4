"""What Datadog writes before a monitor's name: `[P2] [Triggered on {host:web-1}] [TEST] Name`.

Under which key a title stands, and what its words mean, is `datadog`'s knowledge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

TEST: Final = "[TEST]"

_PREFIX: Final = re.compile(
    r"""(?P<test>\[TEST\]\s*)?(?:\[(?P<priority>P[1-5])\]\s*)?
        \[(?P<word>(?:re-?)?(?:triggered|warn|no[ ]data)|re-?notify|(?:warn[ ]|no[ ]data[ ])?recovered|warning|alert|ok)
        (?:\s+on\s+\{(?P<scope>.*?)\})?\s*\]\s*(?P<name>.+)""",
    re.IGNORECASE | re.VERBOSE,
)
_PRIORITY_ONLY: Final = re.compile(r"\[(?P<priority>P[1-5])\]\s*(?P<name>.+)", re.IGNORECASE)


class Title(NamedTuple):
    """A title taken apart; `word` is folded, `whole` is what it was."""

    name: str
    word: str = ""
    scope: str = ""
    priority: str = ""
    whole: str = ""


def fold(word: str) -> str:
    """Small letters and digits only: `Re-Triggered`, `re_triggered` and `ReTriggered` are one word."""
    return "".join(char for char in word.lower() if char.isalnum())


def prefixed(whole: str) -> Title | None:
    """A title with a transition before the name; None when it has none."""
    match = _PREFIX.fullmatch(whole)
    if match is None:
        return None
    name = f"{TEST} {match['name']}" if match["test"] else match["name"]
    return Title(name, fold(match["word"]), match["scope"] or "", match["priority"] or "", whole)


def title_of(titles: Mapping[str, str]) -> Title:
    """The first of the titles, by their folded keys, that has a transition; else the first there is."""
    for whole in titles.values():
        found = prefixed(whole)
        if found is not None:
            return found
    for key, whole in titles.items():
        name, _, scope = whole.rpartition(" on ")
        if key == "alerttitle" and name and all(":" in part.strip(":") for part in scope.split(",")):
            # $ALERT_TITLE is the monitor's name followed by the scope, in an order that changes.
            return Title(name, scope=scope, whole=whole)
        match = _PRIORITY_ONLY.fullmatch(whole)
        return Title(match["name"], priority=match["priority"], whole=whole) if match else Title(whole, whole=whole)
    return Title("")
