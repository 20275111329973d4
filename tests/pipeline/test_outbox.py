"""The outbox: in order, again where that can help, one channel's trouble never another's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from srvmaint.errors import PermanentError, TransientError
from srvmaint.incidents.what_to_send import Wishes
from srvmaint.model import DeliveryState, RunState
from srvmaint.pipeline.outbox import SLOTS
from srvmaint.pipeline.plan import Plan
from srvmaint.store import pages
from tests.incidents.given import DAY, INFO, RESOLVED, WARNING, alert
from tests.pipeline.room import FakeChannel, Room, millis, room

DOWN = TransientError("503")


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path, "ops", "mail") as place:
        yield place


async def test_every_channel_of_the_route_is_told(place: Room) -> None:
    _, _, deliveries = await place.reaches(await place.fire(), RunState.NOTIFIED)
    assert {delivery.channel for delivery in deliveries} == {"ops", "mail"}
    assert {delivery.state for delivery in deliveries} == {DeliveryState.DELIVERED}
    assert [delivery.receiver_id for delivery in deliveries] == ["r1", "r1"]


async def test_a_message_that_did_not_arrive_is_sent_again_with_the_same_key(place: Room) -> None:
    ops = place.channels["ops"]
    ops.script.extend([DOWN, DOWN])
    accepted = await place.fire()
    _, _, deliveries = await place.reaches(accepted, RunState.RETRYING)
    waiting = next(delivery for delivery in deliveries if delivery.channel == "ops")
    assert (waiting.attempts, waiting.next_at, waiting.last_error) == (1, place.clock.now() + millis(2), "503")
    await place.passes(2)
    await place.until(lambda: len(ops.keys) == 2)
    await place.passes(4)
    _, _, deliveries = await place.reaches(accepted, RunState.NOTIFIED)
    assert set(ops.keys) == {waiting.id}
    assert len(ops.keys) == 3
    assert len(place.channels["mail"].keys) == 1


async def test_a_receiver_is_not_asked_again_sooner_than_it_said(place: Room) -> None:
    place.channels["ops"].script.append(TransientError("429", retry_after=300))
    accepted = await place.fire()
    _, _, deliveries = await place.reaches(accepted, RunState.RETRYING)
    assert {delivery.next_at for delivery in deliveries} == {None, place.clock.now() + millis(300)}
    await place.passes(299)
    await place.store.written()
    assert len(place.channels["ops"].keys) == 1
    await place.passes(1)
    await place.reaches(accepted, RunState.NOTIFIED)


async def test_what_cannot_arrive_is_dead_at_once(place: Room) -> None:
    place.channels["ops"].script.append(PermanentError("404"))
    run, _, deliveries = await place.reaches(await place.fire(), RunState.FAILED)
    assert run.error == "1 of 2 deliveries are dead"
    assert {(delivery.channel, delivery.state) for delivery in deliveries} == {
        ("ops", DeliveryState.DEAD),
        ("mail", DeliveryState.DELIVERED),
    }


def _more_than(channel: FakeChannel, tried: int) -> bool:
    return len(channel.keys) > tried


async def test_a_message_is_tried_for_as_long_as_it_has_and_then_given_up(place: Room) -> None:
    ops = place.channels["ops"]
    ops.script.extend([DOWN] * 1000)
    accepted = await place.fire()
    await place.reaches(accepted, RunState.RETRYING)
    began = place.clock.now()
    while (await place.run_of(accepted))[0].state is RunState.RETRYING:
        tried = len(ops.keys)
        _, _, deliveries = await place.run_of(accepted)
        due = max(delivery.next_at or 0 for delivery in deliveries)
        await place.passes((due - place.clock.now()) / 1000)
        await place.until(partial(_more_than, ops, tried))
    _, _, deliveries = await place.reaches(accepted, RunState.FAILED)
    given_up = next(delivery for delivery in deliveries if delivery.channel == "ops")
    assert given_up.last_error == "given up: 503"
    assert DAY - millis(600) <= place.clock.now() - began < DAY
    assert given_up.attempts == len(ops.keys)


async def test_a_dead_message_can_be_resumed_and_then_arrives_with_the_same_key(place: Room) -> None:
    ops = place.channels["ops"]
    ops.script.append(PermanentError("404"))
    run, _, _ = await place.reaches(await place.fire(), RunState.FAILED)
    await place.store.resume_run(run.id, place.clock.now())
    place.outbox.wake()
    await place.until(lambda: ops.sent)
    assert len(set(ops.keys)) == 1
    assert len(place.channels["mail"].keys) == 1


async def test_a_channel_that_hangs_holds_up_no_other(place: Room) -> None:
    never = asyncio.Event()
    ops, mail = place.channels["ops"], place.channels["mail"]
    ops.script.extend([never] * 100)
    for number in range(3 * SLOTS):
        await place.fire(alert(f"a{number}", labels={"instance": f"db{number}"}))
    await place.until(lambda: len(mail.sent) == 3 * SLOTS)
    assert len(ops.keys) == SLOTS
    assert ops.sent == []
    never.set()
    await place.until(lambda: len(ops.sent) == 3 * SLOTS)


async def test_messages_about_one_incident_arrive_in_order_although_the_first_is_late(place: Room) -> None:
    ops = place.channels["ops"]
    ops.script.append(DOWN)
    first = await place.fire(alert("a", severity=WARNING))
    await place.reaches(first, RunState.RETRYING)
    await place.fire(alert("a"))
    await place.until(lambda: len(place.channels["mail"].sent) == 2)
    over = await place.fire(alert("a", RESOLVED, end=place.clock.now()))
    await place.until(lambda: len(place.channels["mail"].sent) == 3)
    assert ops.sent == []
    await place.passes(2)
    await place.reaches(over, RunState.NOTIFIED)
    assert [(message.status, message.severity) for _, message in ops.sent] == [
        ("firing", "warning"),
        ("firing", "critical"),
        ("resolved", "critical"),
    ]


async def test_a_retry_comes_in_time_although_nothing_else_happens(place: Room) -> None:
    """The lane sleeps long when its channel's first message is sent past it; the failure has to wake it."""
    ops = place.channels["ops"]
    await place.passes(1)
    ops.script.append(DOWN)
    accepted = await place.fire()
    await place.reaches(accepted, RunState.RETRYING)
    await place.passes(2)
    await place.until(lambda: len(ops.keys) == 2)


async def test_a_defect_in_a_channel_is_dead_and_tells_no_details(place: Room) -> None:
    place.channels["ops"].script.append(ZeroDivisionError("secret"))
    _, _, deliveries = await place.reaches(await place.fire(), RunState.FAILED)
    assert "internal error: ZeroDivisionError" in [delivery.last_error for delivery in deliveries]


async def test_what_was_on_the_wire_at_the_stop_is_sent_again_and_nothing_else_is(tmp_path: Path) -> None:
    async with room(tmp_path, "ops", "mail") as first:
        first.channels["ops"].script.append(asyncio.Event())
        accepted = await first.fire()
        await first.until(lambda: first.channels["mail"].sent)
        await first.channels["ops"].begun.wait()
        await first.stop(seconds=0)
        [key] = first.channels["ops"].keys
    async with room(tmp_path, "ops", "mail", clock=first.clock) as second:
        await second.reaches(accepted, RunState.NOTIFIED)
        assert second.channels["ops"].keys == [key]
        assert second.channels["mail"].keys == []


async def test_a_stop_lets_what_is_on_the_wire_arrive(tmp_path: Path) -> None:
    async with room(tmp_path) as place:
        answer = asyncio.Event()
        place.channels["ops"].script.append(answer)
        accepted = await place.fire()
        await place.channels["ops"].begun.wait()
        stopping = asyncio.create_task(place.stop())
        await asyncio.sleep(0)
        answer.set()
        await stopping
        run, _, _ = await place.run_of(accepted)
        assert run.state is RunState.NOTIFIED


async def test_a_clock_that_jumps_makes_nobody_send_twice(place: Room) -> None:
    ops = place.channels["ops"]
    answer = asyncio.Event()
    ops.script.append(answer)
    accepted = await place.fire()
    await ops.begun.wait()
    await place.passes(3600)
    place.outbox.wake()
    await place.passes(1)
    answer.set()
    await place.reaches(accepted, RunState.NOTIFIED)
    assert len(ops.keys) == 1


# ---- the promise: told about firing means told about the end ---------------------------------------------------------


async def test_a_channel_whose_second_message_died_is_still_told_about_the_end(place: Room) -> None:
    ops = place.channels["ops"]
    await place.reaches(await place.fire(alert("a")), RunState.NOTIFIED)
    ops.script.append(PermanentError("400"))
    await place.reaches(await place.fire(alert("b")), RunState.FAILED)
    over = await place.fire(*(alert(who, RESOLVED, end=place.clock.now()) for who in "ab"))
    await place.reaches(over, RunState.NOTIFIED)
    assert ops.statuses == ["firing", "resolved"]


async def test_a_channel_that_never_heard_of_it_is_not_told_about_the_end(place: Room) -> None:
    ops = place.channels["ops"]
    ops.script.append(PermanentError("400"))
    await place.reaches(await place.fire(alert("a")), RunState.FAILED)
    over = await place.fire(alert("a", RESOLVED, end=place.clock.now()))
    _, steps, _ = await place.reaches(over, RunState.NOTIFIED)
    assert ops.sent == []
    assert {"channel": "ops", "send": False, "reason": "resolved_before_told"} in steps[-1].output["decisions"]


async def test_a_channel_that_has_left_the_route_is_told_about_the_end_of_what_it_was_told(place: Room) -> None:
    await place.reaches(await place.fire(alert("a")), RunState.NOTIFIED)
    place.current.plan = _narrowed(place, "full")
    over = await place.fire(alert("a", RESOLVED, end=place.clock.now()))
    await place.reaches(over, RunState.NOTIFIED)
    assert place.channels["mail"].statuses == ["firing", "resolved"]
    assert place.channels["ops"].statuses == ["firing", "resolved"]


def _narrowed(place: Room, name: str) -> Plan:
    pipeline = replace(place.current.plan.pipelines[name], channels=("ops",))
    return replace(place.current.plan, pipelines={name: pipeline})


async def test_a_channel_that_wants_no_ends_is_remembered_to_know_it(place: Room) -> None:
    place.wishes["ops"] = Wishes(WARNING, send_resolved=False)
    place.use()
    await place.reaches(await place.fire(alert("a")), RunState.NOTIFIED)
    over = await place.fire(alert("a", RESOLVED, end=place.clock.now()))
    _, steps, deliveries = await place.reaches(over, RunState.NOTIFIED)
    kept = {delivery.channel: delivery.state for delivery in deliveries}
    assert kept == {"ops": DeliveryState.SUPPRESSED, "mail": DeliveryState.DELIVERED}
    await place.passes(60)
    again = await place.fire(alert("a", severity=INFO, start=place.clock.now()))
    _, steps, _ = await place.reaches(again, RunState.NOTIFIED)
    reasons = {decision["channel"]: decision["reason"] for decision in steps[-1].output["decisions"]}
    assert reasons == {"ops": "below_min_severity", "mail": "refired"}


# ---- reload ----------------------------------------------------------------------------------------------------------


async def reload(place: Room, **channels: FakeChannel) -> None:
    place.channels = channels
    place.use()
    await place.outbox.open()
    place.workers.wake()


async def test_a_channel_that_is_taken_away_and_put_back_retries_in_time(place: Room) -> None:
    ops, mail = place.channels["ops"], place.channels["mail"]
    await reload(place, mail=mail)
    await reload(place, ops=ops, mail=mail)
    ops.script.append(DOWN)
    accepted = await place.fire()
    await place.reaches(accepted, RunState.RETRYING)
    await place.passes(2)
    await place.reaches(accepted, RunState.NOTIFIED)
    assert len(ops.keys) == 2


async def test_what_waits_for_a_channel_that_is_taken_away_is_dead(place: Room) -> None:
    place.channels["ops"].script.append(DOWN)
    accepted = await place.fire()
    await place.reaches(accepted, RunState.RETRYING)
    await reload(place, mail=place.channels["mail"])
    _, _, deliveries = await place.reaches(accepted, RunState.FAILED)
    dead = next(delivery for delivery in deliveries if delivery.channel == "ops")
    assert "not in the configuration any more" in (dead.last_error or "")


async def test_what_is_on_the_wire_to_a_channel_that_is_taken_away_still_arrives(place: Room) -> None:
    ops = place.channels["ops"]
    answer = asyncio.Event()
    ops.script.append(answer)
    accepted = await place.fire()
    await ops.begun.wait()
    await reload(place, mail=place.channels["mail"])
    answer.set()
    await place.reaches(accepted, RunState.NOTIFIED)
    assert len(ops.sent) == 1


async def test_a_message_decided_for_a_channel_while_it_was_taken_away_does_not_wait_for_ever(place: Room) -> None:
    ops = place.channels["ops"]
    ops.script.extend([asyncio.Event()] * SLOTS)
    for number in range(SLOTS):
        await place.fire(alert(f"a{number}", labels={"instance": f"db{number}"}))
    await place.until(lambda: len(ops.keys) == SLOTS)
    old = place.current.plan
    await reload(place, mail=place.channels["mail"])
    place.current.plan = _with_pipelines_of(place, old)
    accepted = await place.fire(alert("late", labels={"instance": "late"}))
    await place.until(lambda: len(place.channels["mail"].sent) == SLOTS + 1)
    for waiting in asyncio.all_tasks():
        if waiting.get_name() == "channel-ops-work":
            waiting.cancel()
    await place.reaches(accepted, RunState.FAILED)
    [late] = (
        await pages.page(place.store.reader, "deliveries", {"run_id": accepted.runs[0].run_id, "channel": "ops"})
    ).items
    assert late.state is DeliveryState.DEAD


def _with_pipelines_of(place: Room, old: Plan) -> Plan:
    return replace(place.current.plan, pipelines=old.pipelines)
