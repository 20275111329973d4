"""A configuration, and bodies that could not be used in its database, for the commands that look at them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner, Result

from srvmaint.cli._context import Context
from srvmaint.errors import PayloadError
from tests.opened import configured, opened

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
QUIET = '[[pipelines]]\nname = "all"\npreset = "direct"\n'


async def keep(
    folder: Path,
    body: bytes,
    code: str = "undetected",
    *,
    driver: str | None = None,
    headers: Mapping[str, str] | None = None,
    text: str = QUIET,
) -> str:
    """Keep a body as the daemon does; its id."""
    async with opened(configured(folder, text)) as services:
        error = PayloadError(code, f"cannot use it: {code}.")
        return await services.intake.reject(error, body, headers or {}, driver, TRACE)


def invoke(command: click.Command, folder: Path, *arguments: str, stdin: bytes = b"") -> Result:
    """Run a command with the configuration in the folder."""
    context = Context({"SRVMAINT_CONFIG": str(folder / "srvmaint.toml"), "HOME": str(folder)})
    return CliRunner().invoke(command, list(arguments), obj=context, input=stdin, standalone_mode=False)


def data(result: Result) -> Any:
    """What `--json` printed."""
    assert result.exception is None, result.exception
    return json.loads(result.stdout)
