"""Find, check and show the configuration.

Nothing here changes a file.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from srvmaint.cli._context import Context
from srvmaint.config.jsonschema import json_schema
from srvmaint.config.load import find
from srvmaint.config.show import as_data, as_toml
from srvmaint.errors import ConfigError

_WRONG = 2
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def command() -> None:
    """Find, check and show the configuration."""


@command.command()
@click.pass_obj
def path(context: Context) -> None:
    """Print the file in use.

    Without a file nothing is printed: the built-in defaults are in use.
    """
    found = find(context.config_path, context.environ)
    if found is None:
        click.echo("there is no file: the built-in defaults are in use", err=True)
    else:
        click.echo(found)


@command.command()
@_json_option
@click.pass_context
def check(ctx: click.Context, as_json: bool) -> None:
    """Name every problem at once.

    Each with its file, line and what to do; exit code 2 when there is any.
    """
    context: Context = ctx.obj
    if not as_json:
        config = context.load_config()
        where = str(config.path) if config.path else "no file: the built-in defaults"
        click.echo(f"ok ({where})")
        return
    try:
        config = context.load_config()
    except ConfigError as error:
        _print({"ok": False, "problems": [asdict(problem) for problem in error.problems], "warnings": []})
        ctx.exit(_WRONG)
    else:
        _print({"ok": True, "problems": [], "warnings": [*config.warnings]})


@command.command()
@_json_option
@click.pass_obj
def show(context: Context, as_json: bool) -> None:
    """Print what is in effect.

    Every default is filled in and no secret is shown; the TOML can be used as a file.
    """
    config = context.load_config()
    if as_json:
        _print(as_data(config))
    else:
        click.echo(as_toml(config), nl=False)


@command.command()
def schema() -> None:
    """Print the JSON Schema for editors."""
    _print(json_schema())


def _print(data: Any) -> None:
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))
