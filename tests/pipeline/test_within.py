"""A time limit that costs nothing where nothing waits, and holds where something does."""

from __future__ import annotations

import asyncio

import pytest

from srvmaint.pipeline.within import within


async def at_once(value: int) -> int:
    return value


async def fails(error: Exception, *, first: asyncio.Event | None = None) -> int:
    if first is not None:
        await first.wait()
    raise error


async def waits(event: asyncio.Event, heard: list[str]) -> str:
    try:
        await event.wait()
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        heard.append("cancelled")
        raise
    return "done"


async def test_what_never_waits_needs_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_timer(_seconds: float) -> None:
        raise AssertionError

    monkeypatch.setattr(asyncio, "timeout", no_timer)
    assert await within(0, at_once(7)) == 7
    with pytest.raises(KeyError):
        await within(0, fails(KeyError()))


async def test_what_waits_goes_on_when_it_may() -> None:
    event = asyncio.Event()
    asyncio.get_running_loop().call_soon(event.set)
    assert await within(60, waits(event, [])) == "done"


async def test_what_fails_after_waiting_fails() -> None:
    event = asyncio.Event()
    asyncio.get_running_loop().call_soon(event.set)
    with pytest.raises(KeyError):
        await within(60, fails(KeyError(), first=event))


async def test_what_waits_too_long_is_cancelled() -> None:
    heard: list[str] = []
    with pytest.raises(TimeoutError):
        await within(0, waits(asyncio.Event(), heard))
    assert heard == ["cancelled"]


async def test_a_cancellation_from_outside_goes_through() -> None:
    heard: list[str] = []
    task = asyncio.ensure_future(within(60, waits(asyncio.Event(), heard)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert heard == ["cancelled"]


async def test_what_starts_tasks_of_its_own_can_be_limited() -> None:
    async def several() -> list[int]:
        return [*await asyncio.gather(at_once(1), at_once(2))]

    assert await within(60, several()) == [1, 2]
