"""What goes into the store and what comes out of it: plain frozen records, no SQL.

Everything that costs time (fingerprints, JSON, ids) is in these records before they reach the writer thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from srvmaint.incidents.ledger import Incoming
from srvmaint.incidents.what_to_send import Told
from srvmaint.model import CheckResult, Delivery, Incident, Run, RunState, Step, StoredAlert


class Batch(msgspec.Struct, frozen=True):
    """One accepted body: what a single transaction writes. A Struct: one is made for every request."""

    received_at: int
    driver: str
    origin: str
    source: str
    environment: str
    trace_id: str
    body: bytes
    alerts: tuple[Incoming, ...]
    reopen_within_ms: int
    pipeline: str | None = None
    """Run this pipeline for every incident touched, changed or not: the caller asked for it by name."""
    tells: bool = True
    """That pipeline tells somebody. One that does not must not stand in for the one that would."""
    requested: bool = False
    """The caller wants a run, changed or not."""
    fallback: str = "full"
    """What a requested run executes when no route matches."""
    delivery: bytes | None = None
    """What the sender calls this delivery, hashed with its driver: 16 bytes."""


class Origin(msgspec.Struct, frozen=True):
    """What a run is said to come from."""

    trace_id: str
    source: str
    environment: str = "production"


class Lease(msgspec.Struct, frozen=True):
    """Who takes work, until when, and how much at most."""

    owner: str
    now: int
    until: int
    limit: int
    newborn: bool = False
    """Nothing older waits: runs may be taken in the transaction that makes them."""


class Numbers:
    """The next row numbers, counted in memory: asking the tables costs two statements a body.

    Used by the writer alone. A transaction that is undone leaves a gap, which does no harm.
    """

    def __init__(self, payload: int, alert: int) -> None:
        self._payload = payload
        self.next_alert = alert

    def payloads(self, count: int) -> int:
        """The first of so many consecutive numbers for bodies."""
        first = self._payload
        self._payload += count
        return first


class Job(msgspec.Struct, frozen=True):
    """One accepted body, and the lease under which its runs may be taken at once."""

    batch: Batch
    lease: Lease | None
    new_id: Callable[[], str]
    numbers: Numbers


class ClaimedRun(msgspec.Struct, frozen=True):
    """A run that is ours until its lease ends, with the state of the world it is to speak of."""

    run: Run
    incident: Incident | None
    alerts: tuple[StoredAlert, ...]
    fired_seq: int
    told: Mapping[str, Told]
    steps: tuple[Step, ...] = ()


class Claimed(msgspec.Struct, frozen=True):
    """Runs taken, and when the next one wants attention (epoch ms; None when nothing waits)."""

    runs: tuple[ClaimedRun, ...] = ()
    next_at: int | None = None
    more: bool = False
    """Others are due and were not taken: for want of room, or because a run of their incident is under way."""


class ClaimedDeliveries(msgspec.Struct, frozen=True):
    """Deliveries taken, and when the channel's next one wants attention (epoch ms; None when nothing waits)."""

    deliveries: tuple[Delivery, ...] = ()
    next_at: int | None = None


class QueuedRun(msgspec.Struct, frozen=True):
    """A run as the sender of a webhook is told about it."""

    run_id: str
    incident_id: str | None
    pipeline: str
    coalesced: bool


class Accepted(msgspec.Struct):
    """What one body became."""

    created: int = 0
    updated: int = 0
    resolved: int = 0
    unchanged: int = 0
    runs: list[QueuedRun] = msgspec.field(default_factory=list)
    duplicate: bool = False
    """The same delivery has been heard before: nothing came of it."""
    claimed: Sequence[ClaimedRun] = ()
    """Runs taken in the same transaction, not necessarily those of this body."""
    more: bool = False
    """Others are due and were not taken."""


class Intent(msgspec.Struct, frozen=True):
    """The decision to tell one channel something: written before it is sent, with what it will then have been told."""

    delivery: Delivery
    message: bytes
    """The message as JSON."""
    told: Told | None
    """None for a message that is not about an incident's state."""


class Outgoing(msgspec.Struct, frozen=True):
    """What a run is about to send, and the channels that could send it at once."""

    intents: tuple[Intent, ...]
    lease: Lease
    ready: tuple[str, ...]


class RunEntry(msgspec.Struct, frozen=True):
    """What is written down about a run in one go."""

    steps: Sequence[StepRecord]
    evidence: Sequence[CheckResult]
    update: RunUpdate
    outgoing: Outgoing | None = None
    """What it is about to send."""


class RunUpdate(msgspec.Struct, frozen=True):
    """Where a run stands now."""

    run_id: str
    state: RunState
    next_at: int | None
    """When it wants attention again; the end of the lease while it is being worked on; None when its nodes are done."""
    error: str | None = None
    finished_at: int | None = None
    release: bool = False
    """Give the lease back."""
    settles_at: int | None = None
    """The nodes were done at this time: from then on the run follows its deliveries."""


class StepRecord(msgspec.Struct, frozen=True):
    """One step as it is written: the step, its place in the run, and its input snapshot."""

    run_id: str
    seq: int
    step: Step
    input: str | None
    output: str | None


class Rejected(msgspec.Struct, frozen=True):
    """A body that could not be used, kept so that nothing offered is lost."""

    id: str
    at: int
    driver: str | None
    code: str
    reason: str
    trace_id: str
    headers: Mapping[str, str]
    body: bytes
    replayed_at: int | None = None
    size: int | None = None
    """Bytes of the body where it was left out: `body` is empty then."""


class HistoryEntry(msgspec.Struct, frozen=True):
    """One line of an alert's history; `changes` is {field: [old, new]}."""

    at: int
    event: str
    trace_id: str
    changes: Mapping[str, Any] | None


class Page(msgspec.Struct, frozen=True):
    """One page of a list, and the cursor of the next one (None at the end)."""

    items: tuple[Any, ...]
    next: str | None
