"""Definitions in files of their own: `pipelines.d/<name>.json` beside the TOML, one each.

Reading them is here, and writing one: validated before, as a whole, or not at all.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from srvmaint import nodes
from srvmaint.config.schema import NAME, Config
from srvmaint.errors import ConfigError, ConflictError, Problem, UsageError
from srvmaint.pipeline import definition
from srvmaint.pipeline.definition import Definition

FOLDER: Final = "pipelines.d"
LARGEST: Final = 1_000_000
"""Bytes of a definition."""


def known_names(config: Config) -> nodes.Known:
    """The names a definition may speak of."""
    return nodes.Known(
        checkers=tuple(config.checkers.drivers),
        providers=tuple(config.intelligence.configs),
        channels={str(channel.name): channel.driver for channel in config.channels},
    )


def read_folder(folder: Path | None, known: nodes.Known) -> tuple[dict[str, Definition], list[Problem]]:
    """Every definition beside the TOML in `folder`, and every problem of each with its file."""
    found: dict[str, Definition] = {}
    problems: list[Problem] = []
    try:
        files = sorted((folder / FOLDER).glob("*.json")) if folder is not None else []
    except OSError as error:
        return {}, [Problem(FOLDER, f"cannot be looked into: {error.strerror}")]
    for file in files:
        made, wrong = _read(file, known)
        problems += [replace(problem, file=str(file)) for problem in wrong]
        if made is not None:
            found[made.name] = made
    return found, problems


def read_json(raw: bytes | str) -> tuple[Any, list[Problem]]:
    """What is in a file that should be JSON; None with a problem when it is not."""
    try:
        return json.loads(raw), []
    except json.JSONDecodeError as error:
        return None, [Problem("syntax", f"is not JSON: {error.msg} (column {error.colno})", error.lineno)]
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        return None, [Problem("syntax", f"is not JSON: {reason}")]


def name_problem(name: str) -> str | None:
    """Why a definition cannot be called so; None when it can."""
    if not re.fullmatch(NAME, name):
        return "must be 1 to 64 lower-case letters, digits, `-` or `_`, beginning with a letter or digit"
    return f"is the name of a built-in definition: {name}. Choose another" if name in definition.BUILT_IN else None


def keep(config: Config, name: str, data: Mapping[str, Any], *, is_new: bool) -> Path:
    """Write a definition that is good to its file, whole or not at all; the file.

    Raises:
        UsageError: there is no TOML it could be beside.
        ConflictError: there is one of that name, and it was to be a new one.
        ConfigError: with every problem at once.
    """
    if config.path is None:
        raise UsageError(
            f"cannot import {name}: definitions are beside srvmaint.toml, and there is none. Create it, or name it"
            " with --config."
        )
    wrong = name_problem(name)
    if wrong is None and any(route.name == name and route.definition.name != name for route in config.routes):
        wrong = f"is the name of a pipeline of {config.path}: choose another"
    problems = [Problem("name", wrong)] if wrong else []
    made, found = definition.parse(data, name=name, where="", known=known_names(config))
    if made is None or problems:
        raise ConfigError([*problems, *found])
    target = config.path.parent / FOLDER / f"{name}.json"
    if is_new and target.exists():
        raise ConflictError(f"cannot import {name}: {target} is there already. Use --replace, or another --name.")
    target.parent.mkdir(exist_ok=True)
    _write(target, json.dumps(made.as_json(), indent=2, ensure_ascii=False, default=str) + "\n")
    return target


def _read(file: Path, known: nodes.Known) -> tuple[Definition | None, list[Problem]]:
    try:
        with file.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
    except OSError as error:
        return None, [Problem("", f"cannot be read: {error.strerror}")]
    if len(raw) > LARGEST:
        return None, [Problem("", f"is larger than {LARGEST // 1_000_000} MB. Is this the right file?")]
    data, problems = read_json(raw)
    if problems:
        return None, problems
    wrong = name_problem(file.stem)
    problems = [Problem("file name", wrong)] if wrong else []
    made, found = definition.parse(data, name=file.stem, where="", known=known)
    return (None, [*problems, *found]) if problems else (made, found)


def _write(target: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        part.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
