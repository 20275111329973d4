"""The settings of one channel driver given as text, as on a command line: `webhook_url=https://...`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from srvmaint import notify, registry
from srvmaint.config._secrets import EnvFile, SecretSource
from srvmaint.errors import ConfigError
from srvmaint.settings import Decoder

_PLACE: Final = "--driver"


def channel_config(driver: str, texts: Mapping[str, str], environ: Mapping[str, str]) -> Any:
    """Decode key=value settings of a channel driver.

    A value is read as TOML where it is TOML (`5`, `true`, `{ env = "NAME" }`), else as a string.

    Raises:
        UsageError: there is no such driver.
        ConfigError: with every problem at once.
    """
    module = registry.load(notify.PACKAGE, driver)
    decoder = Decoder(SecretSource(environ, Path(), EnvFile()).read)
    config = decoder.section(module.Config, {key: _value(text) for key, text in texts.items()}, "")
    if config is None or decoder.problems:
        raise ConfigError([replace(problem, path=f"{_PLACE} {driver} {problem.path}") for problem in decoder.problems])
    return config


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
