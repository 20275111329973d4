"""Configurations written into a folder of the test, and read back."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from srvmaint.config.load import load
from srvmaint.config.schema import Config
from srvmaint.errors import ConfigError, Problem


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    """A `srvmaint.toml` that only its owner reads."""
    path = folder / "srvmaint.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def loaded(folder: Path, text: str, environ: Mapping[str, str] | None = None, mode: int = 0o600) -> Config:
    """The text as the configuration."""
    return load(write(folder, text, mode), {"HOME": str(folder), **(environ or {})}, folder)


def problems(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> list[Problem]:
    """Everything that is wrong with the text."""
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text, environ)
    return list(caught.value.problems)


@contextmanager
def as_a_user() -> Iterator[Path]:
    """A folder of a user without privileges, as that user when the tests are run by root."""
    nobody, before = 65534, os.geteuid()
    with tempfile.TemporaryDirectory() as name:
        if before == 0:
            os.chown(name, nobody, nobody)
            os.seteuid(nobody)
        try:
            yield Path(name)
        finally:
            os.seteuid(before)
