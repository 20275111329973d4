"""`srvmaint run` without an alert, and without a daemon."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from srvmaint.cli.run import command
from srvmaint.errors import UsageError
from tests.cli.kept import QUIET, data, invoke
from tests.opened import configured

REPORT = {
    "nodes": [{"id": "look", "type": "context", "config": {"include": ["disk"]}}, {"id": "tell", "type": "notify"}]
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pipelines.d").mkdir()
    (tmp_path / "pipelines.d" / "report.json").write_text(json.dumps(REPORT))
    configured(tmp_path, QUIET)
    return tmp_path


def test_a_definition_is_executed_by_its_name_and_reports_on_the_host(folder: Path) -> None:
    result = invoke(command, folder, "--pipeline", "report", "--source", "cron", "--environment", "staging", "--json")
    run = data(result)
    assert (run["state"], run["pipeline"], run["incident_id"]) == ("notified", "report", None)
    assert (run["source"], run["environment"]) == ("cron", "staging")
    assert "] report: " in result.stderr
    assert [each["state"] for each in run["deliveries"]] == ["delivered"]


def test_a_rehearsal_shows_what_would_be_told_and_tells_nobody(folder: Path) -> None:
    result = invoke(command, folder, "--pipeline", "report", "--dry-run")
    assert result.exception is None
    assert "would tell console (report):" in result.stdout
    assert not (folder / "state").exists()


def test_checks_only_needs_no_alert(folder: Path) -> None:
    run = data(invoke(command, folder, "--checks-only", "--json"))
    assert (run["state"], run["pipeline"]) == ("checked", "checks-only")


@pytest.mark.parametrize("arguments", [(), ("--driver", "generic"), ("--pipeline", "reprot")])
def test_what_there_is_to_run_has_to_be_said(folder: Path, arguments: tuple[str, ...]) -> None:
    assert isinstance(invoke(command, folder, *arguments).exception, UsageError)
