"""What the package manager knows without asking the network: pending updates, and whether a reboot is due.

Nothing here installs, downloads or locks anything.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import NamedTuple

from srvmaint.host import commands

PATIENCE_S = 60.0
"""apt needs 2 s of processor time on an ordinary machine, dnf 5 s; a small one is ten times slower."""
_APT_LINE = re.compile(r"^Inst (\S+) (?:\[[^\]]*\] )?\((\S+) ([^)]*)\)", re.MULTILINE)
_DNF_LINE = re.compile(r"^(\S+)\.(?:\w+)\s+\S+\s+\S+\s*$", re.MULTILINE)
_DNF_UPDATES = 100
"""What `dnf check-update` ends with when there are updates."""
_NOT_FLAVOUR = re.compile(r"[\d._+~-]+")
_DPKG = ("/var/lib/dpkg/status", "/var/lib/apt/lists", "/etc/apt/sources.list", "/etc/apt/sources.list.d")
_APT_LISTS = (
    "/var/lib/apt/lists",
    "/var/lib/apt/lists/partial",
    "/var/lib/apt/periodic/update-success-stamp",
    "/var/lib/apt/periodic/update-stamp",
)
_RPM = ("/var/lib/rpm", "/usr/lib/sysimage/rpm", "/var/cache/dnf", "/var/cache/libdnf5")


class Updates(NamedTuple):
    """What could be installed."""

    manager: str
    names: tuple[str, ...]
    security: tuple[str, ...]
    """Those of `names` that close a hole."""
    lists_age_s: float | None
    """How long ago the lists came from the network; None where that cannot be told."""


class Reboot(NamedTuple):
    """Whether the running system is older than the installed one."""

    is_flagged: bool
    """The distribution says so: /run/reboot-required."""
    age_s: float
    packages: tuple[str, ...]
    """Which packages want it."""
    running: str
    newest: str
    """The newest installed kernel of the running one's kind; empty where no kernels are installed."""
    uptime_s: float


def apt_updates(out: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All and the security ones, from `apt-get -s dist-upgrade`."""
    names, security = [], []
    for name, _, origin in _APT_LINE.findall(out):
        names.append(name)
        if "-security" in origin.lower():  # Debian-Security:12/stable-security, Ubuntu:24.04/noble-security
            security.append(name)
    return tuple(names), tuple(security)


def dnf_updates(out: str) -> tuple[str, ...]:
    """The packages in the answer of `dnf check-update`; what it obsoletes is listed below and is no update."""
    return tuple(_DNF_LINE.findall(out.partition("Obsoleting Packages")[0]))


def stamp(root: str) -> tuple[int, ...]:
    """Changes when packages, lists or sources change, and costs next to nothing."""
    return tuple(_mtime_ns(f"{root}{path}") for path in (*_DPKG, *_RPM))


def updates(root: str, now: float, folders: Sequence[str] = commands.PATH) -> Updates | None:
    """Ask whichever package manager there is; None where there is none that is known here.

    `now` is epoch seconds.

    Raises:
        OSError: it gave no answer; the text says why.
    """
    if apt := commands.find("apt-get", folders):
        answer = commands.run((apt, "-s", "-q", "-o", "Debug::NoLocking=true", "dist-upgrade"), PATIENCE_S)
        if answer.code != 0:
            raise OSError(f"apt-get ended with {answer.code}: {answer.reason}")
        newest = max(_mtime_ns(f"{root}{path}") for path in _APT_LISTS) / 1e9
        return Updates("apt", *apt_updates(answer.out), max(now - newest, 0.0) if newest else None)
    if dnf := commands.find("dnf", folders):
        every, security = (_dnf(dnf, *more) for more in ((), ("--security",)))
        return Updates("dnf", every, security, None)
    return None


def _dnf(dnf: str, *more: str) -> tuple[str, ...]:
    answer = commands.run((dnf, "--cacheonly", "--quiet", "check-update", *more), PATIENCE_S)
    if answer.code not in (0, _DNF_UPDATES):
        raise OSError(f"dnf ended with {answer.code}: {answer.reason}")
    return dnf_updates(answer.out)


def newest_kernel(running: str, installed: Sequence[str]) -> str:
    """The newest of the installed kernels that are of the running one's kind (`amd64`, `cloud-amd64`, ...)."""
    alike = [release for release in installed if _flavour(release) == _flavour(running)]
    return max(alike, key=_version, default="")


def is_newer(release: str, than: str) -> bool:
    """Whether one kernel release comes after another."""
    return _version(release) > _version(than)


def installed_kernels(root: str) -> tuple[str, ...]:
    """The releases that could be booted."""
    found = {name[len("vmlinuz-") :] for name in _listed(f"{root}/boot") if name.startswith("vmlinuz-")}
    for folder in (f"{root}/lib/modules", f"{root}/usr/lib/modules"):
        found |= {name for name in _listed(folder) if os.access(f"{folder}/{name}/vmlinuz", os.F_OK)}
    return tuple(sorted(name for name in found if name[:1].isdigit()))


def reboot(root: str, running: str, now: float, uptime_s: float) -> Reboot:
    """What /run/reboot-required and the installed kernels say. `now` is epoch seconds."""
    flag = next(
        (
            path
            for path in (f"{root}/run/reboot-required", f"{root}/var/run/reboot-required")
            if os.access(path, os.F_OK)
        ),
        "",
    )
    packages: tuple[str, ...] = ()
    if flag:
        try:
            with open(f"{flag}.pkgs", encoding="utf-8", errors="replace") as lines:  # noqa: PTH123 - pathlib costs 7 ms
                packages = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
        except OSError:
            packages = ()  # the flag alone says enough
    age = max(now - _mtime_ns(flag) / 1e9, 0.0) if flag else 0.0
    return Reboot(bool(flag), age, packages, running, newest_kernel(running, installed_kernels(root)), uptime_s)


def _flavour(release: str) -> tuple[str, ...]:
    return tuple(_NOT_FLAVOUR.sub(" ", release).split())


def _version(release: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", release))


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - pathlib costs 7 ms
    except OSError:
        return []


def _mtime_ns(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116 - pathlib costs 7 ms
    except OSError:
        return 0
