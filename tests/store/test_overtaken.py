"""A dead message that later news has overtaken."""

from __future__ import annotations

import pytest

from srvmaint.errors import ConflictError
from srvmaint.model import DeliveryState
from srvmaint.store.deliveries import Sent
from srvmaint.store.store import Store
from tests.fakes import FakeClock
from tests.store.given import begun, intent, tell


async def test_a_dead_message_that_has_been_overtaken_is_not_sent_and_leaves_its_run_as_it_is(
    store: Store, clock: FakeClock
) -> None:
    run = await begun(store, clock)
    old, young = intent(run, clock), intent(run, clock)
    await tell(store, clock, run, old, young, ready=("ops",))
    await store.record_delivery(Sent(old.delivery.id, DeliveryState.DEAD, clock.now(), error="no"))
    await store.record_delivery(Sent(young.delivery.id, DeliveryState.DELIVERED, clock.now()))
    with pytest.raises(ConflictError, match="later news"):
        await store.retry_delivery(old.delivery.id, clock.now())
    with pytest.raises(ConflictError, match="later news"):
        await store.resume_run(run.run.id, clock.now())
    rows = await store.reader.rows("SELECT state, finished_at IS NULL FROM run")
    assert [tuple(row) for row in rows] == [("failed", 0)]
