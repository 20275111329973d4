"""Where secrets come from: the environment, the env file, a file, a systemd credential.

No text made here holds a value: not an error, not a warning, not a line of the env file.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from srvmaint.settings import Secret

OTHERS_READ: Final = stat.S_IRGRP | stat.S_IROTH
_LARGEST: Final = 1_000_000
_VARIABLE: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_ASSIGNMENT: Final = r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*"
_DOUBLE: Final = r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?'
_SINGLE: Final = r"'([^']*)'\s*(?:#.*)?"
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}
_FORMS: Final = '{ env = "NAME" }, { file = "/path" } or { credential = "name" }'


@dataclass(frozen=True, slots=True)
class EnvFile:
    """What an env file says. `trouble` is why it could not be read at all; `bad` are (line, reason)."""

    path: Path | None = None
    values: Mapping[str, str] | None = None
    bad: tuple[tuple[int, str], ...] = ()
    mode: int = 0
    is_absent: bool = False
    trouble: str | None = None


def read_env_file(path: Path) -> EnvFile:
    """Read KEY=VALUE lines; never raises."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            raw = file.read(_LARGEST + 1)
        text = raw.decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return EnvFile(path, is_absent=True, trouble="no such file")
    except UnicodeDecodeError:
        return EnvFile(path, trouble="it is not UTF-8")
    except (OSError, ValueError) as error:
        return EnvFile(path, trouble=_reason(error))
    if len(raw) > _LARGEST:
        return EnvFile(path, trouble="it is larger than 1 MB")
    values: dict[str, str] = {}
    bad: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = re.fullmatch(_ASSIGNMENT, line)
        value = _value(match[2]) if match else None
        if match is None:
            bad.append((number, "is not KEY=VALUE. Correct the line or begin it with #."))
        elif value is None:
            bad.append(
                (number, f"the value of {match[1]} has an open quote or text behind its quotes. Quote all of it.")
            )
        else:
            values[match[1]] = value
    return EnvFile(path, values, tuple(bad), mode)


def _value(text: str) -> str | None:
    if text.startswith('"'):
        match = re.fullmatch(_DOUBLE, text)
        return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), match[1]) if match else None
    if text.startswith("'"):
        match = re.fullmatch(_SINGLE, text)
        return match[1] if match else None
    return re.split(r"\s+#", text, maxsplit=1)[0] if not text.startswith("#") else ""


class SecretSource:
    """Reads what the TOML file says about a secret. `has_literal` is set once one was written in clear."""

    def __init__(self, environ: Mapping[str, str], folder: Path | None, env_file: EnvFile) -> None:
        self.has_literal = False
        self._environ = environ
        self._folder = folder or Path()
        self._env_file = env_file

    def read(self, raw: object) -> Secret:
        """The secret; raises ValueError with the phrase an operator needs."""
        if isinstance(raw, str):
            if not raw:
                raise ValueError(f"is empty: write the value, or better {_FORMS}")
            self.has_literal = True
            return Secret(raw)
        if not isinstance(raw, Mapping) or len(raw) != 1:
            raise ValueError(f"must be a string or one of {_FORMS}")
        (kind, name), *_ = raw.items()
        if kind not in ("env", "file", "credential") or not isinstance(name, str) or not name:
            raise ValueError(f"must be a string or one of {_FORMS}")
        value = {"env": self._from_environment, "file": self._from_file, "credential": self._from_credential}[kind](
            name
        )
        if not value:
            raise ValueError(f"{kind} {name} is empty: put the secret into it")
        return Secret(value, f"{kind} {name}")

    def _from_environment(self, name: str) -> str:
        if not re.fullmatch(_VARIABLE, name):  # and the text does not repeat it: it may be the secret itself
            raise ValueError("must name an environment variable: letters, digits and `_`, not the secret itself")
        if name in self._environ:
            return self._environ[name]
        where = f"put {name}=... into {self._env_file.path} (mode 0600) or " if self._env_file.path else ""
        unread = self._env_file.trouble and not self._env_file.is_absent
        remark = f", and {self._env_file.path} cannot be read ({self._env_file.trouble})" if unread else ""
        raise ValueError(f"the environment variable {name} is not set{remark}: {where}set it where srvmaint is started")

    def _from_file(self, name: str) -> str:
        return _contents(self._folder / name, f"create it with mode 0600, or correct `file = {name!r}`")

    def _from_credential(self, name: str) -> str:
        folder = self._environ.get("CREDENTIALS_DIRECTORY")
        if "/" in name or name in (".", ".."):
            raise ValueError("must be the name of a credential, not a path")
        action = f"add LoadCredential={name}:/path/to/it to the systemd unit"
        if not folder:
            raise ValueError(f"there is no $CREDENTIALS_DIRECTORY to take {name} from: {action}")
        return _contents(Path(folder) / name, action)


def _contents(path: Path, action: str) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST)
        return raw.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError(f"cannot read the secret file {path}: it is not UTF-8: {action}") from None
    except (OSError, ValueError) as error:
        raise ValueError(f"cannot read the secret file {path}: {_reason(error)}: {action}") from None


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or "it cannot be opened").lower() if isinstance(error, OSError) else "it is no usable path"
