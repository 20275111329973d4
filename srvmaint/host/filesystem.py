"""What a path lies on: the kind of file system and the room left."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes of a file system: all of it, and what an ordinary user may still take."""

    total: int
    free: int


def room(path: Path) -> Room:
    """How much room there is where `path` lies."""
    found = os.statvfs(path)
    return Room(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize)


def filesystem_type(path: Path, mountinfo: Path = Path("/proc/self/mountinfo")) -> str:
    """`ext4`, `tmpfs`, `nfs4`, ...; empty where the kernel does not tell (no /proc)."""
    try:
        lines = mountinfo.read_text().splitlines()
    except OSError:
        return ""
    target = os.path.realpath(path)
    best, kind = "", ""
    for line in lines:
        before, _, after = line.partition(" - ")
        mount_point = _unescaped(before.split()[4])
        inside = target == mount_point or target.startswith(mount_point.rstrip("/") + "/")
        if inside and len(mount_point) >= len(best):
            best, kind = mount_point, after.split()[0]
    return kind


def _unescaped(text: str) -> str:
    """The kernel writes blanks in mount points as octal (proc_pid_mountinfo(5))."""
    return text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
