"""One reading of a configuration: the parsed file, the environment it is read in, and every problem found so far.

What the sections mean is for `host` and `load`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from srvmaint import registry
from srvmaint.config import _source
from srvmaint.config._secrets import OTHERS_READ, EnvFile, SecretSource, read_env_file
from srvmaint.config.schema import ARRAYS, TABLES, Secrets
from srvmaint.errors import ConfigError, Problem
from srvmaint.settings import Decoder, join

S = TypeVar("S")


@dataclass(slots=True)
class Reading:
    """Collects problems and warnings until `finish`."""

    source: _source.Source
    environ: Mapping[str, str]
    """The real environment over the env file."""
    cwd: Path
    decoder: Decoder
    warnings: list[str]
    secrets: Secrets
    env_file: EnvFile
    secret_source: SecretSource

    def table(self, name: str) -> Mapping[str, Any]:
        """A top-level section as written; empty when it is absent or no table (its own decoding says so)."""
        table = self.source.table.get(name)
        return table if isinstance(table, Mapping) else {}

    def section(self, kind: type[S], name: str, *, ignore: tuple[str, ...] = ()) -> S:
        """A top-level section decoded; the default one in place of one with problems, so that reading goes on."""
        return self.decoder.section(kind, self.source.table.get(name, {}), name, ignore=ignore) or kind()

    def driver(self, package: str, name: str, table: object, path: str, *, ignore: tuple[str, ...] = ()) -> Any:
        """The settings of one driver; None with a problem noted."""
        try:
            module = registry.load(package, name)
        except ImportError as error:
            self.decoder.complain(path, f"the driver {name} cannot be loaded: {error}. Install what it needs.")
            return None
        return self.decoder.section(module.Config, table, path, ignore=ignore)

    def drivers(self, package: str, name: str, wanted: Iterable[str], *, is_every: bool = False) -> dict[str, Any]:
        """The settings of every driver of a family that is wanted or has a subsection in section `name`.

        With `is_every` also of every other driver that can do without settings.
        """
        table = self.table(name)
        chosen = {*wanted, *table}
        found: dict[str, Any] = {}
        for driver in registry.names(package):
            if driver in chosen:
                found[driver] = self.driver(package, driver, table.get(driver, {}), join(name, driver))
            elif is_every:
                aside = replace(self, decoder=Decoder(_no_secret_here))
                found[driver] = aside.driver(package, driver, {}, join(name, driver))
        return {driver: config for driver, config in found.items() if config is not None}

    def tables(self, name: str) -> list[tuple[str, Mapping[str, Any]]]:
        """The members of a `[[name]]` section, each with its path."""
        raw = self.source.table.get(name, [])
        if not isinstance(raw, list):
            self.decoder.complain(name, f"must be a list of tables: write [[{name}]]")
            return []
        found = []
        for index, table in enumerate(raw):
            if isinstance(table, Mapping):
                found.append((f"{name}[{index}]", table))
            else:
                self.decoder.complain(f"{name}[{index}]", "must be a table")
        return found

    def unique(self, noun: str, members: Iterable[tuple[str, object]], key: str = "name") -> None:
        """No two members of a `[[...]]` section have the same name, which stands at `key`."""
        first: dict[object, str] = {}
        for path, name in members:
            if isinstance(name, str) and first.setdefault(name, path) != path:
                self.decoder.complain(
                    f"{path}.{key}", f"the {noun} {first[name]} is called {name!r} as well: rename one"
                )

    def names(
        self, table: Mapping[str, Any], path: str, default: Iterable[str], known: Iterable[str], noun: str
    ) -> tuple[str, ...]:
        """The names in the list at `path`, a key of `table`; complains about what is unknown or there twice.

        What has the wrong type is left out: its section says so, and is not needed to judge the rest.
        """
        raw = table.get(path.rpartition(".")[2])
        values = raw if isinstance(raw, list) else list(default)
        allowed = tuple(known)
        for index, value in enumerate(values):
            if isinstance(value, str) and value not in allowed:
                self.decoder.complain(
                    f"{path}[{index}]", f"there is no {noun} {value!r}{registry.nearest(value, allowed)}"
                )
            elif value in values[:index]:
                self.decoder.complain(f"{path}[{index}]", f"{value!r} is named twice: remove one")
        return tuple(value for value in values if isinstance(value, str))

    def finish(self) -> None:
        """Raises ConfigError when there was any problem."""
        if self.decoder.problems:
            raise ConfigError(self.source.locate(self.decoder.problems))


def begin(path: Path | None, environ: Mapping[str, str], cwd: Path) -> Reading:
    """Find, read and parse the file, and the env file it names.

    Raises:
        ConfigError: there is no file where one was named, or it is no TOML.
    """
    source = _source.read(_source.search(path, environ, cwd))
    early = Decoder(_no_secret_here)
    known = (*TABLES, *ARRAYS)
    for key in source.table:
        if key not in known:
            early.complain(join("", key), f"unknown section{registry.nearest(key, known)}")
    secrets = early.section(Secrets, source.table.get("secrets", {}), "secrets") or Secrets()
    env_file = EnvFile()
    if source.folder is not None and secrets.env_file:
        env_file = read_env_file(source.folder / secrets.env_file)
        _complain_about(env_file, source, early)
    merged = {**(env_file.values or {}), **environ}
    secret_source = SecretSource(merged, source.folder, env_file)
    decoder = Decoder(secret_source.read)
    decoder.problems.extend(early.problems)
    warnings = (
        [f"{source.path} is empty: the built-in defaults are in use"] if source.mode and not source.text.strip() else []
    )
    return Reading(source, merged, cwd, decoder, warnings, secrets, env_file, secret_source)


def warn_about_readers(reading: Reading) -> None:
    """Warn about secrets that other users of this host can read."""
    env_file, source = reading.env_file, reading.source
    if env_file.mode & OTHERS_READ:
        reading.warnings.append(
            f"{env_file.path} can be read by others (mode {env_file.mode:04o}): run chmod 600 {env_file.path}"
        )
    if env_file.trouble and not env_file.is_absent:
        reading.warnings.append(f"{env_file.path} cannot be read: {env_file.trouble}")
    if reading.secret_source.has_literal and source.mode & OTHERS_READ:
        reading.warnings.append(
            f"{source.path} holds a secret in clear and can be read by others (mode {source.mode:04o}):"
            f' run chmod 600 {source.path}, or write {{ env = "NAME" }} in place of the secret'
        )


def _complain_about(env_file: EnvFile, source: _source.Source, decoder: Decoder) -> None:
    section = source.table.get("secrets")
    if env_file.is_absent and isinstance(section, Mapping) and "env_file" in section:
        decoder.complain(
            "secrets.env_file", f"there is no file {env_file.path}: create it with mode 0600, or remove the key"
        )
    decoder.problems.extend(Problem("line", reason, number, str(env_file.path)) for number, reason in env_file.bad)


def _no_secret_here(_: object) -> Any:
    raise ValueError("cannot hold a secret")
