"""An open store, and things to put into it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from srvmaint.errors import StoreError
from srvmaint.incidents.ledger import Incoming
from srvmaint.incidents.what_to_send import Told
from srvmaint.model import Delivery, DeliveryState, Message, RunState, Severity, Step, StepStatus, Verdict
from srvmaint.store.batch import Connection
from srvmaint.store.deliveries import Sent
from srvmaint.store.records import Accepted, Batch, ClaimedRun, Intent, Lease, Outgoing, RunEntry, RunUpdate, StepRecord
from srvmaint.store.store import Store
from tests.fakes import FakeClock
from tests.incidents.given import DAY, FIRING, heard
from tests.incidents.given import alert as said

MINUTE = 60_000
OWNER = "me"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@asynccontextmanager
async def opened(
    file: Path,
    clock: FakeClock,
    *,
    on_fatal: Callable[[StoreError], None] = lambda _error: None,
    wrap: Callable[[Connection], Connection] = lambda connection: connection,
) -> AsyncIterator[Store]:
    """A store on that file, closed at the end."""
    store = await Store.open(file, clock, on_fatal=on_fatal, wrap=wrap)
    try:
        yield store
    finally:
        await store.close()


def batch(*alerts: Incoming, now: int, **more: Any) -> Batch:
    """One accepted body."""
    values: dict[str, Any] = {
        "received_at": now,
        "driver": "generic",
        "origin": "webhook",
        "source": "test",
        "environment": "production",
        "trace_id": TRACE,
        "body": b"{}",
        "alerts": alerts,
        "reopen_within_ms": DAY,
    }
    return Batch(**(values | more))


def lease(clock: FakeClock, limit: int = 10, owner: str = OWNER) -> Lease:
    """Two minutes for so many."""
    return Lease(owner, clock.now(), clock.now() + 2 * MINUTE, limit)


async def fire(store: Store, clock: FakeClock, who: str = "a", host: str = "db1", **more: Any) -> Accepted:
    """One firing alert comes in."""
    return await store.intake(batch(heard(said(who, FIRING, labels={"instance": host})), now=clock.now(), **more), None)


async def claimed(store: Store, clock: FakeClock) -> ClaimedRun:
    """The one run that is due, taken."""
    [run] = (await store.claim_runs(lease(clock))).runs
    return run


async def begun(store: Store, clock: FakeClock, who: str = "a", host: str = "db1") -> ClaimedRun:
    """A firing alert whose run has been taken."""
    await fire(store, clock, who, host)
    return await claimed(store, clock)


def message(status: str = "firing", severity: Severity = Severity.CRITICAL) -> Message:
    """What a channel is told."""
    return Message(
        kind=status,
        title="DiskFull",
        severity=severity,
        status=status,
        host="db1",
        verdict=Verdict.UNVERIFIED,
        verdict_reason="",
        incident_id=None,
        run_id="",
        trace_id=TRACE,
        pipeline="full",
        reason="first_notification",
        started_at=None,
        resolved_at=None,
        sent_at=0,
        alerts=(),
        alerts_total=0,
        evidence_host="",
        evidence=(),
        recommendations=(),
        analysis="",
    )


def intent(run: ClaimedRun, clock: FakeClock, channel: str = "ops", fired_seq: int = 1, **more: Any) -> Intent:
    """The decision to tell a channel about the run's incident."""
    told = message(**more)
    delivery = Delivery(
        id=clock.new_id(),
        run_id=run.run.id,
        incident_id=run.run.incident_id,
        channel=channel,
        state=DeliveryState.DUE,
        attempts=0,
        next_at=clock.now(),
        last_error=None,
        receiver_id=None,
        reason="first_notification",
        created_at=clock.now(),
        message=told,
        give_up_at=clock.now() + DAY,
    )
    remembered = Told(told.status != "resolved", fired_seq, told.severity, told.status == "acknowledged", clock.now())
    return Intent(delivery, msgspec.json.encode(told), remembered)


async def tell(
    store: Store, clock: FakeClock, run: ClaimedRun, *intents: Intent, ready: tuple[str, ...] = (), done: bool = True
) -> set[str]:
    """The run's last node decides to send these."""
    now = clock.now()
    update = RunUpdate(run.run.id, RunState.ANALYZED, None, release=True, settles_at=now)
    if not done:
        update = RunUpdate(run.run.id, RunState.ANALYZED, now + 2 * MINUTE)
    return await store.commit_run(RunEntry([step(run)], [], update, Outgoing(intents, lease(clock), ready)))


def step(run: ClaimedRun, seq: int = 0, status: StepStatus = StepStatus.SUCCEEDED, **more: Any) -> StepRecord:
    """One step of a run as it is written down."""
    return StepRecord(run.run.id, seq, Step(f"s{seq}", "notify", status, 1, **more), "{}", "{}")


def fail(store: Store, clock: FakeClock, run: ClaimedRun, *steps: StepRecord) -> None:
    """A required step of the run has failed."""
    update = RunUpdate(run.run.id, RunState.FAILED, None, "s: broken", finished_at=clock.now(), release=True)
    store.note_run(RunEntry(steps, [], update))


def delivered(clock: FakeClock, delivery_id: str) -> Sent:
    """It has arrived."""
    return Sent(delivery_id, DeliveryState.DELIVERED, clock.now(), receiver_id="r1")


def dead(clock: FakeClock, delivery_id: str) -> Sent:
    """It never will."""
    return Sent(delivery_id, DeliveryState.DEAD, clock.now(), error="404")


def retrying(clock: FakeClock, delivery_id: str, seconds: int) -> Sent:
    """It is tried again so much later."""
    return Sent(delivery_id, DeliveryState.RETRYING, clock.now(), next_at=clock.now() + seconds * 1000, error="503")
