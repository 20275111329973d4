"""Say why somebody was told, or not, and where it is stuck."""

from __future__ import annotations

import click

from srvmaint.cli._alone import read
from srvmaint.cli._context import Context
from srvmaint.cli._output import json_option, print_json, print_table
from srvmaint.clock import iso
from srvmaint.pipeline import explain


@click.command()
@click.argument("wanted", metavar="ID")
@json_option
@click.pass_obj
def command(context: Context, wanted: str, as_json: bool) -> None:
    """Say why somebody was told, or not, and where it is stuck.

    ID is that of an alert, an incident, a run or a delivery.
    """
    story = read(context, lambda reader: explain.explain(reader, wanted))
    if as_json:
        print_json(story.as_json())
        return
    click.echo(story.about)
    click.echo()
    print_table(
        ("TIME", "WHAT", ""),
        [(iso(event.at) or "", event.what, event.text) for event in story.events],
        empty="nothing has been recorded",
    )
    click.echo()
    for line in story.conclusion:
        click.echo(f"=> {line}")
