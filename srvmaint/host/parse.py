"""Kernel text to readings: pure functions, so that every odd kernel is a test with a string in it.

Nothing here opens a file. A text that is not what it should be raises ValueError and names itself.
"""

from __future__ import annotations

from typing import NamedTuple

from srvmaint.host.readings import CpuTimes, Load, Memory, Pressure

_KIB = 1024
_CPU_FIELDS = 8


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
    words = text.split()
    one, five, fifteen = (float(word) for word in words[:3])
    running, _, tasks = words[3].partition("/") if len(words) > 3 else ("0", "", "0")  # noqa: PLR2004 - after the three
    return Load(one, five, fifteen, max(cores, 1), int(running), int(tasks))


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
            key, _, value = word.partition("=")
            if key in ("avg60", "avg300"):
                averages[words[0], key] = float(value)
    return Pressure(
        some=averages.get(("some", "avg60"), 0.0),
        full=averages.get(("full", "avg60"), 0.0),
        some_300=averages.get(("some", "avg300"), 0.0),
        full_300=averages.get(("full", "avg300"), 0.0),
    )


def counters(text: str) -> dict[str, int]:
    """/proc/vmstat and its like: one name and one number a line."""
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if value.isdigit():
            found[name] = int(value)
    return found


class ProcessStat(NamedTuple):
    """What /proc/<pid>/stat says, in the kernel's units."""

    name: str
    state: str
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
        state=rest[0],
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
