"""Kernel text to readings: pure functions, so that every odd kernel is a test with a string in it.

Nothing here opens a file. A text that is not what it should be raises ValueError and names itself.
"""

from __future__ import annotations

from typing import NamedTuple

from srvmaint.host.readings import CpuTimes, Load, Memory, Pressure, Space

_KIB = 1024
_CPU_FIELDS = 8
_NEVER_WRITABLE = frozenset({"squashfs", "iso9660", "erofs", "udf", "cramfs", "romfs"})


class Mount(NamedTuple):
    """One line of mountinfo."""

    point: str
    fstype: str
    source: str
    readonly: bool
    """As seen from this process's namespace: a sandbox makes everything read-only."""
    super_readonly: bool
    """As the filesystem itself is."""
    emergency: bool
    """ext4 of newer kernels: shut for writing after an error."""


def cpu_times(text: str) -> tuple[CpuTimes, tuple[CpuTimes, ...]]:
    """All processors together, and each one, from /proc/stat."""
    lines = [line.split() for line in text.splitlines() if line.startswith("cpu")]
    if not lines or lines[0][0] != "cpu":
        raise ValueError("/proc/stat has no cpu line")
    return _times(lines[0]), tuple(_times(line) for line in lines[1:])


def _times(fields: list[str]) -> CpuTimes:
    # user nice system idle iowait irq softirq steal; guest time is already in user. Old kernels have fewer.
    ticks = [int(field) for field in fields[1 : _CPU_FIELDS + 1]]
    ticks += [0] * (_CPU_FIELDS - len(ticks))
    total = sum(ticks)
    return CpuTimes(busy=total - ticks[3] - ticks[4], iowait=ticks[4], steal=ticks[7], total=total)


def load(text: str, cores: int) -> Load:
    """/proc/loadavg."""
    one, five, fifteen = (float(word) for word in text.split()[:3])
    return Load(one, five, fifteen, max(cores, 1))


def memory(text: str) -> Memory:
    """/proc/meminfo; kernels before 3.14 have no MemAvailable, then free and cache stand in for it."""
    kib = {}
    for line in text.splitlines():
        key, _, rest = line.partition(":")
        words = rest.split()
        if words and words[0].isdigit():
            kib[key] = int(words[0])
    if not kib.get("MemTotal"):
        raise ValueError("/proc/meminfo has no MemTotal")
    available = kib.get("MemAvailable")
    if available is None:
        available = kib.get("MemFree", 0) + kib.get("Buffers", 0) + kib.get("Cached", 0)
    return Memory(
        total=kib["MemTotal"] * _KIB,
        available=min(available, kib["MemTotal"]) * _KIB,
        swap_total=kib.get("SwapTotal", 0) * _KIB,
        swap_free=kib.get("SwapFree", 0) * _KIB,
    )


def pressure(text: str) -> Pressure:
    """/proc/pressure/*; `full` is absent for cpu on older kernels."""
    averages = {}
    for line in text.splitlines():
        words = line.split()
        for word in words[1:]:
            if word.startswith("avg60="):
                averages[words[0]] = float(word[6:])
    return Pressure(some=averages.get("some", 0.0), full=averages.get("full", 0.0))


def mounts(text: str) -> tuple[Mount, ...]:
    """/proc/self/mountinfo, in its order: a later line hides an earlier one on the same point."""
    found = []
    for line in text.splitlines():
        left, dash, right = line.partition(" - ")
        fields, tail = left.split(" "), right.split(" ")
        if not dash or len(fields) < 6 or len(tail) < 3:  # noqa: PLR2004 - the fixed fields of proc(5)
            continue
        super_options = tail[2].split(",")
        found.append(
            Mount(
                point=_unescape(fields[4]),
                fstype=tail[0],
                source=_unescape(tail[1]),
                readonly="ro" in fields[5].split(","),
                super_readonly="ro" in super_options,
                emergency="emergency_ro" in super_options,
            )
        )
    return tuple(found)


def _unescape(text: str) -> str:
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, char)
    return text


def mount_of(path: str, table: tuple[Mount, ...]) -> Mount | None:
    """The mount a resolved path lies on."""
    best: Mount | None = None
    for mount in table:
        inside = path == mount.point or path.startswith(mount.point.rstrip("/") + "/")
        if inside and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def fstab(text: str) -> dict[str, tuple[str, ...]]:
    """Mount point to options, from /etc/fstab."""
    table = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 4 and not fields[0].startswith("#"):  # noqa: PLR2004 - the fixed fields of fstab(5)
            table[_unescape(fields[1])] = tuple(fields[3].split(","))
    return table


def turned_readonly(mount: Mount, wanted: dict[str, tuple[str, ...]]) -> bool:
    """Whether the kernel stopped writing to a filesystem that was meant to be written to.

    After an error the superblock is read-only while the mount is still read-write. Mounted read-only on purpose, both
    are. Inside a sandbox every mount is read-only whatever the superblock says: then only fstab tells what was meant.
    """
    if mount.fstype in _NEVER_WRITABLE:
        return False
    if mount.emergency:
        return True
    if not mount.super_readonly:
        return False
    options = wanted.get(mount.point)
    return not mount.readonly or (options is not None and "ro" not in options)


def space(stat: tuple[int, int, int, int, int, int, int], mount: Mount | None, *, turned: bool) -> Space:
    """Filesystem figures the way df counts them: what root keeps for itself is neither used nor available.

    `stat` is f_frsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_favail.
    """
    unit, blocks, free, available, files, files_free, files_available = stat
    return Space(
        used=max(blocks - free, 0) * unit,
        available=max(available, 0) * unit,
        inodes_used=max(files - files_free, 0) if files else 0,
        inodes_available=max(files_available, 0) if files else 0,
        fstype=mount.fstype if mount else "",
        source=mount.source if mount else "",
        turned_readonly=turned,
    )


class ProcessStat(NamedTuple):
    """What /proc/<pid>/stat says, in the kernel's units."""

    name: str
    cpu_ticks: int
    start_ticks: int
    rss_pages: int


def process_stat(text: str) -> ProcessStat:
    """One /proc/<pid>/stat. The name is in parentheses and may hold anything, parentheses and spaces included."""
    opened, closed = text.find("("), text.rfind(")")
    if opened < 0 or closed < opened:
        raise ValueError("a process's stat has no name")
    rest = text[closed + 2 :].split(" ", 22)
    return ProcessStat(
        name=text[opened + 1 : closed],
        cpu_ticks=int(rest[11]) + int(rest[12]),
        start_ticks=int(rest[19]),
        rss_pages=int(rest[21]),
    )


def unit(text: str) -> str:
    """The innermost systemd service or scope in a /proc/<pid>/cgroup."""
    for line in text.splitlines():
        for part in reversed(line.split("/")):
            if part.endswith((".service", ".scope")):
                return part
    return ""


def local_addresses(fib_trie: str, if_inet6: str) -> frozenset[str]:
    """This machine's own addresses from /proc/net/fib_trie and /proc/net/if_inet6, in their shortest spelling."""
    import ipaddress  # noqa: PLC0415 - only the daemon asks, never a check from cron

    found = set()
    last = ""
    for line in fib_trie.splitlines():
        words = line.split()
        if words[:1] == ["|--"]:
            last = words[1]
        elif words[:3] == ["/32", "host", "LOCAL"]:
            found.add(last)
    for line in if_inet6.splitlines():
        found.add(str(ipaddress.IPv6Address(int(line.split()[0], 16))))
    return frozenset(found)
