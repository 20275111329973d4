"""`srvmaint pipelines`: look, ask, bring in and out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from srvmaint.cli.pipelines import command
from srvmaint.errors import ConfigError, ConflictError, NotFoundError, UsageError
from tests.cli.kept import data, invoke
from tests.opened import configured

THREE = (
    '[[pipelines]]\nname = "disks"\nmatch = { name = "re:^Disk", "label.env" = "!test" }\ndefinition = "triage"\n'
    '[[pipelines]]\nname = "loud"\nmatch = { severity = ["critical", "warning"] }\npreset = "full"\n'
    '[[pipelines]]\nname = "rest"\npreset = "direct"\nchannels = []\n'
)
TRIAGE: dict[str, Any] = {
    "description": "looks first",
    "nodes": [
        {"id": "look", "type": "context", "config": {"include": ["disk"]}, "required": False},
        {"id": "fork", "type": "condition", "config": {"when": "checks.disk.status == 'ok'", "then": None}},
        {"id": "tell", "type": "notify", "when": "severity > 'info'"},
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pipelines.d").mkdir()
    (tmp_path / "pipelines.d" / "triage.json").write_text(json.dumps(TRIAGE))
    configured(tmp_path, THREE)
    return tmp_path


def test_pipelines_are_listed_in_their_order_then_what_is_executed_by_name_only(folder: Path) -> None:
    items = data(invoke(command, folder, "list", "--json"))["items"]
    assert [item["name"] for item in items[:4]] == ["disks", "loud", "rest", "triage"]
    assert items[0]["match"] == ["name = re:^Disk", "label.env = !test"]
    assert [item["match"] for item in items[3:]] == [None] * 6
    text = invoke(command, folder, "list").stdout
    assert "look > fork? > tell" in text
    assert "by name only" in text


def test_one_is_shown_with_its_nodes(folder: Path) -> None:
    text = invoke(command, folder, "show", "disks").stdout
    for part in ("looks first", "name = re:^Disk", "triage", "then: the end, else: tell", "severity > 'info'"):
        assert part in text
    assert "the run goes on" in text
    shape = data(invoke(command, folder, "show", "triage", "--json"))
    assert (shape["from"], shape["match"]) == ("pipelines.d/triage.json", None)
    assert data(invoke(command, folder, "show", "loud", "--json"))["from"] == "full"
    assert data(invoke(command, folder, "show", "checks-only", "--json"))["from"] == "built in"
    missing = invoke(command, folder, "show", "triagge").exception
    assert isinstance(missing, NotFoundError)
    assert "did you mean 'triage'" in str(missing)


@pytest.mark.parametrize(
    ("labels", "taken"),
    [
        ('{"name": "DiskFull", "severity": "info"}', "disks"),
        ('{"alertname": "DiskFull", "env": "test", "severity": "critical"}', "loud"),
        ('{alertname="CpuHigh", severity="warning"}', "loud"),
        ("severity=info,team=db", "rest"),
        ("{}", "loud"),
        ("", "loud"),
    ],
)
def test_an_alert_is_told_which_pipeline_it_takes(folder: Path, labels: str, taken: str) -> None:
    result = invoke(command, folder, "route", labels, "--json")
    told = data(result)
    assert (told["pipeline"], result.return_value) == (taken, 0)
    assert [route["pipeline"] for route in told["routes"] if route["taken"]] == [taken]


def test_the_others_say_why_not(folder: Path) -> None:
    answers = data(
        invoke(command, folder, "route", '{"name": "DiskFull", "env": "test", "severity": "info"}', "--json")
    )
    assert [(each["pipeline"], each["matches"], each["because"]) for each in answers["routes"]] == [
        ("disks", False, "label.env is 'test', and it wants !test"),
        ("loud", False, "severity is 'info', and it wants critical | warning"),
        ("rest", True, "it matches everything"),
    ]
    text = invoke(command, folder, "route", "name=DiskFull").stdout
    assert "it matches everything, but disks comes first" in text
    assert "=> disks: look > fork? > tell; its channels: console" in text


def test_an_alert_nobody_takes_is_said_to_be_unrouted(tmp_path: Path) -> None:
    configured(tmp_path, '[[pipelines]]\nname = "api"\npreset = "full"\nmatch = { origin = "api" }\n')
    result = invoke(command, tmp_path, "route", "{}")
    assert result.return_value == 1
    assert "=> none: it is recorded as unrouted" in result.stdout
    assert invoke(command, tmp_path, "route", "origin=api").return_value == 0


@pytest.mark.parametrize("labels", ["[1]", "5", "severity", '{"severity": "loud"}', "status=odd", "origin=x", '{a="b'])
def test_labels_that_are_none_are_refused(folder: Path, labels: str) -> None:
    assert isinstance(invoke(command, folder, "route", labels).exception, UsageError)


def test_what_is_exported_can_be_imported(folder: Path) -> None:
    exported = invoke(command, folder, "export", "triage").stdout
    again = invoke(command, folder, "import", "-", "--name", "copy", stdin=exported.encode())
    assert again.exception is None
    assert again.stdout.strip() == str(folder / "pipelines.d" / "copy.json")
    assert "reload" in again.stderr
    copied = json.loads(invoke(command, folder, "export", "copy").stdout)
    assert copied == {**json.loads(exported), "name": "copy"}
    assert json.loads(invoke(command, folder, "export", "full").stdout)["nodes"][0]["type"] == "ingest"


def test_an_import_takes_the_name_of_the_definition_or_of_its_file(folder: Path) -> None:
    file = folder / "mine.json"
    file.write_text(json.dumps(TRIAGE))
    assert invoke(command, folder, "import", str(file)).stdout.endswith("pipelines.d/mine.json\n")
    file.write_text(json.dumps({**TRIAGE, "name": "yours"}))
    assert invoke(command, folder, "import", str(file)).stdout.endswith("pipelines.d/yours.json\n")
    assert isinstance(invoke(command, folder, "import", str(file)).exception, ConflictError)
    assert invoke(command, folder, "import", str(file), "--replace").exception is None
    nameless = invoke(command, folder, "import", "-", stdin=json.dumps(TRIAGE).encode()).exception
    assert isinstance(nameless, UsageError)


def test_an_import_with_problems_names_them_all_and_changes_nothing(folder: Path) -> None:
    file = folder / "bad.json"
    file.write_text('{"nodes": [{"id": "a", "type": "x"}, {"id": "a", "type": "notify", "next": "q"}]}')
    refusal = invoke(command, folder, "import", str(file)).exception
    assert isinstance(refusal, ConfigError)
    assert {problem.path for problem in refusal.problems} == {"nodes[0].type", "nodes[1].id", "nodes[1].next"}
    assert {problem.file for problem in refusal.problems} == {str(file)}
    file.write_text("{")
    assert isinstance(invoke(command, folder, "import", str(file)).exception, ConfigError)
    assert isinstance(invoke(command, folder, "import", str(folder / "none.json")).exception, ConfigError)
    assert [entry.name for entry in (folder / "pipelines.d").iterdir()] == ["triage.json"]


def test_a_definition_is_validated_without_being_kept(folder: Path) -> None:
    good = invoke(command, folder, "validate", "-", "--json", stdin=json.dumps(TRIAGE).encode())
    assert data(good) == {"valid": True, "problems": []}
    bad = invoke(command, folder, "validate", "-", "--json", stdin=b'{"nodes": []}')
    assert (data(bad)["problems"][0]["path"], bad.return_value) == ("nodes", 2)
    assert "triage" in invoke(command, folder, "validate").stdout
