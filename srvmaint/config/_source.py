"""The file itself: where it is, what is in it, and where a problem in it is.

Nothing here knows a section.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from srvmaint.errors import ConfigError, Problem

FILE_NAME: Final = "srvmaint.toml"
_LARGEST: Final = 4_000_000
_PLACE: Final = r" \(at line (\d+), column (\d+)\)$"


@dataclass(frozen=True, slots=True)
class Source:
    """A configuration that has been read and parsed but not understood; without a path, the built-in defaults."""

    path: Path | None
    text: str
    table: Mapping[str, Any]
    mode: int
    """Permission bits; 0 when there is no regular file to protect."""

    @property
    def folder(self) -> Path | None:
        """What relative paths in the file are relative to."""
        return self.path.parent if self.path is not None else None

    def locate(self, problems: Sequence[Problem]) -> list[Problem]:
        """The problems with file and line, in the order of the lines."""
        if self.path is None:
            return list(problems)
        from srvmaint.config import _lines  # noqa: PLC0415 - only on the way to an error

        lines = _lines.index(self.text)
        located = [
            replace(problem, file=str(self.path), line=_lines.find(lines, problem.path))
            if problem.file is None
            else problem
            for problem in problems
        ]
        return sorted(located, key=lambda problem: (problem.file != str(self.path), problem.line or 0))


def search(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Path | None:
    """The file in use, or None for the built-in defaults.

    Raises:
        ConfigError: a file was asked for by name and is not there, or one that may be there cannot be looked at.
    """
    named = explicit or (Path(environ["SRVMAINT_CONFIG"]) if environ.get("SRVMAINT_CONFIG") else None)
    if named is not None:
        path = absolute(cwd / named)
        if _exists(path):
            return path
        origin = "--config" if explicit else "SRVMAINT_CONFIG"
        raise _cannot(path, f"{origin} names it, but there is no such file", "Correct the path or create the file.")
    folders = [Path(folder) for folder in environ.get("CONFIGURATION_DIRECTORY", "").split(":") if folder]
    folders.append(cwd)
    if (user := base_folder(environ, "XDG_CONFIG_HOME", ".config")) is not None:
        folders.append(user / "srvmaint")
    folders.append(Path("/etc/srvmaint"))
    return next((path for folder in folders if _exists(path := absolute(folder / FILE_NAME))), None)


def base_folder(environ: Mapping[str, str], variable: str, under_home: str) -> Path | None:
    """An XDG base folder; the specification has relative values ignored. None without a home."""
    for value in (environ.get(variable, ""), os.path.join(environ.get("HOME", ""), under_home)):  # noqa: PTH118 - "" must stay relative
        if os.path.isabs(value):  # noqa: PTH117 - the same
            return Path(value)
    return None


def absolute(path: Path) -> Path:
    """The path from the root, links left as they are written; as it is when the working directory is gone."""
    try:
        return Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would follow links
    except OSError:
        return path


def read(path: Path | None) -> Source:
    """Read and parse; None gives the built-in defaults.

    Raises:
        ConfigError: it cannot be read or is not TOML.
    """
    if path is None:
        return Source(None, "", {}, 0)
    import tomllib  # noqa: PLC0415 - 10 ms that a check without a file does not pay

    raw, mode = _read_bytes(path)
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        reason = f"is not UTF-8: byte 0x{raw[error.start]:02x}. Save the file as UTF-8."
        raise ConfigError([Problem("encoding", reason, line, str(path))]) from None
    try:
        return Source(path, text, tomllib.loads(text), mode)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = re.search(_PLACE, message)
        at, column = (int(place[1]), f" (column {place[2]})") if place else (text.rstrip().count("\n") + 1, "")
        reason = f"{re.sub(_PLACE, '', message)}{column}. Correct the line: see https://toml.io."
        raise ConfigError([Problem("syntax", reason, at, str(path))]) from None
    except (ValueError, RecursionError) as error:
        kind = "is nested too deeply" if isinstance(error, RecursionError) else "holds a number too long to read"
        raise ConfigError([Problem("syntax", f"{kind}. Is this the right file?", file=str(path))]) from None


def _read_bytes(path: Path) -> tuple[bytes, int]:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            raw = file.read(_LARGEST + 1)
    except IsADirectoryError:
        raise _cannot(path, "it is a directory", f"Name the file, such as {path / FILE_NAME}.") from None
    except PermissionError:
        raise _cannot(
            path, "permission denied", "Run as a user who may read it, or name another with --config."
        ) from None
    except (OSError, ValueError) as error:
        raise _cannot(path, _reason(error), "Correct the path.") from None
    if len(raw) > _LARGEST:
        raise _cannot(path, f"it is larger than {_LARGEST // 1_000_000} MB", "Is this the right file?")
    return raw, stat.S_IMODE(status.st_mode) if stat.S_ISREG(status.st_mode) else 0


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except PermissionError:
        action = "Run as a user who may look there, or name another file with --config."
        raise _cannot(path, "permission denied on the way to it", action) from None
    except (OSError, ValueError) as error:
        raise _cannot(path, _reason(error), "Correct the path.") from None
    return True


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


def _cannot(path: Path, reason: str, action: str) -> ConfigError:
    return ConfigError([Problem("", f"cannot read the configuration {path}: {reason}. {action}")])
