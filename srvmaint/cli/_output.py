"""Printing: tables for people, JSON for programs, both on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

import click

WIDE: Final = 100_000
"""Nothing is cut when nobody looks at it on a terminal."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def print_json(value: Any) -> None:
    """Any JSON-shaped value, indented."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """A table; `empty` goes to stderr when there is nothing to show."""
    found = [[one_line(cell) for cell in row] for row in rows]
    if not found:
        click.echo(empty, err=True)
        return
    from rich.console import Console  # noqa: PLC0415 - only where a person reads a table
    from rich.table import Table  # noqa: PLC0415 - the same
    from rich.text import Text  # noqa: PLC0415 - the same

    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in found:
        table.add_row(*(Text(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else WIDE, highlight=False).print(table)


def print_fields(fields: Iterable[tuple[str, str | None]]) -> None:
    """`name  value`, one a line; what has no value is left out."""
    shown = [(name, value) for name, value in fields if value]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        click.echo(f"{name.ljust(width)}  {one_line(value)}")


def print_text(text: str) -> None:
    """Text of several lines that somebody else wrote."""
    for line in text.splitlines():
        click.echo(one_line(line.replace("\t", "    ")))


def one_line(text: str) -> str:
    """Payload text must not move the cursor or forge a line."""
    return "".join(char if char.isprintable() else " " for char in text)
