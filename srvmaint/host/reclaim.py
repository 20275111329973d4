"""How much a directory holds that could be given back: by real blocks, bounded, and never a silent part of a sum.

Real blocks, because a sparse file gives back what it occupies and not what it pretends to be; a file with several names
gives back nothing until the last of them is gone. Symbolic links are not followed, other filesystems not entered.
Nothing here deletes anything.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from srvmaint.host.mounts import Mount, mount_of
from srvmaint.host.packages import newest_kernel

_BLOCK = 512
"""The unit of st_blocks on every system (stat(2))."""
_DAY_S = 86400.0
_ROTATED = re.compile(r"\.(?:gz|xz|bz2|zst|old|\d{1,3})$|[-.]\d{8}(?:\.\w+)?$")
_FOREIGN = ("nfs", "cifs", "smb", "fuse", "autofs", "9p", "ceph", "afs")
_REPORTED = 3
"""Directories that could not be read, named in full; the rest is counted."""


class Place(NamedTuple):
    """Somewhere that fills up by itself, and who can empty it."""

    path: str
    """`~/` at its beginning stands for every home directory that may be looked at."""
    what: str
    tool: str
    """What its owner empties it with: never `rm`."""
    kind: str = "all"
    """all; old: what is older than `days`; rotated: logs put aside; large: single files over `size`; kernels; snaps."""
    days: int = 0
    size: int = 0
    keep: int = 0
    """Bytes that its tool leaves."""
    is_counted: bool = True
    """Whether it may go without asking anybody; else it is told, and not part of the sum."""


class Found(NamedTuple):
    """What is in one place."""

    place: Place
    size: int
    files: int
    largest: str
    """For large files: the largest one's path."""
    missed: tuple[str, ...]
    """Why this is only part of the truth; empty when it is all."""


class Limits(NamedTuple):
    """How long and how far all places together are looked at."""

    seconds: float
    entries: int


class Scanner:
    """One look at several places within one budget."""

    def __init__(self, limits: Limits, monotonic: Callable[[], float], now: float, table: Sequence[Mount]) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._deadline = monotonic() + limits.seconds
        self._now = now
        self._table = tuple(table)
        self._left = limits.entries
        self._links: dict[tuple[int, int], int] = {}
        self._missed: list[str] = []

    def look(self, place: Place, homes: Sequence[str], running: str) -> Found | None:
        """One place; None when there is nothing of the kind on this machine."""
        self._missed = []
        paths = [f"{home}{place.path[1:]}" for home in homes] if place.path.startswith("~/") else [place.path]
        here = [path for path in paths if self._is_there(path)]
        if not here and not self._missed:
            return None
        size = files = 0
        largest, largest_size = "", 0
        for path in here:
            for name, blocks in self._wanted(place, path, running):
                size += blocks
                files += 1
                if blocks > largest_size:
                    largest, largest_size = name, blocks
        shown = self._missed[:_REPORTED]
        if len(self._missed) > _REPORTED:
            shown.append(f"and {len(self._missed) - _REPORTED} more")
        return Found(place, max(size - place.keep, 0), files, largest if place.kind == "large" else "", tuple(shown))

    def _is_there(self, path: str) -> bool:
        """Whether to look at all. Another machine's filesystem may hang, so it is not even touched."""
        mount = mount_of(path, self._table)
        if mount is not None and mount.fstype.startswith(_FOREIGN):
            self._missed.append(f"{path} is on {mount.fstype}: not looked at")
            return False
        try:
            return stat.S_ISDIR(os.lstat(path).st_mode)
        except FileNotFoundError:
            return False
        except OSError as error:
            self._miss(path, error)
            return False

    def _wanted(self, place: Place, path: str, running: str) -> Iterator[tuple[str, int]]:
        if place.kind == "old":
            yield from self._old(path, place.days)
        elif place.kind == "kernels":
            yield from self._kernels(path, running)
        elif place.kind == "snaps":
            yield from self._snaps(path)
        else:
            for name, entry in self._walk(path):
                if place.kind == "rotated" and not _ROTATED.search(name):
                    continue
                if place.kind == "large" and entry.st_blocks * _BLOCK < place.size:
                    continue
                if blocks := self._blocks(entry):
                    yield name, blocks

    def _old(self, path: str, days: int) -> Iterator[tuple[str, int]]:
        """What lies directly in a directory and is old with everything in it."""
        limit = self._now - days * _DAY_S
        for child, entry in self._list(path):
            if stat.S_ISDIR(entry.st_mode):
                inside = [(entry.st_mtime, 0), *((_newest(file), self._blocks(file)) for _, file in self._walk(child))]
                if max(newest for newest, _ in inside) < limit:
                    yield child, sum(blocks for _, blocks in inside)
            elif stat.S_ISREG(entry.st_mode) and _newest(entry) < limit:
                yield child, self._blocks(entry)

    def _kernels(self, path: str, running: str) -> Iterator[tuple[str, int]]:
        """The modules of kernels that neither run nor are the newest."""
        releases = [child.rpartition("/")[2] for child, entry in self._list(path) if stat.S_ISDIR(entry.st_mode)]
        kept = {running, newest_kernel(running, releases)}
        for release in releases:
            if running in releases and release not in kept:
                yield f"{path}/{release}", sum(self._blocks(file) for _, file in self._walk(f"{path}/{release}"))

    def _snaps(self, path: str) -> Iterator[tuple[str, int]]:
        """Revisions of snaps that are not the current one."""
        for child, entry in self._list(path):
            name, _, revision = child.rpartition("/")[2].removesuffix(".snap").rpartition("_")
            try:
                current = os.readlink(f"{path.removesuffix('/var/lib/snapd/snaps')}/snap/{name}/current")  # noqa: PTH115 - as above
            except OSError:
                continue  # not installed under that name: nobody can say which revision is in use
            if revision != current:
                yield child, self._blocks(entry)

    def _walk(self, path: str) -> Iterator[tuple[str, os.stat_result]]:
        """Every regular file below a directory, on its own filesystem."""
        try:
            device = os.lstat(path).st_dev
        except OSError as error:
            self._miss(path, error)
            return
        folders = [path]
        while folders:
            for child, entry in self._list(folders.pop()):
                if stat.S_ISDIR(entry.st_mode):
                    if entry.st_dev == device:
                        folders.append(child)
                elif stat.S_ISREG(entry.st_mode):
                    yield child, entry

    def _list(self, path: str) -> Iterator[tuple[str, os.stat_result]]:
        """What lies directly in a directory, as long as the budget lasts."""
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    if not self._may_go_on(path):
                        return
                    try:
                        yield entry.path, entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue  # it went away meanwhile
        except OSError as error:
            self._miss(path, error)

    def _may_go_on(self, path: str) -> bool:
        self._left -= 1
        if self._left < 0:
            self._miss_once(f"stopped at {path} after {self._limits.entries} entries")
            return False
        if self._monotonic() > self._deadline:
            self._miss_once(f"stopped at {path} after {self._limits.seconds:g} s")
            return False
        return True

    def _miss_once(self, reason: str) -> None:
        if not any(missed.startswith("stopped at ") for missed in self._missed):
            self._missed.append(reason)

    def _miss(self, path: str, error: OSError) -> None:
        self._missed.append(f"{path}: {(error.strerror or str(error)).lower()}")

    def _blocks(self, entry: os.stat_result) -> int:
        """What goes with this name: nothing while the file has others that were not seen yet."""
        if entry.st_nlink > 1:
            key = entry.st_dev, entry.st_ino
            self._links[key] = self._links.get(key, 0) + 1
            if self._links[key] < entry.st_nlink:
                return 0
        return entry.st_blocks * _BLOCK


def _newest(entry: os.stat_result) -> float:
    """When it was last written or renamed: an unpacked archive brings old times of writing along."""
    return max(entry.st_mtime, entry.st_ctime)


def homes(passwd: str, uid: int, own: str) -> tuple[str, ...]:
    """The home directories worth looking at: of people and root for root, else one's own."""
    if uid != 0:
        return (own,) if own.startswith("/") else ()
    found = {own} if own.startswith("/") else set()
    for line in passwd.splitlines():
        fields = line.split(":")
        if len(fields) >= 7 and fields[2].isdigit() and _is_person(int(fields[2]), fields[6]):  # noqa: PLR2004 - passwd(5)
            found.add(fields[5])
    return tuple(sorted(home for home in found if home not in ("", "/")))


def _is_person(uid: int, shell: str) -> bool:
    first, nobody = 1000, 65534
    return uid == 0 or (first <= uid < nobody and not shell.endswith(("nologin", "false")))
