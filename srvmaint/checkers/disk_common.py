"""What could be given back on any system: caches of users, old temporary files, logs put aside.

Only looked at, never deleted. Files that are merely large are told with their name and not counted: nobody but their
owner knows whether they may go.
"""

from __future__ import annotations

from typing import Final

from srvmaint.checkers import Needs
from srvmaint.checkers._reclaim import Config, Reclaim
from srvmaint.host.readings import Host
from srvmaint.host.reclaim import Place

__all__ = ["NEEDS", "Config", "Driver"]
NEEDS = Needs(
    files=("/tmp", "/var/tmp", "/var/log", "/root", "/home"),  # noqa: S108 - looked at, not written to
    capabilities=("CAP_DAC_READ_SEARCH",),
)
_OLD_DAYS = 7
_LARGE = 100 * 1024 * 1024
PLACES: Final = (
    Place("/tmp", "old temporary files", "systemd-tmpfiles --clean", kind="old", days=_OLD_DAYS),  # noqa: S108 - as above
    Place("/var/tmp", "old temporary files", "systemd-tmpfiles --clean", kind="old", days=30),  # noqa: S108 - as above
    Place("/var/log", "logs put aside", "logrotate: lower `rotate` in /etc/logrotate.d", kind="rotated"),
    Place(
        "~/.cache", "caches of users", "each owner's program, such as pip cache purge, uv cache clean, go clean -cache"
    ),
    Place("~/.npm/_cacache", "npm's cache", "npm cache clean --force"),
    Place("~/.gradle/caches", "Gradle's cache", "gradle --stop, then Gradle's own cleanup of caches"),
    Place("~/.m2/repository", "Maven's cache", "mvn dependency:purge-local-repository", is_counted=False),
    Place("~/.cargo/registry/cache", "Cargo's cache", "cargo cache --autoclean, or cargo clean gc"),
    Place("~/go/pkg/mod/cache/download", "Go's downloads", "go clean -modcache"),
    Place("~/.local/share/Trash", "deleted files in the trash", "gio trash --empty"),
    Place("~/", "large files of users", "ask their owner", kind="large", size=_LARGE, is_counted=False),
)
"""https://pip.pypa.io/en/stable/cli/pip_cache/, https://docs.npmjs.com/cli/commands/npm-cache,
https://pkg.go.dev/cmd/go#hdr-Remove_object_files_and_cached_files: what each owner's program says."""


class Driver(Reclaim):
    """Looks at these places."""

    def __init__(self, config: Config, host: Host) -> None:
        super().__init__("disk_common", PLACES, config, host)
