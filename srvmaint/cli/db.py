"""Look after the database: info, check, backup, prune."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click

from srvmaint.cli._alone import opened
from srvmaint.cli._context import Context
from srvmaint.cli._output import json_option, print_fields, print_json
from srvmaint.errors import SrvmaintError
from srvmaint.settings import Duration
from srvmaint.store import care


@click.group()
def command() -> None:
    """Look after the database: info, check, backup, prune."""


@command.command()
@json_option
@click.pass_obj
def info(context: Context, as_json: bool) -> None:
    """Show where the database is, how large, and what is in it."""
    found = care.info(_database(context))
    if as_json:
        print_json(found)
        return
    rows = found.pop("rows")
    print_fields([*((name, str(value)) for name, value in found.items()), *((n, str(c)) for n, c in rows.items())])


@command.command()
@json_option
@click.pass_obj
def check(context: Context, as_json: bool) -> int:
    """Check the file for damage and the rows for contradictions. Safe while the daemon runs."""
    problems = care.check(_database(context))
    if as_json:
        print_json({"ok": not problems, "problems": problems})
    else:
        for problem in problems:
            click.echo(problem)
        if not problems:
            click.echo("ok")
    return 1 if problems else 0


@command.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.pass_obj
def backup(context: Context, target: Path) -> None:
    """Write a whole copy to TARGET, a new file. Safe while the daemon runs."""
    size = care.backup(_database(context), target)
    click.echo(f"wrote {target} ({size} bytes)", err=True)


@command.command()
@click.option("--older-than", metavar="DURATION", help='Such as "30d"; default: [storage] retention.')
@json_option
@click.pass_obj
def prune(context: Context, older_than: str | None, as_json: bool) -> None:
    """Delete what is over and older than the retention, and give the space back."""
    config = context.load_config()
    age = _age(older_than) if older_than is not None else config.storage.retention

    async def here() -> int:
        async with opened(config) as services:
            return await services.store.tidy(age, services.clock.now())

    deleted = asyncio.run(here())
    result: dict[str, Any] = {"deleted": deleted, "older_than": str(age)}
    print_json(result) if as_json else click.echo(f"deleted {deleted} rows older than {age}")


def _database(context: Context) -> Path:
    database = context.load_host_config().storage.database
    if not database.exists():
        raise SrvmaintError(f"there is no database at {database} yet. Start `srvmaint serve` first.")
    return database


def _age(text: str) -> Duration:
    try:
        return Duration.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--older-than") from error
