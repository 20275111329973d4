"""Definitions: every problem at once, each where it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from srvmaint import nodes
from srvmaint.errors import Problem
from srvmaint.pipeline.definition import BUILT_IN, CHECKS_ONLY, PRESETS, Definition, parse

KNOWN = nodes.Known(("cpu", "disk", "memory"), ("local",), {"ops-slack": "slack", "mail": "generic"})


def read(data: object, where: str = "") -> tuple[Definition | None, dict[str, str]]:
    definition, problems = parse(data, name="mine", where=where, known=KNOWN)
    assert (definition is None) == bool(problems)
    return definition, {problem.path: problem.message for problem in problems}


def problems(*table: dict[str, Any], **more: Any) -> dict[str, str]:
    return read({"nodes": list(table), **more})[1]


def good(*table: dict[str, Any]) -> Definition:
    definition, found = read({"version": "1.0", "nodes": list(table)})
    assert definition is not None, found
    return definition


def node(kind: str, node_id: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": node_id or kind, "type": kind, **more}


def order(definition: Definition) -> list[str]:
    return [spec.id for spec in definition.walk()]


def test_nodes_follow_one_another_as_they_are_written() -> None:
    assert order(good(node("ingest"), node("context"), node("notify"))) == ["ingest", "context", "notify"]


def test_next_leads_elsewhere_and_null_ends() -> None:
    definition = good(node("ingest", next="c"), node("notify", "b", next=None), node("context", "c", next="b"))
    assert order(definition) == ["ingest", "c", "b"]


def test_a_node_has_what_it_does_not_say() -> None:
    [spec] = good(node("ingest")).nodes
    assert (spec.required, spec.retries, spec.timeout, spec.next) == (True, 3, 60.0, None)


def test_a_node_says_how_patient_it_is() -> None:
    [spec] = good(node("context", required=False, retries=0, timeout="5s", config={"include": ["disk"]})).nodes
    assert (spec.required, spec.retries, spec.timeout, spec.config.include) == (False, 0, 5.0, ("disk",))


@pytest.mark.parametrize("data", [None, [], "full", 5, True])
def test_a_definition_is_an_object(data: object) -> None:
    assert read(data, "pipelines.x")[1] == {"pipelines.x": "must be an object with `version` and `nodes`"}


@pytest.mark.parametrize("data", [{}, {"nodes": []}, {"nodes": {}}, {"nodes": "ingest"}, {"nodes": None}])
def test_a_definition_has_at_least_one_node(data: dict[str, Any]) -> None:
    assert read(data)[1] == {"nodes": "must be a list of at least one node"}


@pytest.mark.parametrize("version", ["2.0", 1.0, None, [], {}])
def test_only_a_known_version_is_read(version: object) -> None:
    assert problems(node("ingest"), version=version) == {"version": "must be one of 1.0"}


WRONG: list[tuple[str, list[Any], dict[str, str]]] = [
    ("no object", ["ingest"], {"nodes[0]": "must be an object with `id` and `type`"}),
    ("no id", [{"type": "ingest"}], {"nodes[0].id": "is required"}),
    ("an empty id", [node("ingest") | {"id": ""}], {"nodes[0].id": "must be 1 to 64"}),
    ("an odd id", [node("ingest", "a b")], {"nodes[0].id": "must be 1 to 64"}),
    ("an id of another type", [node("ingest") | {"id": 5}], {"nodes[0].id": "must be a string"}),
    ("no type", [{"id": "a"}], {"nodes[0].type": "is required"}),
    ("a type of another type", [node("ingest") | {"type": []}], {"nodes[0].type": "must be a string"}),
    ("an unknown type", [node("notfy")], {"nodes[0].type": "did you mean 'notify'"}),
    ("an unknown key", [node("ingest", retrys=1)], {"nodes[0].retrys": "did you mean 'retries'"}),
    ("too many retries", [node("ingest", retries=21)], {"nodes[0].retries": "at most 20"}),
    ("retries in words", [node("ingest", retries="3")], {"nodes[0].retries": "must be a whole number"}),
    ("no time at all", [node("ingest", timeout="0s")], {"nodes[0].timeout": "at least"}),
    ("required in words", [node("ingest", required="yes")], {"nodes[0].required": "must be true or false"}),
    ("config is no table", [node("ingest", config=[])], {"nodes[0].config": "must be a table"}),
    (
        "an unknown setting",
        [node("context", config={"includ": []})],
        {"nodes[0].config.includ": "did you mean 'include'"},
    ),
    (
        "a setting of another type",
        [node("context", config={"include": "disk"})],
        {"nodes[0].config.include": "must be a list"},
    ),
    (
        "an unknown checker",
        [node("context", config={"include": ["dsk"]})],
        {"nodes[0].config.include": "did you mean 'disk'"},
    ),
    (
        "an unknown provider",
        [node("intelligence", config={"provider": "lcal"})],
        {"nodes[0].config.provider": "did you mean 'local'"},
    ),
    (
        "an unknown channel",
        [node("notify", config={"channels": ["ops"]})],
        {"nodes[0].config.channels": "unknown channel 'ops'"},
    ),
    (
        "a driver nobody uses",
        [node("notify", config={"driver": "slak"})],
        {"nodes[0].config.driver": "did you mean 'slack'"},
    ),
    ("an id twice", [node("ingest", "a"), node("notify", "a")], {"nodes[1].id": "is used twice: 'a' is also nodes[0]"}),
    (
        "an unknown next",
        [node("ingest", next="notfy"), node("notify")],
        {"nodes[0].next": "did you mean 'notify'", "nodes[1]": "is never reached"},
    ),
    ("an empty next", [node("ingest", next="")], {"nodes[0].next": "unknown node ''"}),
    ("next of another type", [node("ingest", next=5)], {"nodes[0].next": "must be the id of a node, or null"}),
    ("itself again", [node("ingest", next="ingest")], {"nodes[0].next": "goes in a circle"}),
    (
        "a circle",
        [node("ingest"), node("context"), node("notify", next="ingest")],
        {"nodes[2].next": "goes in a circle: 'ingest' has run by then"},
    ),
    (
        "a node left out",
        [node("ingest", next="notify"), node("context"), node("notify")],
        {"nodes[1]": "is never reached: no `next` leads to 'context'"},
    ),
]


@pytest.mark.parametrize(("table", "wanted"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_said_where_it_is(table: list[Any], wanted: dict[str, str]) -> None:
    found = problems(*table)
    assert found.keys() == wanted.keys()
    for path, message in wanted.items():
        assert message in found[path]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    found = problems(
        node("ingest", "a", next="zz"),
        node("notfy", "b", retries=99),
        node("context", "b", config={"include": ["gpu"]}),
        node("notify", "c d", config={"channels": ["nobody"]}, next=7),
        version="0.9",
        nods=[],
    )
    assert found.keys() == {
        "version",
        "nods",
        "nodes[0].next",
        "nodes[1].type",
        "nodes[1].retries",
        "nodes[2].id",
        "nodes[2].config.include",
        "nodes[3].id",
        "nodes[3].config.channels",
        "nodes[3].next",
    }


def test_problems_are_said_below_where_the_definition_is() -> None:
    _, found = read({"nodes": [node("nope")], "x": 1}, "pipelines.mine")
    assert found.keys() == {"pipelines.mine.nodes[0].type", "pipelines.mine.x"}


@pytest.mark.parametrize("rubbish", [None, True, 0, -1.5, "", "\ud800", [], {}, [[]], {"id": {}}, b"raw"])
def test_rubbish_anywhere_is_a_problem_and_never_an_exception(rubbish: object) -> None:
    for key in ("id", "type", "config", "next", "when", "required", "retries", "timeout"):
        parse({"nodes": [node("context") | {key: rubbish}, node("notify")]}, name="x", where="", known=KNOWN)
    parse({"nodes": [rubbish, node("notify")]}, name="x", where="", known=KNOWN)
    parse({"version": rubbish, "nodes": [node("notify")], "description": rubbish}, name="x", where="", known=KNOWN)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_definition_can_be_written_down_and_read_back(name: str) -> None:
    written = BUILT_IN[name].as_json()
    definition, found = parse(written, name=name, where="", known=KNOWN)
    assert (definition, found) == (BUILT_IN[name], [])


def test_the_presets_are_the_four_of_the_contract() -> None:
    assert {name: order(definition) for name, definition in PRESETS.items()} == {
        "direct": ["ingest", "notify"],
        "health-checked": ["ingest", "context", "notify"],
        "ai-analyzed": ["ingest", "intelligence", "notify"],
        "full": ["ingest", "context", "intelligence", "notify"],
    }
    assert order(BUILT_IN[CHECKS_ONLY]) == ["ingest", "context"]


def test_a_problem_reads_as_a_line_for_an_operator() -> None:
    [problem] = parse({"nodes": [node("nope")]}, name="x", where="", known=KNOWN)[1]
    assert isinstance(problem, Problem)
    assert str(problem).startswith("nodes[0].type: unknown node type 'nope'")


def fork(question: str | None = "severity == 'critical'", /, **config: Any) -> dict[str, Any]:
    return node("condition", config={**({"when": question} if question else {}), **config})


HANGING: list[tuple[str, list[Any], dict[str, str]]] = [
    (
        "an unknown branch",
        [fork(then="notfy", **{"else": None}), node("notify")],
        {"nodes[0].config.then": "did you mean 'notify'", "nodes[1]": "is never reached"},
    ),
    (
        "a branch of another type",
        [fork(then=5, **{"else": "notify"}), node("notify")],
        {"nodes[0].config.then": "must be the id of a node, or null"},
    ),
    (
        "a branch that goes back",
        [node("ingest"), fork(then="notify", **{"else": "ingest"}), node("notify")],
        {"nodes[1].config.else": "goes in a circle: 'ingest' has run by then"},
    ),
    (
        "a node between two branches",
        [fork(then="notify", **{"else": None}), node("context"), node("notify")],
        {"nodes[1]": "is never reached"},
    ),
    ("no branch at all", [fork(), node("notify")], {"nodes[0].config.then": "is required"}),
    ("no question", [fork(None, then=None), node("notify")], {"nodes[0].config.when": "is required"}),
    ("an odd question", [fork("a ==", then="notify"), node("notify")], {"nodes[0].config.when": "has the end where"}),
    ("an odd when", [node("notify", when="a ==")], {"nodes[0].when": "has the end where"}),
    ("when of another type", [node("notify", when=True)], {"nodes[0].when": "must be an expression"}),
    ("a name nobody knows", [node("notify", when="severty > 'info'")], {"nodes[0].when": "did you mean 'severity'"}),
    (
        "a name nobody knows in a question",
        [fork("lok.ran", then="notify"), node("notify")],
        {"nodes[0].config.when": "knows no 'lok'"},
    ),
    (
        "a node that has not run by then",
        [node("context", "a", when="b.has_errors"), node("context", "b"), node("notify")],
        {"nodes[0].when": "'b' has not run by then"},
    ),
    ("itself", [node("context", "a", when="a.ran")], {"nodes[0].when": "'a' has not run by then"}),
    ("a transform of nothing", [node("transform")], {"nodes[0].config.source_node": "is required"}),
    (
        "a transform of an unknown node",
        [node("context"), node("transform", config={"source_node": "contxt"})],
        {"nodes[1].config.source_node": "did you mean 'context'"},
    ),
    (
        "a transform of what comes later",
        [node("transform", config={"source_node": "context"}), node("context")],
        {"nodes[0].config.source_node": "'context' has not run by then"},
    ),
    (
        "an odd path",
        [
            node("context"),
            node("transform", config={"source_node": "context", "extract": "a..b", "mapping": {"x": ""}}),
        ],
        {"nodes[1].config.extract": "names with dots", "nodes[1].config.mapping.x": "names with dots"},
    ),
    (
        "an odd priority and an unknown source",
        [node("transform", config={"source_node": "x", "filter_priority": "hihg"})],
        {"nodes[0].config.filter_priority": "did you mean 'high'", "nodes[0].config.source_node": "unknown node 'x'"},
    ),
    ("a description of another type", [node("notify")], {"description": "must be a string"}),
]


@pytest.mark.parametrize(("table", "wanted"), [row[1:] for row in HANGING], ids=[row[0] for row in HANGING])
def test_what_does_not_hang_together_is_said_where_it_is(table: list[Any], wanted: dict[str, str]) -> None:
    found = problems(*table, **({"description": 5} if "description" in wanted else {}))
    assert found.keys() == wanted.keys()
    for path, message in wanted.items():
        assert message in found[path]


def test_a_definition_has_only_so_many_nodes() -> None:
    assert problems(*(node("context", f"n{n}") for n in range(201))) == {"nodes": "must be at most 200 nodes"}


def test_a_fork_leads_two_ways_that_meet_again() -> None:
    definition = good(
        node("ingest"),
        fork(then="look", **{"else": "think"}),
        node("notify", "tell", next=None),
        node("context", "look", next="think"),
        node("intelligence", "think", next="tell"),
    )
    assert order(definition) == ["ingest", "condition", "look", "think", "tell"]
    assert definition.nodes[1].branches == {"then": "look", "else": "think"}


def test_a_branch_that_is_not_named_goes_on_as_any_node_does() -> None:
    definition = good(fork(then=None), node("notify"))
    assert definition.nodes[0].branches == {"then": None, "else": "notify"}
    toml = good(fork(**{"else": False}), node("context"), node("notify", next=False))
    assert toml.nodes[0].branches == {"then": "context", "else": None}
    assert toml.nodes[-1].next is None


def test_the_question_of_a_condition_may_stand_beside_its_config() -> None:
    beside = good(fork(None, then="notify") | {"when": "verdict == 'confirmed'"}, node("notify"))
    assert (beside.nodes[0].when, str(beside.nodes[0].config.when)) == (None, "verdict == 'confirmed'")
    both = good(fork("true", then="notify") | {"when": "false"}, node("notify"))
    assert (str(both.nodes[0].when), str(both.nodes[0].config.when)) == ("false", "true")


def test_what_is_written_out_is_read_as_the_same() -> None:
    definition, _ = parse(
        {
            "version": "1.0",
            "description": "looks, thinks, tells",
            "nodes": [
                node("context", "look", config={"include": ["disk"]}, timeout="5s"),
                fork(then="pick", **{"else": None}),
                node("transform", "pick", config={"source_node": "look", "mapping": {"a": 'x."y.z"'}}, next="think"),
                node("notify", "tell", when="think.ran", config={"driver": "slack"}, next=None),
                node("intelligence", "think", required=False, retries=0, next="tell"),
            ],
        },
        name="mine",
        where="",
        known=KNOWN,
    )
    assert definition is not None
    written = json.loads(json.dumps(definition.as_json()))
    again, found = parse(written, name="mine", where="", known=KNOWN)
    assert (again, found) == (definition, [])
