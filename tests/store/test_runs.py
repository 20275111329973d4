"""Runs: queued, taken by one worker at a time, written down, resumed."""

from __future__ import annotations

import pytest

from srvmaint.errors import ConflictError, NotFoundError
from srvmaint.model import AlertStatus, Change, DeliveryState, IncidentStatus, RunState, StepStatus
from srvmaint.store import pages
from srvmaint.store.records import Origin, RunEntry, RunUpdate
from srvmaint.store.store import Store
from tests.fakes import FakeClock
from tests.incidents.given import ACKNOWLEDGED, RESOLVED, alert, heard
from tests.store.given import (
    MINUTE,
    OWNER,
    TRACE,
    batch,
    begun,
    claimed,
    dead,
    delivered,
    fail,
    fire,
    intent,
    lease,
    retrying,
    step,
    tell,
)


async def run_of(store: Store, run_id: str) -> tuple[RunState, int | None, str | None]:
    run, _, _ = await pages.run(store.reader, run_id)
    return run.state, run.next_at, run.error


async def test_a_taken_run_speaks_of_the_incident_as_it_stands(store: Store, clock: FakeClock) -> None:
    await fire(store, clock, "a")
    await fire(store, clock, "b")
    found = await claimed(store, clock)
    assert found.incident is not None
    assert found.incident.status is IncidentStatus.OPEN
    assert found.incident.alerts[AlertStatus.FIRING] == 2
    assert [one.alert.fingerprint for one in found.alerts] == ["a", "b"]
    assert found.run.changes == (Change.OPENED, Change.ALERT_JOINED)
    assert (found.fired_seq, found.told, found.steps) == (2, {}, ())


async def test_further_changes_join_the_run_that_waits(store: Store, clock: FakeClock) -> None:
    first = await fire(store, clock, "a")
    second = await fire(store, clock, "b")
    assert [run.coalesced for run in first.runs + second.runs] == [False, True]
    assert first.runs[0].run_id == second.runs[0].run_id


async def test_changes_during_a_run_wait_for_its_end(store: Store, clock: FakeClock) -> None:
    first = await begun(store, clock, "a")
    await fire(store, clock, "b")
    again = await store.claim_runs(lease(clock))
    assert again.runs == ()
    await tell(store, clock, first, intent(first, clock))
    second = await claimed(store, clock)
    assert second.run.changes == (Change.ALERT_JOINED,)
    assert second.told["ops"].fired_seq == 1
    assert second.fired_seq == 2


async def test_a_run_that_waits_for_another_asks_for_no_attention_of_its_own(store: Store, clock: FakeClock) -> None:
    await begun(store, clock, "a")
    await fire(store, clock, "b")
    found = await store.claim_runs(lease(clock))
    assert found.next_at == clock.now() + 2 * MINUTE


async def test_another_pipeline_asked_for_by_name_does_not_swallow_the_change(store: Store, clock: FakeClock) -> None:
    looked = await fire(store, clock, "a", pipeline="checks-only", requested=True)
    changed = await fire(store, clock, "b")
    assert (looked.runs[0].pipeline, changed.runs[0].pipeline) == ("checks-only", "full")
    assert not changed.runs[0].coalesced
    first = (await store.claim_runs(lease(clock))).runs
    assert [found.run.pipeline for found in first] == ["checks-only"]
    await tell(store, clock, first[0])
    assert (await claimed(store, clock)).run.pipeline == "full"


async def test_runs_of_different_incidents_are_taken_together_the_oldest_first(store: Store, clock: FakeClock) -> None:
    for number in range(5):
        await fire(store, clock, f"a{number}", host=f"db{number}")
        clock.advance(1)
    found = await store.claim_runs(lease(clock, limit=3))
    assert [run.alerts[0].alert.fingerprint for run in found.runs] == ["a0", "a1", "a2"]
    assert found.next_at == clock.now() + 2 * MINUTE


async def test_nobody_takes_what_another_has(store: Store, clock: FakeClock) -> None:
    await begun(store, clock)
    assert (await store.claim_runs(lease(clock, owner="other"))).runs == ()


async def test_a_run_whose_lease_is_over_is_taken_again_with_its_steps(store: Store, clock: FakeClock) -> None:
    first = await begun(store, clock)
    store.note_run(RunEntry([step(first)], [], RunUpdate(first.run.id, RunState.INGESTED, clock.now() + MINUTE)))
    clock.advance(59)
    assert (await store.claim_runs(lease(clock, owner="other"))).runs == ()
    clock.advance(1)
    [again] = (await store.claim_runs(lease(clock, owner="other"))).runs
    assert again.run.id == first.run.id
    assert [one.status for one in again.steps] == [StepStatus.SUCCEEDED]
    assert again.run.started_at == first.run.started_at


async def test_a_lease_that_is_extended_goes_on(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    clock.advance(100)
    store.extend_leases(OWNER, [run.run.id], clock.now() + 2 * MINUTE)
    store.extend_leases("other", [run.run.id], clock.now())
    clock.advance(60)
    assert (await store.claim_runs(lease(clock))).runs == ()


async def test_a_heartbeat_that_comes_late_does_not_bring_a_finished_run_back(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    await tell(store, clock, run)
    store.extend_leases(OWNER, [run.run.id], clock.now() + 1)
    clock.advance(60)
    assert (await store.claim_runs(lease(clock))).runs == ()
    assert await run_of(store, run.run.id) == (RunState.NOTIFIED, None, None)


async def test_at_start_what_a_dead_owner_held_is_given_back_with_its_steps_even_at_once(
    store: Store, clock: FakeClock
) -> None:
    first = await begun(store, clock)
    store.note_run(RunEntry([step(first)], [], RunUpdate(first.run.id, RunState.INGESTED, clock.now() + MINUTE)))
    assert await store.take_back(clock.now()) == (1, 0)
    again = await claimed(store, clock)
    assert again.run.id == first.run.id
    assert len(again.steps) == 1


async def test_a_run_follows_its_deliveries(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    one, other = intent(run, clock, "ops"), intent(run, clock, "mail")
    await tell(store, clock, run, one, other)
    assert (await run_of(store, run.run.id))[0] is RunState.ANALYZED
    await store.record_delivery(delivered(clock, one.delivery.id))
    assert (await run_of(store, run.run.id))[0] is RunState.ANALYZED
    await store.record_delivery(retrying(clock, other.delivery.id, 2))
    assert (await run_of(store, run.run.id))[0] is RunState.RETRYING
    await store.record_delivery(delivered(clock, other.delivery.id))
    run_now, _, sent = await pages.run(store.reader, run.run.id)
    assert (run_now.state, run_now.finished_at, run_now.error) == (RunState.NOTIFIED, clock.now(), None)
    assert [one.receiver_id for one in sent] == ["r1", "r1"]


async def test_a_run_with_a_dead_delivery_has_failed_once_all_have_ended(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    one, other = intent(run, clock, "ops"), intent(run, clock, "mail")
    await tell(store, clock, run, one, other)
    await store.record_delivery(dead(clock, one.delivery.id))
    assert (await run_of(store, run.run.id))[0] is RunState.ANALYZED
    await store.record_delivery(delivered(clock, other.delivery.id))
    assert await run_of(store, run.run.id) == (RunState.FAILED, None, "1 of 2 deliveries are dead")


async def test_deliveries_that_end_before_the_nodes_do_decide_nothing_yet(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    one = intent(run, clock)
    await tell(store, clock, run, one, done=False)
    await store.record_delivery(delivered(clock, one.delivery.id))
    assert (await run_of(store, run.run.id))[0] is RunState.ANALYZED
    await tell(store, clock, run)
    assert (await run_of(store, run.run.id))[0] is RunState.NOTIFIED


async def test_a_message_that_arrives_does_not_make_a_failed_step_good(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    one = intent(run, clock)
    await tell(store, clock, run, one, done=False)
    fail(store, clock, run, step(run, 1, StepStatus.FAILED))
    await store.record_delivery(delivered(clock, one.delivery.id))
    assert await run_of(store, run.run.id) == (RunState.FAILED, None, "s: broken")


async def test_resuming_a_failed_step_makes_the_run_due_and_keeps_what_succeeded(
    store: Store, clock: FakeClock
) -> None:
    run = await begun(store, clock)
    fail(store, clock, run, step(run, 0), step(run, 1, StepStatus.FAILED))
    resumed = await store.resume_run(run.run.id, clock.now())
    assert (resumed.state, resumed.next_at, resumed.error) == (RunState.RETRYING, clock.now(), None)
    again = await claimed(store, clock)
    assert [one.status for one in again.steps] == [StepStatus.SUCCEEDED, StepStatus.PENDING]


async def test_resuming_a_run_that_stopped_between_its_steps_makes_it_due(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    fail(store, clock, run, step(run, 0))
    assert (await store.resume_run(run.run.id, clock.now())).next_at == clock.now()


async def test_resuming_keeps_an_optional_step_that_failed_and_was_passed_over(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    fail(store, clock, run, step(run, 0, StepStatus.FAILED), step(run, 1, StepStatus.FAILED))
    await store.resume_run(run.run.id, clock.now())
    again = await claimed(store, clock)
    assert [one.status for one in again.steps] == [StepStatus.FAILED, StepStatus.PENDING]


async def test_resuming_dead_deliveries_sends_them_again_and_runs_no_node(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    one = intent(run, clock)
    await tell(store, clock, run, one)
    await store.record_delivery(dead(clock, one.delivery.id))
    clock.advance(3600)
    resumed = await store.resume_run(run.run.id, clock.now())
    assert (resumed.state, resumed.next_at) == (RunState.RETRYING, None)
    assert (await store.claim_runs(lease(clock))).runs == ()
    [again] = (await store.claim_deliveries("ops", lease(clock))).deliveries
    assert again.idempotency_key == one.delivery.idempotency_key
    await store.record_delivery(delivered(clock, again.id))
    assert (await run_of(store, run.run.id))[0] is RunState.NOTIFIED


async def test_a_step_and_a_delivery_that_failed_are_both_resumed(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    one = intent(run, clock)
    await tell(store, clock, run, one, done=False)
    await store.record_delivery(dead(clock, one.delivery.id))
    fail(store, clock, run, step(run, 1, StepStatus.FAILED))
    assert (await store.resume_run(run.run.id, clock.now())).next_at == clock.now()
    assert len((await store.claim_deliveries("ops", lease(clock))).deliveries) == 1


async def test_sending_a_dead_message_of_a_run_that_failed_at_a_step_leaves_it_failed(
    store: Store, clock: FakeClock
) -> None:
    run = await begun(store, clock)
    one = intent(run, clock)
    await tell(store, clock, run, one, done=False)
    await store.record_delivery(dead(clock, one.delivery.id))
    fail(store, clock, run, step(run, 1, StepStatus.FAILED))
    await store.retry_delivery(one.delivery.id, clock.now())
    await store.record_delivery(delivered(clock, one.delivery.id))
    assert (await run_of(store, run.run.id))[0] is RunState.FAILED


@pytest.mark.parametrize("state", [RunState.PENDING, RunState.ANALYZED, RunState.NOTIFIED])
async def test_only_a_failed_run_can_be_resumed(store: Store, clock: FakeClock, state: RunState) -> None:
    accepted = await fire(store, clock)
    if state is not RunState.PENDING:
        run = await claimed(store, clock)
        await tell(store, clock, run, *([] if state is RunState.NOTIFIED else [intent(run, clock)]))
    with pytest.raises(ConflictError, match=state.value):
        await store.resume_run(accepted.runs[0].run_id, clock.now())


async def test_a_run_that_does_not_exist_cannot_be_resumed(store: Store, clock: FakeClock) -> None:
    with pytest.raises(NotFoundError):
        await store.resume_run("nope", clock.now())


async def test_resolving_by_hand_tells_those_who_were_told(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    await tell(store, clock, run, intent(run, clock))
    assert run.run.incident_id is not None
    resolved = await store.resolve(run.run.incident_id, "kim", Origin(TRACE, "cli"), clock.now())
    assert (resolved.status, resolved.notes[0]["by"]) == (IncidentStatus.RESOLVED, "kim")
    following = await claimed(store, clock)
    assert following.run.changes == (Change.RESOLVED,)
    again = await store.resolve(run.run.incident_id, "lee", Origin(TRACE, "cli"), clock.now() + 1)
    assert again == resolved
    assert (await store.claim_runs(lease(clock))).runs == ()


async def test_an_incident_no_route_takes_ends_in_the_pipeline_that_announced_it(
    store: Store, clock: FakeClock
) -> None:
    unrouted = heard(alert("a"), pipeline=None)
    asked = batch(unrouted, now=clock.now(), pipeline="direct", requested=True)
    assert (await store.intake(asked, None)).runs[0].pipeline == "direct"
    run = await claimed(store, clock)
    await tell(store, clock, run, intent(run, clock))
    over = heard(alert("a", RESOLVED, end=clock.now()), pipeline=None)
    [ending] = (await store.intake(batch(over, now=clock.now()), None)).runs
    assert ending.pipeline == "direct"


async def test_an_incident_no_route_takes_and_nobody_was_told_of_makes_no_run(store: Store, clock: FakeClock) -> None:
    unrouted = heard(alert("a"), pipeline=None)
    assert (await store.intake(batch(unrouted, now=clock.now()), None)).runs == []
    over = heard(alert("a", RESOLVED, end=clock.now()), pipeline=None)
    assert (await store.intake(batch(over, now=clock.now()), None)).runs == []


async def test_acknowledging_twice_keeps_the_first_name(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    incident_id = str(run.run.incident_id)
    first = await store.acknowledge(incident_id, "kim", clock.now())
    assert (first.status, first.acknowledged_by) == (IncidentStatus.ACKNOWLEDGED, "kim")
    assert await store.acknowledge(incident_id, "lee", clock.now() + 1) == first


async def test_what_is_over_cannot_be_acknowledged(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    incident_id = str(run.run.incident_id)
    await store.resolve(incident_id, "kim", Origin(TRACE, "cli"), clock.now())
    with pytest.raises(ConflictError, match="resolved"):
        await store.acknowledge(incident_id, "lee", clock.now())
    with pytest.raises(NotFoundError):
        await store.acknowledge("nope", "lee", clock.now())


async def test_the_source_acknowledging_is_a_change_people_hear_of(store: Store, clock: FakeClock) -> None:
    first = await begun(store, clock)
    await tell(store, clock, first, intent(first, clock))
    await store.intake(batch(heard(alert("a", ACKNOWLEDGED)), now=clock.now()), None)
    assert (await claimed(store, clock)).run.changes == (Change.ACKNOWLEDGED,)


async def test_the_state_of_a_delivery_that_waits_is_shown_with_its_run(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    one = intent(run, clock)
    await tell(store, clock, run, one, ready=("ops",))
    _, steps, sent = await pages.run(store.reader, run.run.id)
    assert [found.status for found in steps] == [StepStatus.SUCCEEDED]
    assert [found.state for found in sent] == [DeliveryState.SENDING]
