"""Look at pipeline runs, follow them, and let a failed one go on."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import click

from srvmaint import shapes
from srvmaint.cli._alone import do, read
from srvmaint.cli._context import Context
from srvmaint.cli._daemon import Daemon
from srvmaint.cli._output import json_option, print_fields, print_json, print_table
from srvmaint.cli._watch import Lines, screen, watch
from srvmaint.clock import Clock
from srvmaint.model import RunState
from srvmaint.services import Services
from srvmaint.store import pages
from srvmaint.store.reader import Reader

WAIT_SECONDS = 60.0


@click.group(invoke_without_command=True)
@click.pass_context
def command(click_context: click.Context) -> None:
    """Look at pipeline runs, follow them, and let a failed one go on."""
    if click_context.invoked_subcommand is None:
        click_context.invoke(list_runs)


@command.command("list")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="How many, newest first.")
@click.option("--status", type=click.Choice([each.value for each in RunState]), help="Only runs in this state.")
@json_option
@click.pass_obj
def list_runs(context: Context, limit: int = 20, status: str | None = None, as_json: bool = False) -> None:
    """Show the latest runs."""
    filters = {"state": status} if status else {}
    page = read(context, lambda reader: pages.page(reader, "runs", filters, limit=limit))
    found = [shapes.run(run) for run in page.items]
    if as_json:
        print_json({"items": found, "next": page.next})
        return
    print_table(
        ("RUN", "STATE", "PIPELINE", "SOURCE", "INCIDENT", "CREATED", "ERROR"),
        [
            (
                run["run_id"],
                run["state"],
                run["pipeline"],
                run["source"],
                run["incident_id"] or "-",
                run["created_at"],
                run["error"] or "",
            )
            for run in found
        ],
        empty="no runs",
    )


@command.command()
@click.argument("run_id", metavar="RUN")
@json_option
@click.pass_obj
def show(context: Context, run_id: str, as_json: bool) -> None:
    """Show one run with its steps and deliveries."""
    shape = read(context, lambda reader: _shape(reader, run_id))
    print_json(shape) if as_json else print_run(shape)


@command.command()
@click.argument("run_id", metavar="RUN")
@json_option
@click.pass_obj
def resume(context: Context, run_id: str, as_json: bool) -> int:
    """Let a failed run go on from its last successful step, or send its dead messages again."""

    async def here(services: Services) -> dict[str, Any]:
        await services.store.resume_run(run_id, services.clock.now())
        services.workers.wake()
        services.outbox.wake()
        await services.watch.end_of(run_id, WAIT_SECONDS)
        return await _shape(services.store.reader, run_id)

    def ask() -> dict[str, Any]:
        Daemon(context.load_config().server.listen).call("POST", f"/orchestration/pipeline/{run_id}/resume/")
        return read(context, lambda reader: _shape(reader, run_id))

    shape = do(context, here, ask, sys.stderr if as_json else None)
    print_json(shape) if as_json else print_run(shape)
    return 1 if shape["state"] == RunState.FAILED else 0


@command.command("watch")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="How many, newest first.")
@click.option("--status", type=click.Choice([each.value for each in RunState]), help="Only runs in this state.")
@click.option(
    "--every", type=click.FloatRange(0.2, 3600), default=1.0, show_default=True, help="Seconds between two looks."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line for every change.")
@click.pass_obj
def watch_runs(context: Context, limit: int, status: str | None, every: float, as_json: bool) -> None:
    """Follow the latest runs as they go, until Ctrl-C; a line for every change where stdout is no terminal."""
    is_seen = sys.stdout.isatty() and not as_json
    shown = screen() if is_seen else contextlib.nullcontext(Lines(as_json=as_json))
    with contextlib.suppress(KeyboardInterrupt), shown as show:
        read(context, lambda reader: watch(reader, Clock(), show, limit=limit, state=status, every=every))


async def _shape(reader: Reader, run_id: str) -> dict[str, Any]:
    return shapes.run(*await pages.run(reader, run_id))


def print_run(shape: dict[str, Any]) -> None:
    """A run for a person."""
    print_fields(
        (
            ("run", shape["run_id"]),
            ("state", shape["state"]),
            ("pipeline", shape["pipeline"]),
            ("incident", shape["incident_id"]),
            ("because", ", ".join(shape["changes"])),
            ("trace", shape["trace_id"]),
            ("created", shape["created_at"]),
            ("finished", shape["finished_at"]),
            ("next", shape["next_at"] if shape["finished_at"] is None else None),
            ("error", shape["error"]),
        )
    )
    click.echo()
    print_table(
        ("STEP", "TYPE", "STATUS", "ATTEMPTS", "MS", "ERROR"),
        [
            (
                step["id"],
                step["type"],
                step["status"],
                str(step["attempts"]),
                f"{step['duration_ms']:g}" if step["duration_ms"] is not None else "-",
                step["error"] or "",
            )
            for step in shape["steps"]
        ],
        empty="no steps yet",
    )
    if shape["deliveries"]:
        click.echo()
        print_table(
            ("DELIVERY", "CHANNEL", "STATE", "ATTEMPTS", "NEXT", "LAST ERROR"),
            [
                (
                    each["id"],
                    each["channel"],
                    each["state"],
                    str(each["attempts"]),
                    each["next_at"] or "-",
                    each["last_error"] or "",
                )
                for each in shape["deliveries"]
            ],
            empty="",
        )
