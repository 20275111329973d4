"""Definitions in files beside the TOML: read with every problem at once, written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from srvmaint.config.definitions import LARGEST, keep
from srvmaint.config.load import load
from srvmaint.config.schema import Config
from srvmaint.config.show import as_data, as_toml
from srvmaint.errors import ConfigError, ConflictError, Problem, UsageError
from srvmaint.pipeline.definition import BUILT_IN

TELL: dict[str, Any] = {"version": "1.0", "nodes": [{"id": "tell", "type": "notify"}]}
ROUTE = '[[pipelines]]\nname = "disks"\ndefinition = "triage"\n'


def put(folder: Path, name: str, data: object) -> Path:
    """A definition's file, JSON or text as it is."""
    (folder / "pipelines.d").mkdir(exist_ok=True)
    file = folder / "pipelines.d" / f"{name}.json"
    file.write_text(data if isinstance(data, str) else json.dumps(data))
    return file


def loaded(folder: Path, text: str = "") -> Config:
    (folder / "srvmaint.toml").write_text(text)
    return load(folder / "srvmaint.toml", {"HOME": str(folder)})


def problems(folder: Path, text: str = "") -> list[Problem]:
    with pytest.raises(ConfigError) as refusal:
        loaded(folder, text)
    return list(refusal.value.problems)


def test_a_pipeline_uses_a_definition_by_its_name(tmp_path: Path) -> None:
    put(tmp_path, "triage", TELL)
    put(tmp_path, "other", {**TELL, "description": "another"})
    config = loaded(tmp_path, ROUTE)
    assert sorted(config.definitions) == ["other", "triage"]
    [route] = config.routes
    assert (route.name, route.definition) == ("disks", config.definitions["triage"])
    assert config.definitions["other"].description == "another"


def test_what_is_built_in_is_a_definition_too(tmp_path: Path) -> None:
    config = loaded(tmp_path, ROUTE.replace("triage", "checks-only"))
    assert config.routes[0].definition is BUILT_IN["checks-only"]


def test_a_pipeline_may_have_the_name_of_the_definition_it_uses(tmp_path: Path) -> None:
    put(tmp_path, "triage", TELL)
    assert loaded(tmp_path, ROUTE.replace("disks", "triage")).routes[0].name == "triage"
    [problem] = problems(tmp_path, '[[pipelines]]\nname = "triage"\npreset = "full"\n')
    assert (problem.path, problem.line) == ("pipelines[0].name", 2)
    assert 'set definition = "triage"' in problem.message


def test_a_definition_that_does_not_exist_is_named_with_the_nearest(tmp_path: Path) -> None:
    put(tmp_path, "triage", TELL)
    [problem] = problems(tmp_path, ROUTE.replace('"triage"', '"triag"'))
    assert (problem.path, problem.line) == ("pipelines[0].definition", 3)
    assert "did you mean 'triage'?" in problem.message


def test_every_problem_of_every_file_is_named_with_its_file(tmp_path: Path) -> None:
    one = put(tmp_path, "one", {"nodes": [{"id": "a", "type": "notfy"}, {"id": "a", "type": "ingest", "next": "zz"}]})
    two = put(tmp_path, "two", '{"nodes": [\n  {"id": }\n]}')
    odd = put(tmp_path, "Odd Name", TELL)
    full = put(tmp_path, "full", TELL)
    found = problems(tmp_path, ROUTE.replace("triage", "two") + "[checkers]\ntimeot = 1\n")
    by_file: dict[str, set[str]] = {}
    for problem in found:
        by_file.setdefault(Path(problem.file or "").name, set()).add(problem.path)
    assert by_file == {
        "srvmaint.toml": {"checkers.timeot"},
        one.name: {"nodes[0].type", "nodes[1].id", "nodes[1].next"},
        two.name: {"syntax"},
        odd.name: {"file name"},
        full.name: {"file name"},
    }
    [syntax] = [problem for problem in found if problem.path == "syntax"]
    assert syntax.line == 2


@pytest.mark.parametrize("text", ["", "[1, 2", '"\\ud8', "[" * 100_000, "5", "null", "1" * 5000])
def test_a_file_that_holds_no_definition_is_a_problem_and_never_an_exception(tmp_path: Path, text: str) -> None:
    file = put(tmp_path, "mine", text)
    assert {problem.file for problem in problems(tmp_path)} == {str(file)}


def test_a_file_that_is_too_large_or_cannot_be_read_says_so(tmp_path: Path) -> None:
    put(tmp_path, "mine", " " * (LARGEST + 1))
    (tmp_path / "pipelines.d" / "folder.json").mkdir()
    messages = {problem.message for problem in problems(tmp_path)}
    assert messages == {"cannot be read: Is a directory", "is larger than 1 MB. Is this the right file?"}


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    put(tmp_path, "triage", TELL)
    (tmp_path / "pipelines.d" / "README.md").write_text("hello")
    (tmp_path / "pipelines.d" / "old.json.bak").write_text("{")
    assert list(loaded(tmp_path).definitions) == ["triage"]


def test_who_is_told_by_nobody_is_warned_about(tmp_path: Path) -> None:
    put(tmp_path, "triage", {"nodes": [{"id": "tell", "type": "notify", "config": {"driver": "slack"}}]})
    [warning] = loaded(tmp_path, ROUTE).warnings
    assert warning == (
        "the step tell of pipeline disks tells nobody: no channel has the driver 'slack'. Add one to [[channels]]."
    )


def test_what_is_shown_can_be_loaded_again(tmp_path: Path) -> None:
    put(tmp_path, "triage", TELL)
    text = ROUTE + (
        '[[pipelines]]\nname = "forked"\nnodes = [\n'
        '  { id = "f", type = "condition", config = { when = "severity == \'info\'", then = false, else = "n" } },\n'
        '  { id = "n", type = "notify", when = "f.ran", next = false },\n]\n'
    )
    config = loaded(tmp_path, text)
    (tmp_path / "srvmaint.env").touch(mode=0o600)
    (tmp_path / "again.toml").write_text(as_toml(config))
    again = load(tmp_path / "again.toml", {"HOME": str(tmp_path)})
    assert again.routes == config.routes
    assert as_data(again)["config"]["pipelines"] == as_data(config)["config"]["pipelines"]
    assert config.routes[1].definition.nodes[0].branches == {"then": None, "else": "n"}


def test_a_definition_that_is_kept_is_found_again(tmp_path: Path) -> None:
    config = loaded(tmp_path)
    file = keep(config, "mine", {**TELL, "description": "tells"}, is_new=True)
    assert file == tmp_path / "pipelines.d" / "mine.json"
    assert loaded(tmp_path).definitions["mine"].description == "tells"
    assert [entry.name for entry in file.parent.iterdir()] == ["mine.json"]


def test_one_that_is_there_is_written_over_only_when_asked_to_and_keeps_its_mode(tmp_path: Path) -> None:
    file = put(tmp_path, "mine", TELL)
    file.chmod(0o600)
    config = loaded(tmp_path)
    with pytest.raises(ConflictError, match="is there already"):
        keep(config, "mine", TELL, is_new=True)
    keep(config, "mine", {**TELL, "description": "new"}, is_new=False)
    assert json.loads(file.read_text())["description"] == "new"
    assert file.stat().st_mode & 0o777 == 0o600


def test_one_with_problems_is_not_kept(tmp_path: Path) -> None:
    config = loaded(tmp_path, ROUTE.replace("triage", "full"))
    with pytest.raises(ConfigError) as refusal:
        keep(config, "Mine!", {"nodes": [{"id": "a", "type": "nope"}]}, is_new=True)
    assert {problem.path for problem in refusal.value.problems} == {"name", "nodes[0].type"}
    for name in ("full", "disks"):
        with pytest.raises(ConfigError, match="name: is the name of"):
            keep(config, name, TELL, is_new=True)
    assert not (tmp_path / "pipelines.d").exists()


def test_without_a_file_there_is_nowhere_to_keep_one(tmp_path: Path) -> None:
    config = load(None, {"HOME": str(tmp_path)}, tmp_path)
    with pytest.raises(UsageError, match=r"there is none\. Create it"):
        keep(config, "mine", TELL, is_new=True)


def test_a_folder_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere: run as an ordinary user")
    config = loaded(tmp_path)
    (tmp_path / "pipelines.d").mkdir(mode=0o500)
    with pytest.raises(PermissionError):
        keep(config, "mine", TELL, is_new=True)
    assert list((tmp_path / "pipelines.d").iterdir()) == []
