"""Lists: newest first, every row exactly once, however the store grows meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from srvmaint.errors import NotFoundError, UsageError
from srvmaint.model import StoredAlert
from srvmaint.store import pages
from srvmaint.store.store import Store
from tests.fakes import FakeClock
from tests.incidents.given import FIRING, RESOLVED, WARNING, alert, heard
from tests.store.given import batch, begun, fire, intent, tell
from tests.store.test_rejected import reject

LISTS = ("alerts", "incidents", "runs", "deliveries", "rejected")


async def fill(store: Store, clock: FakeClock, first: int, last: int) -> None:
    """So many alerts, each with an incident, a run and a delivery; and as many rejected bodies."""
    for number in range(first, last):
        run = await begun(store, clock, f"a{number}", f"db{number}")
        await tell(store, clock, run, intent(run, clock))
        await reject(store, clock)
        clock.advance(1)


@pytest.mark.parametrize("kind", LISTS)
async def test_every_row_is_shown_once_while_others_arrive(store: Store, clock: FakeClock, kind: str) -> None:
    await fill(store, clock, 0, 10)
    [*before] = (await pages.page(store.reader, kind, {}, limit=500)).items
    seen: list[Any] = []
    cursor = None
    for turn in range(10):
        found = await pages.page(store.reader, kind, {}, limit=3, cursor=cursor)
        seen += found.items
        cursor = found.next
        await fill(store, clock, 10 + turn, 11 + turn)
        if cursor is None:
            break
    assert cursor is None
    assert [one.id for one in seen] == [one.id for one in before]


async def test_the_newest_comes_first(store: Store, clock: FakeClock) -> None:
    await fill(store, clock, 0, 3)
    found = await pages.page(store.reader, "alerts", {})
    assert [one.alert.fingerprint for one in found.items] == ["a2", "a1", "a0"]


@pytest.mark.parametrize("kind", LISTS)
async def test_the_last_page_says_that_it_is_the_last(store: Store, clock: FakeClock, kind: str) -> None:
    assert (await pages.page(store.reader, kind, {})).items == ()
    await fill(store, clock, 0, 4)
    whole = await pages.page(store.reader, kind, {}, limit=4)
    assert (len(whole.items), whole.next) == (4, None)
    part = await pages.page(store.reader, kind, {}, limit=3)
    assert part.next is not None
    rest = await pages.page(store.reader, kind, {}, limit=3, cursor=part.next)
    assert (len(rest.items), rest.next) == (1, None)


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize(
    "cursor", ["", "x y", "-1", "1.5", "9" * 40, "٣", "' OR 1=1 --", "\x00", "\ud800", "1" * 10_000]
)
async def test_a_cursor_nobody_gave_out_is_refused(store: Store, kind: str, cursor: str) -> None:
    with pytest.raises(UsageError, match="is no cursor of this list"):
        await pages.page(store.reader, kind, {}, cursor=cursor)


@pytest.mark.parametrize("kind", LISTS)
async def test_every_filter_can_be_asked_for(store: Store, clock: FakeClock, kind: str) -> None:
    await fill(store, clock, 0, 1)
    for name in pages.filters_of(kind):
        assert (await pages.page(store.reader, kind, {name: 2**62 if name == "since" else "no such"})).items == ()


async def test_filters_narrow_a_list_and_hold_together(store: Store, clock: FakeClock) -> None:
    words = [alert("a"), alert("b", severity=WARNING), alert("c", RESOLVED)]
    await store.intake(batch(*map(heard, words), now=clock.now()), None)
    clock.advance(60)
    await fire(store, clock, "d")

    async def found(**filters: object) -> set[str]:
        items: tuple[StoredAlert, ...] = (await pages.page(store.reader, "alerts", filters)).items
        return {one.alert.fingerprint for one in items}

    assert await found(status=FIRING) == {"a", "b", "d"}
    assert await found(severity=WARNING) == {"b"}
    assert await found(status=FIRING, severity="critical") == {"a", "d"}
    assert await found(fingerprint="c") == {"c"}
    assert await found(since=clock.now()) == {"d"}


async def test_incidents_nobody_routes_can_be_found(store: Store, clock: FakeClock) -> None:
    await store.intake(batch(heard(alert("a"), pipeline=None), now=clock.now()), None)
    await fire(store, clock, "b", "db2")
    [unrouted] = (await pages.page(store.reader, "incidents", {"unrouted": 1})).items
    [routed] = (await pages.page(store.reader, "incidents", {"unrouted": 0})).items
    assert (unrouted.pipeline, routed.pipeline) == (None, "full")
    assert await pages.incident(store.reader, routed.id) == routed


@pytest.mark.parametrize("unknown", ["nope", "", "zz" * 16, "00" * 16, "\x00"])
async def test_what_does_not_exist_is_not_found(store: Store, unknown: str) -> None:
    for read in (pages.alert, pages.incident, pages.run, pages.delivery, pages.rejected_body):
        with pytest.raises(NotFoundError, match="there is no"):
            await read(store.reader, unknown)
