"""The way of a run through a definition that forks: chosen while it runs, kept to when it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from srvmaint.alerts import Parsed
from srvmaint.errors import PermanentError, TransientError
from srvmaint.model import AlertStatus, CheckResult, CheckStatus, Priority, Recommendation, RunState, StepStatus
from srvmaint.nodes import Context, Outcome, condition, transform
from srvmaint.nodes._expression import Dotted, Expression
from srvmaint.pipeline.definition import NodeSpec
from srvmaint.pipeline.intake import Offer
from srvmaint.pipeline.plan import CLOSING
from srvmaint.store.records import Accepted
from tests.incidents.given import RESOLVED, alert
from tests.pipeline.room import Room, ScriptedNode, room, spec
from tests.store.given import TRACE

FULL = CheckResult("disk", CheckStatus.CRITICAL, "full", id="c1", at=1)
URGENT = Recommendation("disk", Priority.CRITICAL, "now", "")
LATER = Recommendation("disk", Priority.LOW, "some day", "")


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as place:
        yield place


def fork(when: str, **branches: str | None) -> NodeSpec:
    return spec("condition", config=condition.Config(Expression.parse(when)), branches=branches)


def guarded(kind: str, when: str, node_id: str | None = None) -> NodeSpec:
    return spec(kind, node_id, when=Expression.parse(when))


def script(place: Room, node: str, *entries: object) -> ScriptedNode:
    place.scripts[node].script.extend(entries)
    return place.scripts[node]


async def ends(place: Room, accepted: Accepted, state: RunState = RunState.NOTIFIED) -> list[tuple[str, str]]:
    """What became of each step of the run."""
    _, steps, _ = await place.reaches(accepted, state)
    return [(step.id, step.status.value) for step in steps]


def two_ways(when: str) -> tuple[NodeSpec, ...]:
    branches = {"then": "look", "else": "think"}
    return (
        spec("ingest"),
        fork(when, **branches),
        spec("context", "look", next="tell"),
        spec("intelligence", "think", next="tell"),
        spec("notify", "tell"),
    )


@pytest.mark.parametrize(("when", "way"), [("severity == 'critical'", "look"), ("severity == 'info'", "think")])
async def test_a_condition_leads_one_way_and_the_other_way_is_not_gone(place: Room, when: str, way: str) -> None:
    place.use(*two_ways(when))
    steps = await ends(place, await place.fire())
    assert steps == [(name, "succeeded") for name in ("ingest", "condition", way, "tell")]
    assert sum(len(node.ran) for node in place.scripts.values()) == 1


async def test_what_a_node_found_decides_where_the_run_goes(place: Room) -> None:
    place.use(
        spec("context", "look"),
        fork("look.context.disk.status == 'critical'", then="tell", **{"else": None}),
        spec("notify", "tell"),
    )
    script(place, "look", Outcome({"evidence": ["c1"]}, evidence=(FULL,)), Outcome({"evidence": []}))
    assert [name for name, _ in await ends(place, await place.fire())] == ["look", "condition", "tell"]
    calm = await place.fire(alert("other", start=place.clock.now()))
    assert [name for name, _ in await ends(place, calm, RunState.CHECKED)] == ["look", "condition"]
    assert len(place.channels["ops"].sent) == 1


async def test_a_resumed_run_keeps_to_the_branch_it_took_whatever_the_answer_would_be_now(place: Room) -> None:
    place.use(*two_ways("incident.alerts.firing == 1"))
    node = script(place, "look", PermanentError("broken"), Outcome({}))
    accepted = await place.fire()
    run, _, _ = await place.reaches(accepted, RunState.FAILED)
    await place.store.intake(place.intake._batch(offer_of_a_second_alert(place)), None)
    await place.store.resume_run(run.id, place.clock.now())
    place.workers.wake()
    assert [name for name, _ in await ends(place, accepted)] == ["ingest", "condition", "look", "tell"]
    assert node.ran[-1].incident is not None
    assert node.ran[-1].incident.alerts[AlertStatus.FIRING] == 2


def offer_of_a_second_alert(place: Room) -> Offer:
    return Offer(Parsed((alert("a2", start=place.clock.now()),)), b"{}", "generic", "webhook", TRACE)


async def test_a_crash_between_the_fork_and_its_branch_goes_on_where_it_was(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def hang(_context: Context) -> Outcome:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with room(tmp_path) as first:
        first.use(*two_ways("severity == 'critical'"))
        script(first, "look", hang)
        accepted = await first.fire()
        await begun.wait()
        await first.stop(seconds=0)
        _, steps, _ = await first.run_of(accepted)
        assert [(step.id, step.output) for step in steps[1:]] == [("condition", {"branch": "then"})]
    async with room(tmp_path, clock=first.clock, started=False) as second:
        second.use(*two_ways("severity == 'info'"))  # even a question that was changed is not asked again
        await second.start()
        _, steps, _ = await second.reaches(accepted, RunState.NOTIFIED)
        assert [(step.id, step.attempts) for step in steps] == [
            ("ingest", 1),
            ("condition", 1),
            ("look", 1),
            ("tell", 1),
        ]


async def test_a_node_whose_when_does_not_hold_is_passed_over_and_says_why(place: Room) -> None:
    place.use(spec("ingest"), guarded("context", "severity == 'info'"), spec("notify"))
    _, steps, _ = await place.reaches(await place.fire(), RunState.NOTIFIED)
    passed = steps[1]
    assert (passed.status, passed.attempts, passed.output) == (StepStatus.SKIPPED, 0, None)
    assert passed.error == "when: severity == 'info' does not hold"
    assert place.scripts["context"].ran == []
    assert place.events.counts["pipeline_stage", ("context", "skipped")] == 1


async def test_what_was_passed_over_is_not_asked_again_by_a_later_attempt(place: Room) -> None:
    place.use(
        spec("ingest"),
        guarded("context", "severity == 'info'", "look"),
        spec("intelligence", "think"),
        spec("notify"),
    )
    script(place, "think", TransientError("no route"), Outcome({}))
    accepted = await place.fire()
    await place.reaches(accepted, RunState.RETRYING)
    place.use(spec("ingest"), spec("context", "look"), spec("intelligence", "think"), spec("notify"))
    await place.passes(2)
    assert dict(await ends(place, accepted))["look"] == "skipped"
    assert place.scripts["look"].ran == []
    assert place.scripts["look"].restored == []


async def test_a_condition_that_is_passed_over_goes_the_other_way(place: Room) -> None:
    nodes = two_ways("true")
    place.use(nodes[0], replace(nodes[1], when=Expression.parse("false")), *nodes[2:])
    assert [name for name, _ in await ends(place, await place.fire())] == ["ingest", "condition", "think", "tell"]


async def test_a_notify_node_whose_when_does_not_hold_has_nothing_to_tell(place: Room) -> None:
    place.use(spec("ingest"), guarded("notify", "severity == 'info'"))
    assert await ends(place, await place.fire()) == [("ingest", "succeeded"), ("notify", "skipped")]
    assert place.channels["ops"].sent == []


async def test_two_nodes_of_one_type_run_one_after_the_other_and_both_are_heard(place: Room) -> None:
    place.use(spec("ingest"), spec("intelligence", "first"), spec("intelligence", "second"), spec("notify"))
    script(place, "first", Outcome({}, recommendations=(URGENT,), remark="first"))
    script(place, "second", Outcome({}, recommendations=(LATER,), remark="second"))
    await place.reaches(await place.fire(), RunState.NOTIFIED)
    [(_, message)] = place.channels["ops"].sent
    assert (message.recommendations, message.analysis) == ((URGENT, LATER), "first; second")


async def test_a_transform_between_two_providers_takes_out_what_is_not_urgent(place: Room) -> None:
    pick = transform.Config("first", extract=Dotted("recommendations"), filter_priority=Priority.HIGH)
    place.use(
        spec("ingest"),
        spec("intelligence", "first"),
        spec("transform", "pick", config=pick),
        spec("intelligence", "second"),
        spec("notify"),
    )
    said = [
        {"type": "disk", "priority": each.priority, "title": each.title, "description": ""} for each in (URGENT, LATER)
    ]
    script(place, "first", Outcome({"recommendations": said}, recommendations=(URGENT, LATER)))
    seen: list[tuple[Recommendation, ...]] = []

    async def think(context: Context) -> Outcome:
        seen.append(tuple(context.recommendations))
        if len(seen) == 1:
            raise TransientError("no route")
        return Outcome({})

    script(place, "second", think)
    accepted = await place.fire()
    await place.reaches(accepted, RunState.RETRYING)
    await place.passes(2)
    _, steps, _ = await place.reaches(accepted, RunState.NOTIFIED)
    assert seen[0] == (URGENT,)
    assert [entry["title"] for entry in steps[2].output["transformed"]] == ["now"]
    assert [entry["title"] for entry in steps[2].output["dropped"]] == ["some day"]


async def test_a_failing_optional_node_is_known_to_the_nodes_that_follow(place: Room) -> None:
    place.use(
        spec("ingest"),
        spec("context", "look", required=False),
        guarded("intelligence", "look.has_errors and look.error contains 'broken'", "think"),
        spec("notify"),
    )
    script(place, "look", PermanentError("broken pipe"))
    assert await ends(place, await place.fire()) == [
        ("ingest", "succeeded"),
        ("look", "failed"),
        ("think", "succeeded"),
        ("notify", "succeeded"),
    ]


async def test_a_node_with_something_to_fall_back_on_never_delays_a_message_past_its_time(place: Room) -> None:
    async def hang(_context: Context) -> Outcome:
        await asyncio.Event().wait()
        raise AssertionError

    async def instead(_context: Context, reason: str) -> Outcome:
        return Outcome({"instead": reason}, remark=f"local (x failed: {reason})")

    place.use(spec("ingest"), spec("intelligence", timeout=0.01), spec("notify"))
    node = script(place, "intelligence", hang)
    node.fallback = instead  # type: ignore[attr-defined] # as the intelligence node has it
    _, steps, _ = await place.reaches(await place.fire(), RunState.NOTIFIED)
    assert (steps[1].status, steps[1].attempts) == (StepStatus.SUCCEEDED, 1)
    assert place.channels["ops"].sent[0][1].analysis == "local (x failed: timed out after 0.01 s)"


QUIET_ENDS = {
    "a fork around the only notify": (
        spec("ingest"),
        fork("incident.alerts.firing > 0", then="tell", **{"else": None}),
        spec("notify", "tell"),
    ),
    "a notify that is passed over": (spec("ingest"), guarded("notify", "incident.status == 'open'")),
    "no notify at all": (spec("ingest"),),
}


@pytest.mark.parametrize("ending", QUIET_ENDS)
async def test_whoever_was_told_that_it_fires_is_told_that_it_is_over_wherever_the_way_leads(
    place: Room, ending: str
) -> None:
    place.use(spec("ingest"), spec("notify"))
    await place.reaches(await place.fire(), RunState.NOTIFIED)
    place.use(*QUIET_ENDS[ending])
    over = await place.fire(alert(status=RESOLVED, end=place.clock.now()))
    _, steps, _ = await place.reaches(over, RunState.NOTIFIED)
    assert (steps[-1].id, steps[-1].type) == (CLOSING, "notify")
    assert place.channels["ops"].statuses == ["firing", "resolved"]


async def test_whoever_knows_already_is_not_told_the_end_twice(place: Room) -> None:
    place.use(spec("ingest"), spec("notify"))
    await place.reaches(await place.fire(), RunState.NOTIFIED)
    over = await place.fire(alert(status=RESOLVED, end=place.clock.now()))
    assert [name for name, _ in await ends(place, over)] == ["ingest", "notify"]
    again = await place.fire(alert(status=RESOLVED, end=place.clock.now()), requested=True)
    assert [name for name, _ in await ends(place, again)] == ["ingest", "notify"]
    assert place.channels["ops"].statuses == ["firing", "resolved"]


@pytest.mark.parametrize(
    ("nodes", "sure"),
    [
        ((spec("ingest"), spec("notify")), True),
        ((spec("ingest"),), False),
        ((spec("ingest"), guarded("notify", "true")), False),
        (two_ways("true"), True),
        ((fork("true", then="notify", **{"else": None}), spec("notify")), False),
        ((fork("true", then="notify", **{"else": "b"}), spec("notify", next="b"), spec("notify", "b")), True),
    ],
)
async def test_a_pipeline_knows_whether_every_way_through_it_tells_somebody(
    place: Room, nodes: tuple[NodeSpec, ...], *, sure: bool
) -> None:
    place.use(*nodes)
    assert place.current.plan.pipelines["full"].surely_tells() is sure


async def test_a_pipeline_that_may_tell_nobody_does_not_stand_in_for_the_one_that_will(place: Room) -> None:
    forked = place.plan(fork("false", then="notify", **{"else": None}), spec("notify"), name="forked")
    place.use(spec("ingest"), spec("notify"))
    plan = place.current.plan
    place.current.plan = replace(plan, pipelines={**plan.pipelines, **forked.pipelines})
    accepted = await place.fire(pipeline="forked", requested=True)
    assert sorted(run.pipeline for run in accepted.runs) == ["forked", "full"]
    await place.until(lambda: place.channels["ops"].statuses == ["firing"])
