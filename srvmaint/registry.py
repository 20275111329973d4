"""A family of drivers is a package: the drivers' names are its file names, and loading one loads exactly one.

Files whose name starts with an underscore belong to the family but are no drivers. Listing names imports nothing, so
`--help` and `config check` of an unused driver cost nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

from srvmaint.errors import UsageError


@cache
def names(package: str) -> tuple[str, ...]:
    """The drivers of `package` (a dotted name), sorted, without importing any of them."""
    folder = Path(__file__).parent.joinpath(*package.split(".")[1:])
    found = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name[:-3] for name in found if name.endswith(".py") and not name.startswith("_")))


def load(package: str, name: str) -> ModuleType:
    """Import the one driver called `name`.

    Raises:
        UsageError: there is none of that name; the text has the nearest ones.
    """
    known = names(package)
    if name not in known:
        family = package.rpartition(".")[2]
        raise UsageError(f"there is no {family} driver {name!r}{nearest(name, known)}")
    return importlib.import_module(f"{package}.{name}")


def nearest(word: str, known: Sequence[str]) -> str:
    """A tail for an error text: `: did you mean 'x'?`, or the list of what exists."""
    import difflib  # noqa: PLC0415 - only ever needed on the way to an error

    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f": did you mean {close[0]!r}?"
    return f": there is {', '.join(sorted(known))}." if known else "."
