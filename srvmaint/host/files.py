"""Files as a check looks at them: those that a pattern means, their age and size, the beginning of what is in them.

Nothing here waits: whoever calls does so where a hung mount holds up nobody else.
"""

from __future__ import annotations

import glob
import os
from typing import Final, NamedTuple

MOST_MATCHES: Final = 10_000
"""Files of one pattern that are looked at: about 50 ms of processor time."""
_MAGIC: Final = frozenset("*?[")


class Seen(NamedTuple):
    """One file."""

    path: str
    modified: float
    """Epoch seconds."""
    size: int


class Matches(NamedTuple):
    """What a pattern means at this moment."""

    files: tuple[Seen, ...]
    is_cut: bool = False
    """There are more, which were not looked at."""


def is_pattern(path: str) -> bool:
    """Whether it can mean several files."""
    return not _MAGIC.isdisjoint(path)


def matches(pattern: str) -> Matches:
    """The files and directories a pattern (or a plain path) means; `**` goes into directories.

    Raises:
        OSError: it cannot be told, which is not the same as that there are none.
    """
    if not is_pattern(pattern):
        seen = _look(pattern)
        return Matches((seen,) if seen else ())
    if not _can_list(pattern):
        return Matches(())
    found: list[Seen] = []
    for path in glob.iglob(pattern, recursive=True):  # noqa: PTH207 - pathlib costs 7 ms
        if len(found) == MOST_MATCHES:
            return Matches(tuple(found), is_cut=True)
        seen = _look(path)
        if seen is not None:
            found.append(seen)
    return Matches(tuple(found))


def _can_list(pattern: str) -> bool:
    """See that the directory before the first wildcard can be read: `glob` takes a closed one for an empty one."""
    parts = pattern.split("/")
    place = next(place for place, part in enumerate(parts) if is_pattern(part))
    folder = "/".join(parts[:place]) or "/"
    try:
        os.scandir(folder).close()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _look(path: str) -> Seen | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - pathlib costs 7 ms
    except (FileNotFoundError, NotADirectoryError):
        return None  # gone since it was listed, or a link to nothing
    return Seen(path, found.st_mtime, found.st_size)


def beginning(path: str, most: int) -> bytes:
    """At most so many bytes of a file.

    Raises:
        OSError: it cannot be read.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a FIFO must not make anybody wait
    with open(handle, "rb") as file:  # noqa: PTH123 - it is open already
        return file.read(most)
