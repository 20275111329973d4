"""Look at incidents, acknowledge, resolve and close them, write notes."""

from __future__ import annotations

import getpass
import sys
from typing import Any

import click

from srvmaint import shapes
from srvmaint.cli._alone import do, read
from srvmaint.cli._context import Context
from srvmaint.cli._daemon import Daemon
from srvmaint.cli._output import json_option, print_fields, print_json, print_table
from srvmaint.errors import UsageError
from srvmaint.model import IncidentStatus
from srvmaint.pipeline import timeline
from srvmaint.services import Services
from srvmaint.store import pages
from srvmaint.store.reader import Reader
from srvmaint.store.records import Origin

WAIT_SECONDS = 60.0
by_option = click.option("--by", default=getpass.getuser, show_default="your login", help="Who does it.")


@click.group(invoke_without_command=True)
@click.pass_context
def command(click_context: click.Context) -> None:
    """Look at incidents, acknowledge, resolve and close them, write notes."""
    if click_context.invoked_subcommand is None:
        click_context.invoke(list_incidents)


@command.command("list")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="How many, newest first.")
@click.option(
    "--status", type=click.Choice([each.value for each in IncidentStatus]), help="Only incidents in this status."
)
@json_option
@click.pass_obj
def list_incidents(context: Context, limit: int = 20, status: str | None = None, as_json: bool = False) -> None:
    """Show the latest incidents."""
    filters = {"status": status} if status else {}
    page = read(context, lambda reader: pages.page(reader, "incidents", filters, limit=limit))
    found = [shapes.incident(incident) for incident in page.items]
    if as_json:
        print_json({"items": found, "next": page.next})
        return
    print_table(
        ("INCIDENT", "STATUS", "SEVERITY", "TITLE", "FIRING", "OPENED", "PIPELINE"),
        [
            (
                each["id"],
                each["status"],
                each["severity"],
                each["title"],
                str(each["alerts"]["firing"]),
                each["opened_at"],
                each["pipeline"] or "unrouted",
            )
            for each in found
        ],
        empty="no incidents",
    )


@command.command()
@click.argument("incident_id", metavar="INCIDENT")
@json_option
@click.pass_obj
def show(context: Context, incident_id: str, as_json: bool) -> None:
    """Show one incident with its alerts and its timeline."""

    async def look(reader: Reader) -> dict[str, Any]:
        incident = await pages.incident(reader, incident_id)
        alerts = await pages.page(reader, "alerts", {"incident_id": incident_id}, limit=500)
        members = [shapes.alert(alert) for alert in alerts.items]
        return {**shapes.incident(incident), "members": members, "timeline": await timeline.shape(reader, incident)}

    shape = read(context, look)
    if as_json:
        print_json(shape)
        return
    _print_incident(shape)
    click.echo()
    print_table(
        ("ALERT", "STATUS", "SEVERITY", "NAME", "SINCE", "LAST SEEN", "TIMES"),
        [
            (
                each["id"],
                each["status"],
                each["severity"],
                each["name"],
                each["starts_at"] or each["received_at"],
                each["last_seen_at"],
                str(each["times_seen"]),
            )
            for each in shape["members"]
        ],
        empty="no alerts",
    )
    click.echo()
    print_table(
        ("TIME", "WHAT", ""),
        [(each["at"], each["what"], each["text"]) for each in shape["timeline"]],
        empty="nothing has been recorded",
    )


@command.command()
@click.argument("incident_id", metavar="INCIDENT")
@by_option
@json_option
@click.pass_obj
def ack(context: Context, incident_id: str, by: str, as_json: bool) -> None:
    """Say that somebody is on it."""

    async def here(services: Services) -> dict[str, Any]:
        return shapes.incident(await services.store.acknowledge(incident_id, by, services.clock.now()))

    _print(do(context, here, lambda: _ask(context, incident_id, "acknowledge", by)), as_json=as_json)


@command.command()
@click.argument("incident_id", metavar="INCIDENT")
@by_option
@json_option
@click.pass_obj
def resolve(context: Context, incident_id: str, by: str, as_json: bool) -> None:
    """Say that it is over; whoever was told that it fires is told so."""

    async def here(services: Services) -> dict[str, Any]:
        origin = Origin(services.clock.new_trace_id(), "cli")
        resolved = await services.store.resolve(incident_id, by, origin, services.clock.now())
        runs = await pages.page(services.store.reader, "runs", {"incident_id": incident_id}, limit=1)
        services.workers.wake()
        if runs.items:
            await services.watch.end_of(runs.items[0].id, WAIT_SECONDS)
        return shapes.incident(resolved)

    terminal = sys.stderr if as_json else None
    shape = do(context, here, lambda: _ask(context, incident_id, "resolve", by), terminal)
    _print(shape, as_json=as_json)


@command.command()
@click.argument("incident_id", metavar="INCIDENT")
@by_option
@json_option
@click.pass_obj
def close(context: Context, incident_id: str, by: str, as_json: bool) -> None:
    """Say that all is done about it; if it fires again that is a new incident."""

    async def here(services: Services) -> dict[str, Any]:
        return shapes.incident(await services.store.close_incident(incident_id, by, services.clock.now()))

    _print(do(context, here, lambda: _ask(context, incident_id, "close", by)), as_json=as_json)


@command.command()
@click.argument("incident_id", metavar="INCIDENT")
@click.argument("text", metavar="TEXT")
@by_option
@json_option
@click.pass_obj
def note(context: Context, incident_id: str, text: str, by: str, as_json: bool) -> None:
    """Write something down about it."""
    if not text.strip():
        raise UsageError("say what is to be written down: TEXT is empty.")

    async def here(services: Services) -> dict[str, Any]:
        now = services.clock.now()
        return shapes.incident(await services.store.add_note(incident_id, by, text.strip(), now))

    _print(do(context, here, lambda: _ask(context, incident_id, "notes", by, text=text)), as_json=as_json)


def _ask(context: Context, incident_id: str, action: str, by: str, **more: str) -> dict[str, Any]:
    daemon = Daemon(context.load_config().server.listen)
    shape: dict[str, Any] = daemon.call("POST", f"/incidents/{incident_id}/{action}/", {"by": by, **more})
    return shape


def _print(shape: dict[str, Any], *, as_json: bool) -> None:
    print_json(shape) if as_json else _print_incident(shape)


def _print_incident(shape: dict[str, Any]) -> None:
    counts = ", ".join(f"{count} {status}" for status, count in shape["alerts"].items() if count)
    print_fields(
        (
            ("incident", shape["id"]),
            ("title", shape["title"]),
            ("status", shape["status"]),
            ("severity", shape["severity"]),
            ("alerts", counts),
            ("pipeline", shape["pipeline"] or "none: unrouted"),
            ("grouped by", shape["group_key"]),
            ("opened", shape["opened_at"]),
            ("acknowledged", shape["acknowledged_at"] and f"{shape['acknowledged_at']} by {shape['acknowledged_by']}"),
            ("resolved", shape["resolved_at"]),
            ("closed", shape["closed_at"]),
            *((("note", f"{note['at']} {note['by']}: {note['text']}")) for note in shape["notes"]),
        )
    )
