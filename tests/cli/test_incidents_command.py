"""`srvmaint incidents` without a daemon: what people do about them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from srvmaint.cli.incidents import command
from srvmaint.errors import ConflictError, NotFoundError, UsageError
from tests.cli.kept import QUIET, data, invoke
from tests.opened import configured, opened
from tests.pipeline.test_missions import about


@pytest.fixture
async def place(tmp_path: Path) -> tuple[Path, str]:
    """A folder with an incident in its database, and its id."""
    async with opened(configured(tmp_path, QUIET)) as services:
        run, _ = await about(services, "all")
    assert run.incident_id is not None
    return tmp_path, run.incident_id


def test_an_incident_is_closed_when_it_is_over(place: tuple[Path, str]) -> None:
    folder, incident = place
    early = invoke(command, folder, "close", incident).exception
    assert isinstance(early, ConflictError)
    assert "Resolve it first" in str(early)
    invoke(command, folder, "resolve", incident, "--by", "ann")
    closed = data(invoke(command, folder, "close", incident, "--by", "ann", "--json"))
    assert (closed["status"], closed["notes"][-1]["text"]) == ("closed", "closed by hand")
    assert isinstance(invoke(command, folder, "close", "nothing").exception, NotFoundError)


def test_a_note_is_written_down_and_shown_with_the_timeline(place: tuple[Path, str]) -> None:
    folder, incident = place
    text = invoke(command, folder, "note", incident, "it was\x1b[2J the log", "--by", "ann").stdout
    assert "ann: it was [2J the log" in text
    shown = invoke(command, folder, "show", incident).stdout
    assert "opened, pipeline all" in shown
    assert "note      ann: it was [2J the log" in shown
    assert "console was told at" in shown
    shape = json.loads(invoke(command, folder, "show", incident, "--json").stdout)
    assert [event["what"] for event in shape["timeline"]].count("note") == 1
    assert isinstance(invoke(command, folder, "note", incident, "  ").exception, UsageError)
