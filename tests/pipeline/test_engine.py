"""The engine: forward only, tried again where that can help, never twice what is done."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from srvmaint.errors import PermanentError, TransientError, UsageError
from srvmaint.model import CheckResult, CheckStatus, Priority, Recommendation, RunState, StepStatus
from srvmaint.nodes import Context, Outcome
from srvmaint.store.records import Accepted
from tests.fakes import START
from tests.incidents.given import RESOLVED, alert
from tests.pipeline.room import Room, ScriptedNode, millis, room, spec

FULL = (spec("ingest"), spec("context"), spec("intelligence"), spec("notify"))
RESULT = CheckResult("disk", CheckStatus.CRITICAL, "full", id="c1", at=1)
ADVICE = Recommendation("disk", Priority.HIGH, "clean up", "")


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as place:
        place.use(*FULL)
        yield place


def script(place: Room, node: str, *entries: object) -> ScriptedNode:
    place.scripts[node].script.extend(entries)
    return place.scripts[node]


async def test_a_run_goes_through_its_nodes_and_ends_when_its_messages_have_arrived(place: Room) -> None:
    script(place, "context", Outcome({"evidence": ["c1"]}, evidence=(RESULT,)))
    script(place, "intelligence", Outcome({}, recommendations=(ADVICE,), remark="analysed by local"))
    run, steps, deliveries = await place.reaches(await place.fire(), RunState.NOTIFIED)
    assert [(step.id, step.status, step.attempts) for step in steps] == [
        (node.id, StepStatus.SUCCEEDED, 1) for node in FULL
    ]
    assert (run.error, run.finished_at, run.next_at) == (None, place.clock.now(), None)
    [(key, message)] = place.channels["ops"].sent
    assert (key, message.evidence, message.recommendations) == (deliveries[0].id, (RESULT,), (ADVICE,))
    assert message.analysis == "analysed by local"


async def test_states_only_move_forward(place: Room) -> None:
    seen: list[RunState] = []
    accepted: list[Accepted] = []
    known = asyncio.Event()

    async def look(_context: Context) -> Outcome:
        await known.wait()
        await asyncio.sleep(0)  # what has been found is written down once the run waits for something
        seen.append((await place.run_of(accepted[0]))[0].state)
        return Outcome({})

    place.use(spec("ingest"), spec("intelligence", "a"), spec("context", "b"), spec("context", "c"), spec("notify"))
    for name in "abc":
        script(place, name, look)
    accepted.append(await place.fire())
    known.set()
    await place.reaches(accepted[0], RunState.NOTIFIED)
    assert seen == [RunState.INGESTED, RunState.ANALYZED, RunState.ANALYZED]


async def test_a_definition_that_tells_nobody_ends_where_its_nodes_end(place: Room) -> None:
    place.use(spec("ingest"), spec("context"))
    run, _, deliveries = await place.reaches(await place.fire(), RunState.CHECKED)
    assert (run.finished_at, run.next_at, run.error) == (place.clock.now(), None, None)
    assert deliveries == ()


async def test_a_run_with_nothing_to_tell_has_notified(place: Room) -> None:
    await place.reaches(await place.fire(), RunState.NOTIFIED)
    accepted = await place.fire(requested=True)
    _, steps, deliveries = await place.reaches(accepted, RunState.NOTIFIED)
    assert steps[-1].output["decisions"] == [{"channel": "ops", "send": False, "reason": "already_told"}]
    assert deliveries == ()


async def test_what_may_pass_is_tried_again_with_growing_patience(place: Room) -> None:
    node = script(place, "context", TransientError("no route"), TransientError("no route"), Outcome({"ok": 1}))
    accepted = await place.fire()
    run, steps, _ = await place.reaches(accepted, RunState.RETRYING)
    assert (run.error, run.next_at) == ("context: no route", place.clock.now() + millis(2))
    assert [(step.status, step.attempts) for step in steps] == [(StepStatus.SUCCEEDED, 1), (StepStatus.PENDING, 1)]
    await place.passes(2)
    await place.until(lambda: len(node.ran) == 2)
    run, _, _ = await place.reaches(accepted, RunState.RETRYING)
    assert run.next_at == place.clock.now() + millis(4)
    await place.passes(4)
    _, steps, _ = await place.reaches(accepted, RunState.NOTIFIED)
    assert [step.attempts for step in steps] == [1, 3, 1, 1]


async def test_waiting_to_try_again_keeps_no_worker(place: Room) -> None:
    script(place, "context", TransientError("no route"))
    await place.reaches(await place.fire(), RunState.RETRYING)
    assert place.workers.busy == 0


async def test_nobody_is_asked_again_sooner_than_they_said(place: Room) -> None:
    script(place, "context", TransientError("busy", retry_after=90))
    run, _, _ = await place.reaches(await place.fire(), RunState.RETRYING)
    assert run.next_at == place.clock.now() + millis(90)


async def test_patience_ends_and_attempts_count_on_after_a_resume(place: Room) -> None:
    place.use(spec("ingest"), spec("context", retries=1), spec("notify"))
    node = script(place, "context", TransientError("no route"))
    accepted = await place.fire()
    await place.reaches(accepted, RunState.RETRYING)
    await place.passes(2)
    run, steps, _ = await place.reaches(accepted, RunState.FAILED)
    assert (run.error, steps[1].attempts, steps[1].status) == ("context: no route", 2, StepStatus.FAILED)

    await place.store.resume_run(run.id, place.clock.now())
    place.workers.wake()
    await place.until(lambda: len(node.ran) == 3)
    _, steps, _ = await place.reaches(accepted, RunState.RETRYING)
    assert (steps[1].attempts, steps[1].status) == (3, StepStatus.PENDING)
    await place.passes(60)
    _, steps, _ = await place.reaches(accepted, RunState.FAILED)
    assert steps[1].attempts == 4


async def test_what_cannot_pass_fails_at_once(place: Room) -> None:
    node = script(place, "context", PermanentError("no such thing"))
    run, steps, _ = await place.reaches(await place.fire(), RunState.FAILED)
    assert (run.error, run.finished_at, len(node.ran)) == ("context: no such thing", place.clock.now(), 1)
    assert [step.status for step in steps] == [StepStatus.SUCCEEDED, StepStatus.FAILED]
    assert place.channels["ops"].sent == []


async def test_a_step_that_may_fail_is_gone_past_and_said_so(place: Room) -> None:
    place.use(spec("ingest"), spec("context", required=False), spec("notify"))
    script(place, "context", PermanentError("no such thing"))
    _, steps, _ = await place.reaches(await place.fire(), RunState.NOTIFIED)
    assert [step.status for step in steps] == [StepStatus.SUCCEEDED, StepStatus.FAILED, StepStatus.SUCCEEDED]
    assert place.channels["ops"].sent[0][1].analysis == "context failed: no such thing"


async def test_a_step_that_may_fail_is_tried_again_first(place: Room) -> None:
    place.use(spec("ingest"), spec("context", required=False, retries=1), spec("notify"))
    script(place, "context", TransientError("no route"))
    accepted = await place.fire()
    await place.reaches(accepted, RunState.RETRYING)
    await place.passes(2)
    _, steps, _ = await place.reaches(accepted, RunState.NOTIFIED)
    assert steps[1].attempts == 2


async def test_a_step_that_was_gone_past_is_not_tried_again_by_a_later_attempt(place: Room) -> None:
    place.use(spec("ingest"), spec("context", required=False), spec("intelligence"), spec("notify"))
    node = script(place, "context", PermanentError("no such thing"))
    script(place, "intelligence", TransientError("no route"), Outcome({}))
    accepted = await place.fire()
    await place.reaches(accepted, RunState.RETRYING)
    await place.passes(2)
    await place.reaches(accepted, RunState.NOTIFIED)
    assert len(node.ran) == 1
    assert "context failed: no such thing" in place.channels["ops"].sent[0][1].analysis


async def test_a_node_has_only_so_much_time(place: Room) -> None:
    async def hang(_context: Context) -> Outcome:
        await asyncio.Event().wait()
        raise AssertionError

    place.use(spec("ingest"), spec("context", timeout=0.01), spec("notify"))
    script(place, "context", hang, Outcome({}))
    accepted = await place.fire()
    run, _, _ = await place.reaches(accepted, RunState.RETRYING)
    assert run.error == "context: timed out after 0.01 s"
    await place.passes(2)
    await place.reaches(accepted, RunState.NOTIFIED)


@pytest.mark.parametrize("defect", [ZeroDivisionError("secret"), UsageError("secret"), KeyError("secret")])
async def test_a_defect_in_a_node_ends_the_run_and_tells_no_details(place: Room, defect: Exception) -> None:
    script(place, "context", defect)
    run, steps, _ = await place.reaches(await place.fire(), RunState.FAILED)
    assert run.error == f"context: internal error: {type(defect).__name__}"
    assert steps[1].status is StepStatus.FAILED


async def test_an_outcome_that_cannot_be_written_down_ends_the_run(place: Room) -> None:
    script(place, "context", Outcome({"what": object()}))
    run, _, _ = await place.reaches(await place.fire(), RunState.FAILED)
    assert run.error == "internal error: TypeError"


async def waits_for_a_pipeline_that_has_gone(place: Room) -> Accepted:
    script(place, "context", TransientError("no route"), Outcome({}))
    accepted = await place.fire()
    await place.reaches(accepted, RunState.RETRYING)
    place.use(name="other")
    return accepted


async def test_a_run_whose_pipeline_has_gone_takes_the_one_that_would_take_its_alert_now(place: Room) -> None:
    accepted = await waits_for_a_pipeline_that_has_gone(place)
    await place.passes(2)
    await place.reaches(accepted, RunState.NOTIFIED)
    assert place.channels["ops"].statuses == ["firing"]


async def test_a_run_whose_pipeline_has_gone_says_what_to_do_and_can_be_resumed(place: Room) -> None:
    accepted = await waits_for_a_pipeline_that_has_gone(place)
    place.current.plan = replace(place.current.plan, routes=())
    await place.passes(2)
    run, _, _ = await place.reaches(accepted, RunState.FAILED)
    assert run.error == "pipeline 'full' is not in the configuration any more. Put it back and resume the run"
    place.use(*FULL)
    resumed = await place.store.resume_run(run.id, place.clock.now())
    assert resumed.next_at is not None
    place.workers.wake()
    await place.reaches(accepted, RunState.NOTIFIED)


@pytest.mark.parametrize("failing", [1, 2])
async def test_a_resumed_run_takes_what_it_had_found_and_does_nothing_twice(place: Room, failing: int) -> None:
    names = ["context", "intelligence"]
    for place_of, name in enumerate(names, 1):
        entries = [PermanentError("broken")] if place_of == failing else []
        script(place, name, *entries, Outcome({"found": name}))
    accepted = await place.fire()
    run, _, _ = await place.reaches(accepted, RunState.FAILED)
    await place.store.resume_run(run.id, place.clock.now())
    place.workers.wake()
    _, steps, _ = await place.reaches(accepted, RunState.NOTIFIED)
    assert [step.attempts for step in steps] == [2 if seq == failing else 1 for seq in range(4)]
    for place_of, name in enumerate(names, 1):
        node = place.scripts[name]
        assert len(node.ran) == (2 if place_of == failing else 1)
        assert node.restored == ([{"found": name}] if place_of < failing else [])
    assert len(place.channels["ops"].sent) == 1


async def test_what_was_found_before_and_cannot_be_read_any_more_is_found_again(place: Room) -> None:
    node = script(place, "context", Outcome({"found": 1}))
    node.restoring = ValueError("another shape")
    script(place, "intelligence", TransientError("no route"), Outcome({}))
    accepted = await place.fire()
    await place.reaches(accepted, RunState.RETRYING)
    await place.passes(2)
    _, steps, _ = await place.reaches(accepted, RunState.NOTIFIED)
    assert (len(node.ran), steps[1].attempts) == (2, 2)


async def test_a_node_that_has_become_another_type_is_not_taken_for_done(place: Room) -> None:
    place.use(spec("ingest"), spec("context", "x"), spec("intelligence"), spec("notify"))
    script(place, "intelligence", TransientError("no route"), Outcome({}))
    accepted = await place.fire()
    await place.reaches(accepted, RunState.RETRYING)
    place.use(spec("ingest"), spec("notify", "x"))
    await place.passes(2)
    await place.reaches(accepted, RunState.NOTIFIED)
    assert place.channels["ops"].statuses == ["firing"]


async def test_a_channel_is_told_once_by_a_run_however_many_nodes_would_tell_it(place: Room) -> None:
    place.use(spec("ingest"), spec("notify", "one"), spec("notify", "other"))
    accepted = await place.fire()
    await place.reaches(accepted, RunState.NOTIFIED)
    over = await place.fire(alert(status=RESOLVED, end=place.clock.now()))
    await place.reaches(over, RunState.NOTIFIED)
    assert place.channels["ops"].statuses == ["firing", "resolved"]


async def test_two_runs_of_one_incident_are_never_at_work_together(place: Room) -> None:
    inside: list[str] = []
    together: list[int] = []

    async def work(context: Context) -> Outcome:
        inside.append(context.run.id)
        together.append(len(inside))
        await place.store.written()
        inside.remove(context.run.id)
        return Outcome({})

    script(place, "context", work)
    accepted = [await place.fire(alert(f"a{number}")) for number in range(20)]
    for one in accepted:
        await place.reaches(one, RunState.NOTIFIED)
    assert max(together) == 1


async def test_stopping_in_the_middle_leaves_the_run_to_the_next_start(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def hang(_context: Context) -> Outcome:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with room(tmp_path) as first:
        first.use(*FULL)
        script(first, "intelligence", hang)
        accepted = await first.fire()
        await begun.wait()
        await first.stop(seconds=0)
        run, steps, _ = await first.run_of(accepted)
        assert (run.state, run.error, len(steps)) == (RunState.CHECKED, None, 2)
        assert run.next_at is not None

    async with room(tmp_path, clock=first.clock, started=False) as second:
        second.use(*FULL)
        await second.start()
        _, steps, _ = await second.reaches(accepted, RunState.NOTIFIED)
        assert [step.attempts for step in steps] == [1, 1, 1, 1]
        assert second.scripts["context"].ran == []
        assert second.channels["ops"].statuses == ["firing"]


async def test_a_run_is_kept_by_whoever_works_on_it_however_long_that_takes(place: Room) -> None:
    hold = asyncio.Event()

    async def wait(_context: Context) -> Outcome:
        await hold.wait()
        return Outcome({})

    node = script(place, "context", wait)
    accepted = await place.fire()
    await place.until(lambda: node.ran)
    for _ in range(10):
        await place.passes(40)
    place.workers.wake()
    await place.passes(1)
    hold.set()
    await place.reaches(accepted, RunState.NOTIFIED)
    assert len(node.ran) == 1


async def test_a_clock_that_jumps_makes_nobody_do_the_work_twice(place: Room) -> None:
    hold = asyncio.Event()

    async def wait(_context: Context) -> Outcome:
        await hold.wait()
        return Outcome({})

    node = script(place, "context", wait)
    accepted = await place.fire()
    await place.until(lambda: node.ran)
    place.clock.advance(3600)
    place.workers.wake()
    await place.passes(1)
    hold.set()
    await place.reaches(accepted, RunState.NOTIFIED)
    assert len(node.ran) == 1
    assert place.channels["ops"].statuses == ["firing"]


async def test_what_happens_is_counted_by_stage(place: Room) -> None:
    script(place, "context", TransientError("no route"), Outcome({}))
    accepted = await place.fire()
    await place.reaches(accepted, RunState.RETRYING)
    await place.passes(2)
    await place.reaches(accepted, RunState.NOTIFIED)
    counted = {
        event: place.events.counts["pipeline_stage", ("context", event)]
        for event in ("started", "retrying", "succeeded")
    }
    assert counted == {"started": 2, "retrying": 1, "succeeded": 1}


@pytest.mark.parametrize("seed", range(8))
async def test_runs_that_wait_for_one_another_all_end_without_any_time_passing(place: Room, seed: int) -> None:
    """Nobody is forgotten: the clock stands still, so nothing but the end of one run can begin the next."""
    chance = random.Random(seed)  # noqa: S311 - the same chance every time

    async def work(_context: Context) -> Outcome:
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        if chance.random() < 0.2:
            raise PermanentError("broken")
        return Outcome({})

    script(place, "context", work)
    senders = []
    for number in range(150):
        said = alert(f"a{chance.randrange(5)}", labels={"instance": f"db{chance.randrange(3)}"}, start=number)
        senders.append(asyncio.create_task(place.fire(said, requested=chance.random() < 0.7)))
        for _ in range(chance.randrange(6)):
            await asyncio.sleep(0)
    await asyncio.gather(*senders)

    async def all_ended() -> bool:
        return await place.store.reader.rows("SELECT id FROM run WHERE finished_at IS NULL") == []

    await place.until(all_ended)
    assert place.clock.now() == START
