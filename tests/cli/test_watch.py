"""`srvmaint runs watch`: runs as they go."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from srvmaint.cli._watch import Lines, look, screen, watch
from srvmaint.cli.runs import command
from srvmaint.errors import NotFoundError, PermanentError, TransientError
from srvmaint.model import RunState
from tests.cli.kept import invoke
from tests.fakes import FakeClock
from tests.incidents.given import alert
from tests.opened import configured
from tests.pipeline.room import room, spec


async def test_a_run_is_seen_at_every_stage(tmp_path: Path) -> None:
    clock, seen = FakeClock(), []
    shown = asyncio.Event()

    def show(found: Sequence[Mapping[str, Any]]) -> None:
        seen.append([(run["state"], run["step"]) for run in found])
        shown.set()

    async with room(tmp_path) as place:
        place.use(spec("ingest"), spec("context"), spec("notify"))
        place.scripts["context"].script.extend([TransientError("no route"), PermanentError("broken")])
        watching = asyncio.create_task(watch(place.store.reader, clock, show, limit=5, every=2))
        await shown.wait()
        accepted = await place.fire()
        await place.reaches(accepted, RunState.RETRYING)
        await look_again(clock, shown)
        await place.passes(2)
        await place.reaches(accepted, RunState.FAILED)
        await look_again(clock, shown)
        watching.cancel()
    assert seen == [[], [("retrying", "context pending")], [("failed", None)]]


async def look_again(clock: FakeClock, shown: asyncio.Event) -> None:
    shown.clear()
    for _ in range(20):
        await asyncio.sleep(0)
    clock.advance(2)
    await shown.wait()


async def test_only_so_many_and_only_in_one_state_where_that_is_wanted(tmp_path: Path) -> None:
    async with room(tmp_path) as place:
        for name in ("a", "b", "c"):
            await place.reaches(await place.fire(alert(name, start=place.clock.now())), RunState.NOTIFIED)
        reader = place.store.reader
        assert len(await look(reader, limit=2)) == 2
        assert await look(reader, limit=5, state="failed") == []
        assert len(await look(reader, limit=5, state="notified")) == 3


def run(run_id: str, state: str = "pending", **more: Any) -> dict[str, Any]:
    about = {"pipeline": "full", "source": "x", "incident_id": None, "created_at": "2026-01-01T00:00:00Z"}
    return {"run_id": run_id, "state": state, "step": None, "finished_at": None, "error": None, **about, **more}


def test_without_a_terminal_every_change_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(as_json=False)
    lines([run("b"), run("a")])
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["a", "b"]
    lines([run("b"), run("a")])
    assert capsys.readouterr().out == ""
    lines([run("c"), run("b", "failed", error="broke\x1b[2J\nhere"), run("a")])
    assert capsys.readouterr().out.splitlines() == [
        "b  failed  full  -  -  2026-01-01T00:00:00Z  broke [2J here",
        "c  pending  full  -  -  2026-01-01T00:00:00Z",
    ]


def test_a_program_gets_an_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    Lines(as_json=True)([run("a", step="tell running")])
    assert json.loads(capsys.readouterr().out)["step"] == "tell running"


def test_on_a_terminal_there_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    with screen() as show:
        show([])
    assert "no runs yet" in capsys.readouterr().out
    with screen() as show:
        show([])
        show([run("06h15ga6h0eh5pw0", "failed", pipeline="p" * 60, error="[b]no markup[/b]")])
    text = capsys.readouterr().out
    assert "no runs yet" not in text
    assert re.search("06h15ga6h0eh5pw0 +failed", text)
    assert "[b]" in text


def test_without_a_database_it_says_what_to_do(tmp_path: Path) -> None:
    configured(tmp_path)
    refusal = invoke(command, tmp_path, "watch").exception
    assert isinstance(refusal, NotFoundError)
    assert "Start `srvmaint serve` first" in str(refusal)
