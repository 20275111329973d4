"""Look at pipelines and validate definitions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from srvmaint import nodes
from srvmaint.cli._context import Context
from srvmaint.cli._output import json_option, print_json, print_table
from srvmaint.config.schema import Config
from srvmaint.errors import ConfigError, Problem
from srvmaint.pipeline import definition, routing


@click.group(invoke_without_command=True)
@click.pass_context
def command(click_context: click.Context) -> None:
    """Look at pipelines and validate definitions."""
    if click_context.invoked_subcommand is None:
        click_context.invoke(list_pipelines)


@command.command("list")
@json_option
@click.pass_obj
def list_pipelines(context: Context, as_json: bool = False) -> None:
    """Show the pipelines in the order in which they are tried."""
    routes = context.load_config().routes
    if as_json:
        print_json({"items": [_shape(route) for route in routes], "next": None})
        return
    print_table(
        ("PIPELINE", "MATCH", "NODES", "CHANNELS", "GROUP BY"),
        [
            (
                route.name,
                "; ".join(_test(test) for test in route.match.tests) or "everything",
                " > ".join(node.id for node in route.definition.walk()),
                ", ".join(route.channels) or "-",
                ", ".join(route.group_by),
            )
            for route in routes
        ],
        empty="no pipelines",
    )


@command.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@json_option
@click.pass_obj
def validate(context: Context, file: Path | None, as_json: bool) -> int:
    """Validate the configured pipelines, or the JSON definition in FILE (`-` is stdin)."""
    config = context.load_config()
    if file is None:
        names = [route.name for route in config.routes]
        print_json({"valid": True, "problems": []}) if as_json else click.echo(f"ok: {', '.join(names)}")
        return 0
    problems = _problems(file, config)
    if as_json:
        found = [{"path": problem.path, "message": problem.message} for problem in problems]
        print_json({"valid": not problems, "problems": found})
    elif not problems:
        click.echo(f"ok: {file}")
    else:
        raise ConfigError([Problem(problem.path, problem.message, file=str(file)) for problem in problems])
    return 2 if problems else 0


def _problems(file: Path, config: Config) -> list[Problem]:
    known = nodes.Known(
        checkers=tuple(config.checkers.drivers),
        providers=tuple(config.intelligence.configs),
        channels={str(channel.name): channel.driver for channel in config.channels},
    )
    try:
        with click.open_file(str(file), encoding="utf-8") as stream:
            data = json.load(stream)
    except OSError as error:
        return [Problem("", f"cannot be read: {error.strerror}")]
    except (ValueError, RecursionError) as error:
        return [Problem("", f"is not JSON: {error}")]
    return definition.parse(data, name=file.stem, where="", known=known)[1]


def _shape(route: routing.Route) -> dict[str, Any]:
    return {
        "name": route.name,
        "match": [_test(test) for test in route.match.tests],
        "definition": route.definition.as_json(),
        "channels": list(route.channels),
        "group_by": list(route.group_by),
    }


def _test(test: routing.Test) -> str:
    wanted = [*sorted(test.wanted), *(f"re:{pattern.pattern}" for pattern in test.wanted_patterns)]
    unwanted = [*sorted(test.unwanted), *(f"re:{pattern.pattern}" for pattern in test.unwanted_patterns)]
    return f"{test.field} = {' | '.join([*wanted, *(f'!{text}' for text in unwanted)])}"
