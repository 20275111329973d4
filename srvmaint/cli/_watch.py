"""Following runs as they go: a table that is drawn anew on a terminal, a line for every change anywhere else."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import click

from srvmaint import shapes
from srvmaint.cli._output import one_line
from srvmaint.clock import Clock
from srvmaint.model import RunState
from srvmaint.store import pages
from srvmaint.store.reader import Reader

Show = Callable[[Sequence[Mapping[str, Any]]], None]
_HEADERS: Final = ("RUN", "STATE", "PIPELINE", "STEP", "INCIDENT", "CREATED", "ERROR")
_WIDTHS: Final = {"RUN": 16, "STATE": 8, "INCIDENT": 16}
"""Characters that are never cut off, however narrow the terminal: ids are there to be used."""
_COLOURS: Final = {RunState.FAILED: "red", RunState.RETRYING: "yellow", RunState.NOTIFIED: "green"}


async def watch(
    reader: Reader, clock: Clock, show: Show, *, limit: int, state: str | None = None, every: float = 1.0
) -> None:
    """Show the latest runs, again and again until cancelled. `every` is in seconds."""
    while True:
        show(await look(reader, limit=limit, state=state))
        await clock.sleep(every)


async def look(reader: Reader, *, limit: int, state: str | None = None) -> list[dict[str, Any]]:
    """The latest runs, newest first, each with the step it is at while it goes on."""
    filters = {"state": state} if state else {}
    found = await pages.page(reader, "runs", filters, limit=limit)
    return [{**shapes.run(run), "step": await _step(reader, run.id, run.finished_at)} for run in found.items]


async def _step(reader: Reader, run_id: str, finished_at: int | None) -> str | None:
    if finished_at is not None:
        return None
    _, steps, _ = await pages.run(reader, run_id)
    return f"{steps[-1].id} {steps[-1].status}" if steps else None


class Lines:
    """Says what has changed since the last look, oldest first; everything at the first one.

    Args:
        as_json: a JSON object a line, instead of words.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._seen: dict[str, tuple[Any, ...]] = {}

    def __call__(self, found: Sequence[Mapping[str, Any]]) -> None:
        """Print a line for each run that is not as it was."""
        now = {run["run_id"]: (run["state"], run["step"], run["finished_at"], run["error"]) for run in found}
        for run in reversed(found):
            if self._seen.get(run["run_id"]) != now[run["run_id"]]:
                click.echo(json.dumps(run, ensure_ascii=False) if self._as_json else "  ".join(_cells(run)).rstrip())
        self._seen = now


@contextlib.contextmanager
def screen() -> Iterator[Show]:
    """A table that stays in its place on the terminal."""
    from rich.live import Live  # noqa: PLC0415 - only where somebody looks on
    from rich.table import Table  # noqa: PLC0415 - the same
    from rich.text import Text  # noqa: PLC0415 - the same

    with Live(auto_refresh=False, vertical_overflow="ellipsis") as live:

        def show(found: Sequence[Mapping[str, Any]]) -> None:
            table = Table(box=None, pad_edge=False, header_style="bold")
            for header in _HEADERS:
                fixed = _WIDTHS.get(header)
                table.add_column(header, no_wrap=fixed is not None, min_width=fixed, overflow="ellipsis")
            table.caption = "Ctrl-C ends this" if found else "no runs yet; Ctrl-C ends this"
            for run in found:
                colour = _COLOURS.get(RunState(run["state"]), "")
                table.add_row(*(Text(cell, style=colour if cell == run["state"] else "") for cell in _cells(run)))
            live.update(table, refresh=True)

        yield show


def _cells(run: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        one_line(str(cell))
        for cell in (
            run["run_id"],
            run["state"],
            run["pipeline"],
            run["step"] or "-",
            run["incident_id"] or "-",
            run["created_at"],
            run["error"] or "",
        )
    )
