"""Any definition whatever: it is refused with problems that have a name, or it runs to an end."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import event, given, settings
from hypothesis import strategies as st

from srvmaint import nodes
from srvmaint.errors import PermanentError, StepError, TransientError
from srvmaint.intelligence import Subject
from srvmaint.model import CheckResult, CheckStatus, Priority, Recommendation, RunState, Step, StepStatus
from srvmaint.pipeline.definition import Definition, parse
from srvmaint.pipeline.plan import CLOSING, bind
from tests.pipeline.room import Room, room

KNOWN = nodes.Known(("cpu", "disk"), ("local", "other"), {"ops": "slack"})
IDS = ("a", "b", "c", "d")
TYPES = ("ingest", "context", "intelligence", "notify", "transform", "condition")
QUESTIONS = (
    "severity == 'critical'",
    "incident.alerts.firing > 1",
    "a.has_errors",
    "b.ran and not b.has_errors",
    "checks.worst in ['warning', 'critical']",
    "c.transformed.x == null",
    "verdict == 'confirmed'",
)
ODD = st.sampled_from([5, "", "zz", [], {}, True])
targets = st.sampled_from([*IDS, None])


@dataclass(frozen=True)
class Weather:
    """What happens to the nodes of a run."""

    evidence: CheckStatus
    looking: StepError | None
    thinking: StepError | None


weather = st.builds(
    Weather,
    st.sampled_from([CheckStatus.OK, CheckStatus.CRITICAL]),
    *[st.sampled_from([None, TransientError("no route"), PermanentError("no such thing")])] * 2,
)


@st.composite
def node(draw: st.DrawFn, index: int, *, odd: bool) -> dict[str, Any]:
    """One node; most of them make sense by themselves."""
    kind = draw(st.sampled_from(TYPES))
    made: dict[str, Any] = {"id": draw(st.sampled_from(IDS)) if odd else IDS[index], "type": kind}
    config: dict[str, Any] = {}
    if kind == "transform":
        config = {"source_node": draw(st.sampled_from(IDS)), "mapping": {"x": "recommendations.0.title"}}
        if draw(st.booleans()):
            config = {"source_node": config["source_node"], "filter_priority": "high"}
    elif kind == "condition":
        config = {"when": draw(st.sampled_from(QUESTIONS)), "then": draw(targets)}
        if draw(st.booleans()):
            config["else"] = draw(targets)
    elif kind == "intelligence":
        config = {"provider": draw(st.sampled_from(["local", "other"]))}
    made["config"] = config
    if draw(st.integers(0, 3)) == 0:
        made["next"] = draw(targets)
    if draw(st.integers(0, 3)) == 0:
        made["when"] = draw(st.sampled_from(QUESTIONS))
    made["required"] = draw(st.booleans())
    made["retries"] = draw(st.integers(0, 1))
    if odd:
        made[draw(st.sampled_from(["id", "type", "config", "next", "when", "required", "retries", "x"]))] = draw(ODD)
    return made


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    """A definition of up to four nodes; one in five has something odd about it."""
    count = draw(st.integers(1, len(IDS)))
    odd = draw(st.integers(0, 4)) == 0
    return {"version": "1.0", "nodes": [draw(node(index, odd=odd)) for index in range(count)]}


class Provider:
    """Says two things, unless the weather is against it."""

    def __init__(self, trouble: StepError | None) -> None:
        self._trouble = trouble

    async def analyze(self, subject: Subject, evidence: Sequence[CheckResult]) -> tuple[Recommendation, ...]:
        """What to do about it."""
        del subject, evidence
        if self._trouble is not None:
            raise self._trouble
        return (Recommendation("disk", Priority.CRITICAL, "now", ""), Recommendation("disk", Priority.LOW, "later", ""))


def lent(place: Room, sky: Weather) -> nodes.Tools:
    async def look(_names: Sequence[str]) -> tuple[CheckResult, ...]:
        if sky.looking is not None:
            raise sky.looking
        return (CheckResult("disk", sky.evidence, "as it is", id=place.clock.new_id(), at=place.clock.now()),)

    providers = {"local": Provider(None), "other": Provider(sky.thinking)}
    return msgspec.structs.replace(place.tools(), look=look, recall=place.store.evidence, providers=providers)


async def run(definition: Definition, sky: Weather) -> tuple[RunState, tuple[Step, ...]]:
    """Take an alert through it, however long that takes."""
    with tempfile.TemporaryDirectory() as folder:
        async with room(Path(folder)) as place:
            pipeline = bind(definition, ("ops",), lent(place, sky), "full")
            place.current.plan = replace(place.current.plan, pipelines={"full": pipeline})
            accepted = await place.fire()
            for _ in range(20):
                await place.until(lambda: not place.workers.busy)
                found, steps, _ = await place.run_of(accepted)
                if found.finished_at is not None:
                    return found.state, steps
                await place.passes(600)
            raise AssertionError(f"it never ended: {found}")


def way(definition: Definition, steps: tuple[Step, ...]) -> None:
    """Each step is one the step before it leads to, and none is there twice."""
    by_id = {spec.id: spec for spec in definition.nodes}
    assert steps[0].id == definition.nodes[0].id
    assert len({step.id for step in steps}) == len(steps)
    for step, following in itertools.pairwise(steps):
        assert following.id in by_id[step.id].targets() or following.id == CLOSING


@settings(max_examples=80, deadline=None)
@given(definitions(), weather)
def test_any_definition_is_refused_with_a_reason_or_runs_to_an_end(data: dict[str, Any], sky: Weather) -> None:
    definition, problems = parse(data, name="any", where="", known=KNOWN)
    if definition is None:
        event("refused")
        assert problems
        assert all(problem.path and problem.message for problem in problems)
        return
    event("runs")
    state, steps = asyncio.run(run(definition, sky))
    way(definition, steps)
    failed = [step for step in steps if step.status is StepStatus.FAILED]
    required = {spec.id: spec.required for spec in definition.nodes}
    assert (state is RunState.FAILED) == any(required[step.id] for step in failed)
    assert all(step.status not in (StepStatus.RUNNING, StepStatus.PENDING) for step in steps)
