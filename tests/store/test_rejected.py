"""Bodies that could not be used: kept within bounds."""

from __future__ import annotations

import pytest

from srvmaint.store import pages, rejected
from srvmaint.store.records import Rejected
from srvmaint.store.rejected import MOST_KEPT, MOST_UNAUTHORIZED, MOST_UNAUTHORIZED_BYTES
from srvmaint.store.store import Store
from tests.fakes import FakeClock
from tests.store.given import TRACE


async def reject(store: Store, clock: FakeClock, body: bytes = b"\xff{", code: str = "invalid_json") -> Rejected:
    """One body that could not be used."""
    kept = Rejected(clock.new_id(), clock.now(), None, code, "no JSON", TRACE, {"User-Agent": "curl"}, body, None)
    await store.keep_rejected(kept)
    return kept


async def test_a_body_is_kept_byte_for_byte(store: Store, clock: FakeClock) -> None:
    kept = await reject(store, clock, bytes(range(256)))
    assert await pages.rejected_body(store.reader, kept.id) == kept


async def test_the_oldest_go_when_there_are_too_many(store: Store, clock: FakeClock) -> None:
    kept = [await reject(store, clock) for _ in range(MOST_KEPT + 5)]
    left = await store.reader.rows("SELECT id FROM rejected ORDER BY id")
    assert [row[0] for row in left] == [one.id for one in kept[5:]]


async def ids(store: Store) -> list[str]:
    return [row[0] for row in await store.reader.rows("SELECT id FROM rejected ORDER BY id")]


async def test_what_strangers_send_pushes_out_nothing_but_what_strangers_sent(store: Store, clock: FakeClock) -> None:
    ours = [await reject(store, clock) for _ in range(3)]
    theirs = [await reject(store, clock, code="unauthorized") for _ in range(MOST_UNAUTHORIZED + 7)]
    last = await reject(store, clock)
    assert await ids(store) == [one.id for one in (*ours, *theirs[7:], last)]


async def test_what_strangers_send_is_not_pushed_out_by_others(store: Store, clock: FakeClock) -> None:
    theirs = await reject(store, clock, code="unauthorized")
    ours = [await reject(store, clock) for _ in range(MOST_KEPT + 2)]
    assert await ids(store) == [theirs.id, *(one.id for one in ours[2:])]


async def test_what_strangers_send_takes_only_so_much_room(store: Store, clock: FakeClock) -> None:
    ours = await reject(store, clock, b"x" * MOST_UNAUTHORIZED_BYTES)
    large = b"x" * (MOST_UNAUTHORIZED_BYTES // 3)
    theirs = [await reject(store, clock, large, "unauthorized") for _ in range(5)]
    assert await ids(store) == [one.id for one in (ours, *theirs[2:])]
    largest = await reject(store, clock, b"x" * (MOST_UNAUTHORIZED_BYTES + 1), "unauthorized")
    assert await ids(store) == [ours.id, largest.id]


async def test_a_body_that_has_been_accepted_since_says_when(store: Store, clock: FakeClock) -> None:
    kept = await reject(store, clock)
    clock.advance(60)
    await store.mark_replayed(kept.id, clock.now())
    assert (await pages.rejected_body(store.reader, kept.id)).replayed_at == clock.now()


async def test_what_a_broken_sender_sends_takes_only_so_much_room(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejected, "MOST_KEPT_BYTES", 3000)
    theirs = await reject(store, clock, b"x" * 5000, "unauthorized")
    ours = [await reject(store, clock, b"x" * 1000) for _ in range(5)]
    assert await ids(store) == [theirs.id, *(one.id for one in ours[2:])]
    largest = await reject(store, clock, b"x" * 3001)
    assert await ids(store) == [theirs.id, largest.id]


async def test_a_list_says_how_large_the_bodies_are_without_reading_them(store: Store, clock: FakeClock) -> None:
    kept = await reject(store, clock, b"x" * 3000)
    page = await pages.page(store.reader, "rejected", {})
    assert [(one.id, one.body, one.size) for one in page.items] == [(kept.id, b"", 3000)]
