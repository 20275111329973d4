"""What could be given back on macOS: caches, Xcode's leftovers, simulators, logs, the trash.

Only looked at, never deleted: each place is named with the program that owns it. Downloads are no rubbish and are not
looked at; local snapshots of Time Machine show only to tmutil.
"""

from __future__ import annotations

from typing import Final

from srvmaint.checkers import Needs
from srvmaint.checkers._reclaim import Config, Reclaim
from srvmaint.host.readings import Host
from srvmaint.host.reclaim import Place
from srvmaint.model import CheckResult, CheckStatus

__all__ = ["NEEDS", "Config", "Driver"]
NEEDS = Needs(files=("/Library/Caches", "/Users"))
_LARGE = 500 * 1024 * 1024
_DEVELOPER = "~/Library/Developer"
PLACES: Final = (
    Place("~/Library/Caches", "caches of users", "each owner's program, such as brew cleanup -s, pip cache purge"),
    Place("/Library/Caches", "caches of the system", "restart the program that owns each"),
    Place("~/Library/Logs", "logs of users", "each owner's program"),
    Place(f"{_DEVELOPER}/Xcode/DerivedData", "Xcode's build results", "Xcode: Settings, Locations, Derived Data"),
    Place(f"{_DEVELOPER}/Xcode/iOS DeviceSupport", "symbols of old devices", "Xcode: Window, Devices and Simulators"),
    Place(f"{_DEVELOPER}/CoreSimulator/Caches", "caches of simulators", "xcrun simctl delete unavailable"),
    Place("~/.Trash", "deleted files in the trash", "Finder: Empty Trash"),
    Place(f"{_DEVELOPER}/CoreSimulator/Devices", "simulators", "xcrun simctl delete unavailable", is_counted=False),
    Place(f"{_DEVELOPER}/Xcode/Archives", "Xcode's archives", "Xcode: Window, Organizer", is_counted=False),
    Place("~/Library/Containers/com.docker.docker/Data", "Docker's disk", "docker system prune", is_counted=False),
    Place("/Users/Shared", "large files", "ask their owner", kind="large", size=_LARGE, is_counted=False),
)


class Driver(Reclaim):
    """Looks at these places, on macOS."""

    def __init__(self, config: Config, host: Host) -> None:
        super().__init__("disk_macos", PLACES, config, host)
        self._is_here = host.system() == "darwin"

    def check(self) -> CheckResult:
        """Look now."""
        if not self._is_here:
            return CheckResult("disk_macos", CheckStatus.SKIPPED, "these places exist on macOS only")
        return super().check()
