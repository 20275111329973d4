"""Waiting for a run to end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from srvmaint.errors import NotFoundError, TransientError
from srvmaint.model import RunState
from tests.pipeline.room import Room, room
from tests.store.faults import PATIENCE


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as place:
        yield place


async def test_whoever_waits_is_told_of_the_end(place: Room) -> None:
    answer = asyncio.Event()
    place.channels["ops"].script.append(answer)
    accepted = await place.fire()
    waiting = [asyncio.create_task(place.watch.end_of(accepted.runs[0].run_id, PATIENCE)) for _ in range(3)]
    await place.channels["ops"].begun.wait()
    assert not any(task.done() for task in waiting)
    answer.set()
    assert {run.state for run in await asyncio.gather(*waiting)} == {RunState.NOTIFIED}


async def test_a_run_that_has_ended_is_answered_at_once(place: Room) -> None:
    accepted = await place.fire()
    await place.reaches(accepted, RunState.NOTIFIED)
    assert (await place.watch.end_of(accepted.runs[0].run_id, PATIENCE)).state is RunState.NOTIFIED


async def test_waiting_goes_on_while_a_message_is_tried_again(place: Room) -> None:
    place.channels["ops"].script.append(TransientError("503"))
    accepted = await place.fire()
    waiting = asyncio.create_task(place.watch.end_of(accepted.runs[0].run_id, PATIENCE))
    await place.reaches(accepted, RunState.RETRYING)
    assert not waiting.done()
    await place.passes(2)
    assert (await waiting).state is RunState.NOTIFIED


@pytest.mark.parametrize("seconds", [0, 0.01])
async def test_patience_ends_with_the_run_as_it_stands(place: Room, seconds: float) -> None:
    place.channels["ops"].script.append(asyncio.Event())
    accepted = await place.fire()
    await place.channels["ops"].begun.wait()
    assert (await place.watch.end_of(accepted.runs[0].run_id, seconds)).finished_at is None


async def test_a_run_that_does_not_exist_is_not_waited_for(place: Room) -> None:
    with pytest.raises(NotFoundError):
        await place.watch.end_of("nope", PATIENCE)


async def test_nothing_is_left_behind_by_those_who_waited(place: Room) -> None:
    accepted = await place.fire()
    waiting = asyncio.create_task(place.watch.end_of(accepted.runs[0].run_id, PATIENCE))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await place.watch.end_of(accepted.runs[0].run_id, PATIENCE)
    assert not place.watch._waiting
