"""The part of the configuration that a look at this host needs: storage, checkers, and what not to check.

`srvmaint check` runs from cron every minute on every host: nothing here imports a channel driver, a pipeline, an event
loop or anything else of the daemon's, and a mistake in the daemon's sections does not stop a check.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from srvmaint import registry
from srvmaint.config import _source
from srvmaint.config._reading import Reading, begin
from srvmaint.config.schema import FAMILIES, Checkers, HostConfig, Skips, Storage
from srvmaint.errors import Problem

_ON: Final = ("1", "true", "yes", "on")
_OFF: Final = ("", "0", "false", "no", "off")
_DATABASE: Final = "srvmaint.db"


def load_host(path: Path | None, environ: Mapping[str, str], cwd: Path = Path()) -> HostConfig:
    """Read what a look at this host needs.

    Args:
        path: the file, as `--config` names it; None to search for it.
        environ: the environment.
        cwd: what relative names are relative to.

    Raises:
        ConfigError: with every problem in those sections.
    """
    reading = begin(path, environ, cwd)
    parts = host_parts(reading, is_every=False)
    reading.finish()
    return HostConfig(**parts, warnings=tuple(reading.warnings))


def host_parts(reading: Reading, *, is_every: bool) -> dict[str, Any]:
    """The fields of HostConfig except the warnings; `is_every` adds every checker that needs no settings."""
    checkers = _checkers(reading, is_every=is_every)
    known = registry.names(FAMILIES["checkers"])
    return {
        "storage": _storage(reading),
        "secrets": reading.secrets,
        "checkers": checkers,
        "skips": Skips(checkers=skips(reading, "CHECKERS", "checker", checkers.enabled, known)),
        "path": reading.source.path,
    }


def skips(reading: Reading, prefix: str, noun: str, every: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """What `<prefix>_SKIP_ALL` and `<prefix>_SKIP` say, plain and with SRVMAINT_ before: name to variable."""
    found: dict[str, str] = {}
    allowed = tuple(known)
    for variable in (f"{prefix}_SKIP_ALL", f"SRVMAINT_{prefix}_SKIP_ALL"):
        value = reading.environ.get(variable, "").strip().lower()
        if value in _ON:
            found.update({name: variable for name in every if name not in found})
        elif value not in _OFF:
            reading.warnings.append(f"{variable} is neither 1 nor 0: nothing is skipped because of it")
    for variable in (f"{prefix}_SKIP", f"SRVMAINT_{prefix}_SKIP"):
        for name in filter(None, (part.strip() for part in reading.environ.get(variable, "").split(","))):
            if name not in allowed:
                reading.warnings.append(f"{variable}: there is no {noun} {name!r}{registry.nearest(name, allowed)}")
            else:
                found.setdefault(name, variable)
    return found


def _checkers(reading: Reading, *, is_every: bool) -> Checkers:
    package = FAMILIES["checkers"]
    known = registry.names(package)
    section = reading.section(Checkers, "checkers", ignore=known)
    enabled = reading.names(reading.table("checkers"), "checkers.enabled", section.enabled, known, "checker")
    drivers = reading.drivers(package, "checkers", enabled, is_every=is_every)
    asked_for = {*enabled, *reading.table("checkers")}
    for name, config in drivers.items():
        own = getattr(config, "timeout", 0.0)
        if name in asked_for and own >= section.timeout:
            reason = f"({own}) must be below [checkers] timeout ({section.timeout}), or it never comes to its end"
            reading.decoder.complain(f"checkers.{name}.timeout", reason)
    return replace(section, enabled=enabled, drivers=drivers)


def _storage(reading: Reading) -> Storage:
    section = reading.section(Storage, "storage")
    folder = _state_folder(reading)
    if section.path:
        given = (reading.source.folder or reading.cwd) / section.path
        database = given if given.suffix == ".db" else given / _DATABASE
    elif folder is None:
        reason = "cannot tell where to keep the database: neither STATE_DIRECTORY nor HOME is set. Set storage.path."
        reading.decoder.problems.append(Problem("storage.path", reason))
        return section
    else:
        database = folder / _DATABASE
    return replace(section, database=_source.absolute(database))


def _state_folder(reading: Reading) -> Path | None:
    state = reading.environ.get("STATE_DIRECTORY", "").split(":")[0]
    if state:
        return Path(state)
    if os.geteuid() == 0:
        return Path("/var/lib/srvmaint")
    base = _source.base_folder(reading.environ, "XDG_STATE_HOME", ".local/state")
    return base / "srvmaint" if base is not None else None
