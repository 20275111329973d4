"""What could be given back on Linux: downloaded packages, the journal, core dumps, old kernels, old snaps.

Only looked at, never deleted: each place is named with the program that owns it. What containers occupy is told and not
counted, because only their own program knows what is in use.
"""

from __future__ import annotations

from typing import Final

from srvmaint.checkers import Needs
from srvmaint.checkers._reclaim import Config, Reclaim
from srvmaint.host.readings import Host
from srvmaint.host.reclaim import Place
from srvmaint.model import CheckResult, CheckStatus

__all__ = ["NEEDS", "Config", "Driver"]
NEEDS = Needs(
    files=("/var/cache", "/var/log/journal", "/var/lib", "/lib/modules"), capabilities=("CAP_DAC_READ_SEARCH",)
)
_JOURNAL = 200 * 1024 * 1024
"""What `journalctl --vacuum-size=200M` leaves."""
_LARGE = 500 * 1024 * 1024
PLACES: Final = (
    Place("/var/cache/apt/archives", "apt's downloaded packages", "apt-get clean"),
    Place("/var/cache/dnf", "dnf's downloaded packages", "dnf clean packages"),
    Place("/var/cache/libdnf5", "dnf's downloaded packages", "dnf clean packages"),
    Place("/var/cache/yum", "yum's downloaded packages", "yum clean packages"),
    Place("/var/cache/pacman/pkg", "pacman's downloaded packages", "paccache -rk1"),
    Place("/var/cache/zypp/packages", "zypper's downloaded packages", "zypper clean"),
    Place("/var/log/journal", "the journal over 200 MiB", "journalctl --vacuum-size=200M", keep=_JOURNAL),
    Place("/var/lib/systemd/coredump", "core dumps", "look with coredumpctl list, then systemd-tmpfiles --clean"),
    Place("/var/crash", "crash reports", "look at them, then remove them by hand"),
    Place("/lib/modules", "old kernels", "apt-get autoremove --purge, or dnf remove --oldinstallonly", kind="kernels"),
    Place(
        "/var/lib/snapd/snaps",
        "old revisions of snaps",
        "snap list --all, then snap remove NAME --revision=N",
        kind="snaps",
    ),
    Place("/opt", "large files", "ask their owner", kind="large", size=_LARGE, is_counted=False),
    Place("/srv", "large files", "ask their owner", kind="large", size=_LARGE, is_counted=False),
    Place("/var/lib/docker", "Docker's data", "docker system df, then docker system prune", is_counted=False),
    Place("/var/lib/containers", "Podman's data", "podman system df, then podman system prune", is_counted=False),
    Place("/var/lib/containerd", "containerd's data", "crictl rmi --prune", is_counted=False),
    Place("/var/lib/flatpak", "Flatpak's data", "flatpak uninstall --unused", is_counted=False),
)


class Driver(Reclaim):
    """Looks at these places, on Linux."""

    def __init__(self, config: Config, host: Host) -> None:
        super().__init__("disk_linux", PLACES, config, host)
        self._is_here = host.system() == "linux"

    def check(self) -> CheckResult:
        """Look now."""
        if not self._is_here:
            return CheckResult("disk_linux", CheckStatus.SKIPPED, "these places exist on Linux only")
        return super().check()
