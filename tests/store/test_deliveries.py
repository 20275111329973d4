"""The outbox in the store: order, claims, retries, and what a channel is remembered to know."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from srvmaint.errors import ConflictError, NotFoundError
from srvmaint.incidents.what_to_send import Told
from srvmaint.model import DeliveryState, RunState, Severity
from srvmaint.store import pages
from srvmaint.store.records import ClaimedRun, Intent, Lease
from srvmaint.store.store import Store
from tests.fakes import FakeClock
from tests.incidents.given import DAY
from tests.store.given import (
    MINUTE,
    begun,
    claimed,
    dead,
    delivered,
    fire,
    intent,
    lease,
    retrying,
    tell,
)


async def due(store: Store, clock: FakeClock, channel: str = "ops", limit: int = 10) -> list[str]:
    found = await store.claim_deliveries(channel, lease(clock, limit))
    return [delivery.id for delivery in found.deliveries]


async def told_now(store: Store, clock: FakeClock) -> Mapping[str, Told]:
    """What the next run of the incident would know that its channels were told."""
    await fire(store, clock, clock.new_id())
    run = await claimed(store, clock)
    await tell(store, clock, run)
    return run.told


async def three_runs(store: Store, clock: FakeClock) -> list[Intent]:
    """Three messages about one incident to one channel, decided one after the other."""
    intents = []
    for number in range(3):
        run = await begun(store, clock, f"a{number}")
        intents.append(intent(run, clock, fired_seq=number + 1))
        await tell(store, clock, run, intents[-1])
        clock.advance(1)
    return intents


async def test_messages_of_one_incident_to_one_channel_go_out_in_order(store: Store, clock: FakeClock) -> None:
    first, second, third = [one.delivery.id for one in await three_runs(store, clock)]
    assert await due(store, clock) == [first]
    assert await due(store, clock) == []
    assert await store.record_delivery(delivered(clock, first))
    assert await due(store, clock) == [second]
    await store.record_delivery(retrying(clock, second, 60))
    assert await due(store, clock) == []
    clock.advance(60)
    assert await due(store, clock) == [second]
    await store.record_delivery(dead(clock, second))
    assert await due(store, clock) == [third]


async def test_the_next_time_to_look_is_when_the_message_that_holds_up_the_others_is_due(
    store: Store, clock: FakeClock
) -> None:
    first, *_ = [one.delivery.id for one in await three_runs(store, clock)]
    await due(store, clock)
    await store.record_delivery(retrying(clock, first, 60))
    assert (await store.claim_deliveries("ops", lease(clock))).next_at == clock.now() + MINUTE


async def test_other_incidents_and_other_channels_do_not_wait(store: Store, clock: FakeClock) -> None:
    one, other = await begun(store, clock, "a", "db1"), await begun(store, clock, "b", "db2")
    intents = [intent(one, clock), intent(one, clock, "mail"), intent(other, clock)]
    await tell(store, clock, one, *intents[:2])
    await tell(store, clock, other, intents[2])
    assert await due(store, clock) == [intents[0].delivery.id, intents[2].delivery.id]
    assert await due(store, clock, "mail") == [intents[1].delivery.id]


async def test_a_channel_with_a_free_slot_has_its_message_at_once(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    one, other = intent(run, clock, "ops"), intent(run, clock, "mail")
    assert await tell(store, clock, run, one, other, ready=("ops",)) == {one.delivery.id}
    assert await due(store, clock) == []
    assert await due(store, clock, "mail") == [other.delivery.id]


async def test_a_message_behind_another_is_not_taken_at_once(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    one, other = intent(run, clock), intent(run, clock)
    assert await tell(store, clock, run, one, other, ready=("ops", "ops")) == {one.delivery.id}
    assert await store.record_delivery(delivered(clock, one.delivery.id))
    assert await due(store, clock) == [other.delivery.id]


async def test_taking_is_bounded_and_the_oldest_go_first(store: Store, clock: FakeClock) -> None:
    ids = []
    for number in range(4):
        run = await begun(store, clock, f"a{number}", f"db{number}")
        ids.append(intent(run, clock))
        await tell(store, clock, run, ids[-1])
        clock.advance(1)
    assert await due(store, clock, limit=3) == [one.delivery.id for one in ids[:3]]


async def test_what_was_being_sent_when_the_process_died_is_sent_again_with_the_same_key(
    store: Store, clock: FakeClock
) -> None:
    run = await begun(store, clock)
    one = intent(run, clock)
    await tell(store, clock, run, one, ready=("ops",))
    assert await store.take_back(clock.now()) == (0, 1)
    [again] = (await store.claim_deliveries("ops", lease(clock))).deliveries
    assert again.idempotency_key == one.delivery.idempotency_key
    assert (again.attempts, again.message) == (0, one.delivery.message)


async def test_a_message_whose_sender_vanished_is_taken_again_when_its_lease_is_over(
    store: Store, clock: FakeClock
) -> None:
    run = await begun(store, clock)
    one = intent(run, clock)
    await tell(store, clock, run, one)
    assert await due(store, clock) == [one.delivery.id]
    clock.advance(120)
    other = Lease("other", clock.now(), clock.now() + MINUTE, 1)
    assert [taken.id for taken in (await store.claim_deliveries("ops", other)).deliveries] == [one.delivery.id]


async def test_attempts_count_up_and_the_last_error_is_kept(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    one = intent(run, clock)
    await tell(store, clock, run, one)
    for attempt in range(1, 4):
        await due(store, clock)
        await store.record_delivery(retrying(clock, one.delivery.id, 1))
        found = await pages.delivery(store.reader, one.delivery.id)
        assert (found.attempts, found.state, found.last_error) == (attempt, DeliveryState.RETRYING, "503")
        clock.advance(1)


async def test_what_retention_has_taken_is_no_error(store: Store, clock: FakeClock) -> None:
    assert await store.record_delivery(delivered(clock, "gone")) is False


# ---- what a channel is remembered to know ---------------------------------------------------------------------------


async def test_a_channel_has_been_told_once_it_is_decided(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    await tell(store, clock, run, intent(run, clock, fired_seq=7, severity=Severity.WARNING))
    told = await told_now(store, clock)
    assert told == {"ops": Told(True, 7, Severity.WARNING, acknowledged=False, at=clock.now())}


async def test_a_channel_that_never_got_its_first_message_has_been_told_nothing(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    one = intent(run, clock)
    await tell(store, clock, run, one, intent(run, clock, "mail"))
    await store.record_delivery(dead(clock, one.delivery.id))
    assert set(await told_now(store, clock)) == {"mail"}


async def test_a_channel_that_did_not_get_its_second_message_still_knows_the_first(
    store: Store, clock: FakeClock
) -> None:
    first, second, _ = await three_runs(store, clock)
    await store.record_delivery(delivered(clock, first.delivery.id))
    third = (await told_now(store, clock))["ops"]
    assert third.fired_seq == 3
    for one in (second, _):
        await store.record_delivery(dead(clock, one.delivery.id))
    assert (await told_now(store, clock))["ops"] == first.told


async def test_an_older_message_that_dies_takes_nothing_from_a_younger_one(store: Store, clock: FakeClock) -> None:
    first, second, third = await three_runs(store, clock)
    await store.record_delivery(dead(clock, first.delivery.id))
    assert (await told_now(store, clock))["ops"] == third.told
    assert second.told != third.told


@pytest.mark.parametrize("by", ["delivery", "run"])
async def test_a_dead_message_that_is_sent_again_is_remembered_again(store: Store, clock: FakeClock, by: str) -> None:
    run = await begun(store, clock)
    one = intent(run, clock, status="acknowledged")
    await tell(store, clock, run, one)
    await store.record_delivery(dead(clock, one.delivery.id))
    assert await told_now(store, clock) == {}
    if by == "run":
        await store.resume_run(run.run.id, clock.now())
    else:
        await store.retry_delivery(one.delivery.id, clock.now())
    assert await told_now(store, clock) == {"ops": one.told}


async def test_what_is_only_remembered_is_never_sent_and_holds_up_nothing(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    sent = intent(run, clock)
    kept = intent(run, clock, status="resolved")
    kept = replace(kept, delivery=replace(kept.delivery, state=DeliveryState.SUPPRESSED, next_at=None))
    assert await tell(store, clock, run, sent, kept, ready=("ops",)) == {sent.delivery.id}
    assert (await pages.delivery(store.reader, kept.delivery.id)).state is DeliveryState.SUPPRESSED
    assert await store.record_delivery(delivered(clock, sent.delivery.id)) is False
    assert await due(store, clock) == []
    run_now, _, _ = await pages.run(store.reader, run.run.id)
    assert run_now.state is RunState.NOTIFIED
    assert (await told_now(store, clock))["ops"].firing is False


# ---- dead, buried, sent again ---------------------------------------------------------------------------------------


async def test_a_dead_message_can_be_sent_again_with_as_much_time_as_it_had(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    one = intent(run, clock)
    await tell(store, clock, run, one)
    await store.record_delivery(dead(clock, one.delivery.id))
    clock.advance(3600)
    again = await store.retry_delivery(one.delivery.id, clock.now())
    assert (again.state, again.next_at, again.give_up_at) == (DeliveryState.DUE, clock.now(), clock.now() + DAY)
    run_now, _, _ = await pages.run(store.reader, run.run.id)
    assert (run_now.state, run_now.finished_at) == (RunState.RETRYING, None)
    assert await due(store, clock) == [one.delivery.id]


async def test_only_a_dead_message_can_be_sent_again(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    one = intent(run, clock)
    await tell(store, clock, run, one)
    with pytest.raises(ConflictError, match="due"):
        await store.retry_delivery(one.delivery.id, clock.now())
    with pytest.raises(NotFoundError):
        await store.retry_delivery("nope", clock.now())


async def two_channels(store: Store, clock: FakeClock) -> tuple[ClaimedRun, Intent, Intent]:
    run = await begun(store, clock)
    one, other = intent(run, clock, "ops"), intent(run, clock, "gone")
    await tell(store, clock, run, one, other)
    return run, one, other


async def test_messages_to_channels_nobody_knows_any_more_are_dead(store: Store, clock: FakeClock) -> None:
    run, one, other = await two_channels(store, clock)
    assert await store.bury_unknown(["ops"], clock.now()) == 1
    assert (await pages.delivery(store.reader, one.delivery.id)).state is DeliveryState.DUE
    buried = await pages.delivery(store.reader, other.delivery.id)
    assert buried.state is DeliveryState.DEAD
    assert "'gone' is not in the configuration" in (buried.last_error or "")
    await store.record_delivery(delivered(clock, one.delivery.id))
    run_now, _, _ = await pages.run(store.reader, run.run.id)
    assert run_now.state is RunState.FAILED
    assert await store.bury_unknown(["ops"], clock.now()) == 0


async def test_what_is_on_the_wire_is_not_buried(store: Store, clock: FakeClock) -> None:
    _, _, other = await two_channels(store, clock)
    assert await due(store, clock, "gone") == [other.delivery.id]
    assert await store.bury_unknown(["ops"], clock.now()) == 0
    await store.record_delivery(delivered(clock, other.delivery.id))
    assert (await pages.delivery(store.reader, other.delivery.id)).state is DeliveryState.DELIVERED


async def test_without_any_channel_everything_is_buried(store: Store, clock: FakeClock) -> None:
    await two_channels(store, clock)
    assert await store.bury_unknown([], clock.now()) == 2
