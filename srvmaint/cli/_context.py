"""What every command is handed: the options before the command's name, the environment, and the configuration.

The configuration is read when it is first asked for, so `--help` and `--version` read nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from srvmaint.config.schema import Config, HostConfig


class Context:
    """click's `obj`: get it with `@click.pass_obj`."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.config_path: Path | None = None
        self.verbose = False
        self._config: Config | None = None
        self._host_config: HostConfig | None = None
        self._warned: set[str] = set()

    def load_config(self) -> Config:
        """Everything: drivers, channels and pipelines. Warnings go to stderr, each once.

        Raises:
            ConfigError: with every problem at once.
        """
        if self._config is None:
            self._config = self.read_config()
            self._warn(self._config.warnings)
        return self._config

    def read_config(self) -> Config:
        """Read everything anew, and leave the warnings to the caller.

        Raises:
            ConfigError: with every problem at once.
        """
        from srvmaint.config.load import load  # noqa: PLC0415 - it imports every configured driver

        return load(self.config_path, self.environ)

    def load_host_config(self) -> HostConfig:
        """Storage, checkers and skip controls: all that a look at this host needs, in a fraction of the time.

        Raises:
            ConfigError: with every problem in those sections.
        """
        if self._config is not None:
            return self._config
        if self._host_config is None:
            from srvmaint.config.host import load_host  # noqa: PLC0415 - `--help` reads no configuration

            self._host_config = load_host(self.config_path, self.environ)
            self._warn(self._host_config.warnings)
        return self._host_config

    def _warn(self, warnings: tuple[str, ...]) -> None:
        for warning in warnings:
            if warning not in self._warned:
                self._warned.add(warning)
                click.echo(f"srvmaint: warning: {warning}", err=True)
