"""Bodies that could not be used: kept within bounds."""

from __future__ import annotations

from srvmaint.store import pages
from srvmaint.store.records import Rejected
from srvmaint.store.rejected import MOST_KEPT
from srvmaint.store.store import Store
from tests.fakes import FakeClock
from tests.store.given import TRACE


async def reject(store: Store, clock: FakeClock, body: bytes = b"\xff{") -> Rejected:
    """One body that could not be used."""
    kept = Rejected(
        clock.new_id(), clock.now(), None, "invalid_json", "no JSON", TRACE, {"User-Agent": "curl"}, body, None
    )
    await store.keep_rejected(kept)
    return kept


async def test_a_body_is_kept_byte_for_byte(store: Store, clock: FakeClock) -> None:
    kept = await reject(store, clock, bytes(range(256)))
    assert await pages.rejected_body(store.reader, kept.id) == kept


async def test_the_oldest_go_when_there_are_too_many(store: Store, clock: FakeClock) -> None:
    kept = [await reject(store, clock) for _ in range(MOST_KEPT + 5)]
    left = await store.reader.rows("SELECT id FROM rejected ORDER BY id")
    assert [row[0] for row in left] == [one.id for one in kept[5:]]


async def test_a_body_that_has_been_accepted_since_says_when(store: Store, clock: FakeClock) -> None:
    kept = await reject(store, clock)
    clock.advance(60)
    await store.mark_replayed(kept.id, clock.now())
    assert (await pages.rejected_body(store.reader, kept.id)).replayed_at == clock.now()
