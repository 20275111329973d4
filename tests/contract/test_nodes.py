"""What holds for every node type there is: what the engine relies on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from srvmaint import nodes, registry
from srvmaint.model import CheckResult, IncidentStatus, RunState
from srvmaint.nodes import Context, Node
from srvmaint.pipeline.definition import parse
from srvmaint.settings import describe
from tests.nodes.given import Provider, context, gives, incident, tools
from tests.notify.messages import EVIDENCE, alert

TYPES = registry.names(nodes.PACKAGE)
KNOWN = nodes.Known(("cpu", "disk"), ("local",), {"ops": "slack", "mail": "generic"})
WORLDS: dict[str, Callable[[], Context]] = {
    "no incident": context,
    "an open incident": lambda: context(incident()),
    "an incident that is over": lambda: context(incident(IncidentStatus.RESOLVED)),
    "an acknowledged incident": lambda: context(incident(IncidentStatus.ACKNOWLEDGED)),
    "an incident whose alerts are gone": lambda: context(incident(), fired_seq=0),
    "twenty alerts of other hosts": lambda: context(
        incident(), *(alert(f"A{n}", labels={"instance": f"web{n}"}) for n in range(20))
    ),
}
STAGES = (RunState.PENDING, RunState.INGESTED, RunState.CHECKED, RunState.ANALYZED, RunState.NOTIFIED)
FREE = {("transform", "extract")}
"""Settings for which any word is good: they look into data."""


def least(kind: str) -> dict[str, Any]:
    """The settings without which it is none, as their examples have them."""
    return {item.name: item.example for item in describe(registry.load(nodes.PACKAGE, kind).Config) if item.required}


def node(kind: str, **changes: Any) -> Node:
    """A node of that type with as few settings as it can have."""
    module = registry.load(nodes.PACKAGE, kind)
    changes = {"look": gives(*EVIDENCE), "recall": gives(*EVIDENCE)} | changes
    made: Node = module.Node(module.Config(**least(kind)), tools(**changes))
    return made


@pytest.mark.parametrize("kind", TYPES)
def test_it_has_help_for_the_settings_it_takes_and_an_example_for_those_it_needs(kind: str) -> None:
    config = registry.load(nodes.PACKAGE, kind).Config
    assert config(**least(kind)) == config(**least(kind))
    for item in describe(config):
        assert item.help
        assert item.example or not item.required
        assert not item.secret


@pytest.mark.parametrize("kind", TYPES)
def test_nothing_is_wrong_with_the_settings_it_has_by_itself(kind: str) -> None:
    module = registry.load(nodes.PACKAGE, kind)
    assert list(module.problems(module.Config(**least(kind)), KNOWN)) == []


@pytest.mark.parametrize("kind", TYPES)
def test_a_name_nobody_knows_is_a_problem_of_the_setting_that_says_it(kind: str) -> None:
    for item in describe(registry.load(nodes.PACKAGE, kind).Config):
        if (kind, item.name) in FREE:
            continue
        value = {"list": ["nobody"], "table": {"nobody": "no body"}}.get(item.type_name, "nobody")
        branches = dict.fromkeys(getattr(registry.load(nodes.PACKAGE, kind), "BRANCHES", ()))
        config = {**least(kind), **branches, item.name: value}
        before = {"id": "metrics", "type": "context"}
        table = {"nodes": [before, {"id": "x", "type": kind, "config": config}]}
        _, problems = parse(table, name="x", where="", known=KNOWN)
        [problem] = problems
        assert problem.path.startswith(f"nodes[1].config.{item.name}")
        assert "nobody" in f"{problem.path} {problem.message}" or "must be one of" in problem.message


@pytest.mark.parametrize("kind", TYPES)
def test_it_has_one_stage_and_a_docstring(kind: str) -> None:
    module = registry.load(nodes.PACKAGE, kind)
    assert module.Node.stage in STAGES
    assert module.__doc__


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("kind", TYPES)
async def test_its_outcome_can_be_written_down_and_taken_over(kind: str, world: str) -> None:
    made = node(kind)
    outcome = await made.run(WORLDS[world]())
    written = json.loads(msgspec.json.encode(outcome.output))
    restored = await made.restore(written)
    assert restored.intents == ()
    assert restored.evidence == outcome.evidence
    assert restored.recommendations == outcome.recommendations
    assert restored.remark == outcome.remark
    assert (restored.branch, restored.dropped) == (outcome.branch, outcome.dropped)
    assert json.loads(msgspec.json.encode(restored.output)) == written


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("kind", TYPES)
async def test_it_reads_what_came_before_and_changes_nothing_of_it(kind: str, world: str) -> None:
    given, same = WORLDS[world](), WORLDS[world]()
    await node(kind).run(given)
    assert given == same


@pytest.mark.parametrize("kind", TYPES)
async def test_an_empty_snapshot_can_be_taken_over(kind: str) -> None:
    restored = await node(kind, recall=gives()).restore({})
    assert (restored.intents, restored.evidence, restored.recommendations) == ((), (), ())


@pytest.mark.parametrize("kind", TYPES)
async def test_being_cancelled_is_passed_on(kind: str) -> None:
    begun = asyncio.Event()

    async def hang(_names: Sequence[str]) -> tuple[CheckResult, ...]:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    class Slow(Provider):
        async def analyze(self, *_about: object) -> Any:
            """Never answer."""
            return await hang(())

    task = asyncio.create_task(_run(node(kind, look=hang, providers={"local": Slow()})))
    for _ in range(3):
        await asyncio.sleep(0)
    if not begun.is_set():  # it waits for nothing, so there is nothing to cancel
        await task
        return
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def _run(made: Node) -> None:
    await made.run(context(incident()))
