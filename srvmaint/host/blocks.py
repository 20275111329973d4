"""What the kernel counts of its disks (/proc/diskstats), and which of its block devices are disks. Pure.

https://docs.kernel.org/admin-guide/iostats.html. Nothing here opens a file.
"""

from __future__ import annotations

from typing import NamedTuple

_LEAST_FIELDS = 14
_SECTOR = 512
"""The unit of /proc/diskstats whatever the disk's own sectors are."""
_NEVER = ("loop", "ram", "zram", "sr", "fd", "nbd")
"""Block devices whose work is somebody else's: memory, a file on another disk, a drive with nothing in it."""
_STACKED = ("dm-", "md")
"""Made of other disks: counting them as well would count each request twice."""


class DiskTimes(NamedTuple):
    """Counters of one disk since boot. Times in milliseconds."""

    reads: int
    read_ms: int
    """All reads together: ten requests waiting 1 s side by side are 10,000."""
    read_bytes: int
    writes: int
    write_ms: int
    write_bytes: int
    busy_ms: int
    """At least one request was under way."""


class DiskSample(NamedTuple):
    """All disks at one moment; two of them make a rate."""

    at: float
    """Monotonic seconds."""
    disks: dict[str, DiskTimes]


def disk_times(text: str) -> dict[str, DiskTimes]:
    """Every line of /proc/diskstats, partitions too."""
    found = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < _LEAST_FIELDS:
            continue
        count = [int(field) for field in fields[3:_LEAST_FIELDS]]
        found[fields[2]] = DiskTimes(
            reads=count[0],
            read_ms=count[3],
            read_bytes=count[2] * _SECTOR,
            writes=count[4],
            write_ms=count[7],
            write_bytes=count[6] * _SECTOR,
            busy_ms=count[9],
        )
    return found


def disks(names: tuple[str, ...]) -> tuple[str, ...]:
    """Of the names in /sys/block (whole devices, no partitions), those that are disks.

    Where there is nothing but stacked devices (some virtual machines), those are the disks.
    """
    real = tuple(name for name in names if not name.startswith(_NEVER))
    plain = tuple(name for name in real if not name.startswith(_STACKED))
    return plain or real
