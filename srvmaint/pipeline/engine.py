"""The one engine: for each node, run it and write down what came of it.

A definition is followed from its first node; steps that succeeded before an interruption are restored from their
snapshots. What fails in a way that may pass is tried again later without keeping a worker; what cannot pass ends the
run, or the step alone where the definition says that it may.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

import msgspec

from srvmaint.clock import SECOND, Clock
from srvmaint.errors import PermanentError, StepError, StoreError, TransientError
from srvmaint.model import Delivery, DeliveryState, RunState, Step, StepStatus
from srvmaint.nodes import Context, Outcome
from srvmaint.pipeline.events import Events
from srvmaint.pipeline.journal import Journal
from srvmaint.pipeline.plan import BoundNode, Current, Pipeline
from srvmaint.pipeline.retry import next_try
from srvmaint.pipeline.routing import choose
from srvmaint.pipeline.within import within
from srvmaint.store.records import ClaimedRun, Lease, Outgoing, RunUpdate, StepRecord
from srvmaint.store.store import Store

log = logging.getLogger(__name__)
LEASE_SECONDS: Final = 120
DELIVERY_LEASE_SECONDS: Final = 120
_ORDER: Final = (RunState.PENDING, RunState.INGESTED, RunState.CHECKED, RunState.ANALYZED, RunState.NOTIFIED)
_DONE: Final = (StepStatus.SUCCEEDED, StepStatus.SKIPPED)
_encode = msgspec.json.Encoder().encode


class Desk(Protocol):
    """Where the engine leaves what is to be sent. The outbox implements it."""

    def reserve(self, channel: str) -> bool:
        """Set a slot of the channel aside, if it has one."""

    def start(self, channel: str, delivery: Delivery | None) -> None:
        """Use a slot that was set aside, or give it back."""


@dataclass(slots=True)
class _Progress:
    """A run on its way through the nodes."""

    claimed: ClaimedRun
    pipeline: Pipeline
    context: Context
    journal: Journal
    state: RunState
    concluded: bool = False
    """The end of the run has been written down."""
    postponed: bool = False
    """It goes on later."""

    def reach(self, stage: RunState) -> None:
        """States only move forward."""
        if _ORDER.index(stage) > _ORDER.index(self.state):
            self.state = stage


class Engine:
    """Executes claimed runs.

    Args:
        store: where everything is written down.
        current: the plan in force.
        desk: takes what is to be sent.
        clock: time and chance.
        events: counts and logs.
        owner: whose leases the engine works under.
    """

    def __init__(self, store: Store, current: Current, desk: Desk, clock: Clock, events: Events, owner: str) -> None:
        self._store = store
        self._current = current
        self._desk = desk
        self._clock = clock
        self._events = events
        self._owner = owner

    async def execute(self, claimed: ClaimedRun) -> bool:
        """Take a run as far as it goes now. True when it goes on later, at a time written down."""
        run = claimed.run
        journal = Journal(self._store)
        pipeline = self._pipeline_of(claimed)
        if pipeline is None:
            reason = f"pipeline {run.pipeline!r} is not in the configuration any more. Put it back and resume the run"
            log.error("run %s failed: %s", run.id, reason)
            journal.note([], self._failed(run.id, reason))
            journal.flush()
            return False
        context = Context(
            run=run,
            incident=claimed.incident,
            alerts=claimed.alerts,
            told=claimed.told,
            fired_seq=claimed.fired_seq,
            channels=pipeline.channels,
        )
        state = run.state if run.state in _ORDER else RunState.PENDING
        progress = _Progress(claimed, pipeline, context, journal, state)
        try:
            for seq in range(len(pipeline.nodes)):
                if not await self._step(progress, seq):
                    break
            else:
                self._finish(progress)
        except StoreError:
            raise
        except Exception as error:  # a defect of ours: logged whole, and the run ends instead of coming back for ever
            log.exception("run %s failed unexpectedly: this is a defect, report it", run.id)
            journal.note([], self._failed(run.id, f"internal error: {type(error).__name__}"))
        finally:
            journal.flush()
        return progress.postponed

    def _pipeline_of(self, claimed: ClaimedRun) -> Pipeline | None:
        """The pipeline of the run; when it has left the configuration, the first that would take its worst alert."""
        plan, name = self._current.plan, claimed.run.pipeline
        if name in plan.pipelines or not claimed.alerts:
            return plan.pipelines.get(name)
        route = choose(plan.routes, claimed.alerts[0].alert, "webhook")
        if route is None:
            return None
        log.warning("pipeline %s has left the configuration: run %s goes through %s", name, claimed.run.id, route.name)
        return plan.pipelines[route.name]

    async def _step(self, progress: _Progress, seq: int) -> bool:
        """One node of the walk; False when the run does not go on now."""
        bound = progress.pipeline.nodes[seq]
        earlier = _earlier(progress.claimed, seq, bound)
        if earlier is not None and await _restore(progress, bound, earlier):
            return True
        attempts = (earlier.attempts if earlier else 0) + 1
        started, watch = self._clock.now(), self._clock.monotonic()
        step = Step(bound.spec.id, bound.spec.type, StepStatus.RUNNING, attempts, started)
        self._announce(progress, step, "started")
        try:
            outcome = await self._attempt(bound, progress.context)
        except StepError as error:
            return self._fail(progress, seq, step, error)
        elapsed = round((self._clock.monotonic() - watch) * SECOND, 3)
        await self._succeed(progress, seq, step, outcome, elapsed)
        return True

    async def _attempt(self, bound: BoundNode, context: Context) -> Outcome:
        """Run the node within its time; whatever it raises comes out as a StepError."""
        try:
            return await within(bound.spec.timeout, bound.node.run(context))
        except (StepError, StoreError):
            raise
        except TimeoutError as error:
            raise TransientError(f"timed out after {bound.spec.timeout:g} s") from error
        except Exception as error:  # a defect of the node: logged whole, and the step fails as any other may
            log.exception("step %s failed unexpectedly: this is a defect, report it", bound.spec.id)
            raise PermanentError(f"internal error: {type(error).__name__}") from error

    async def _succeed(self, progress: _Progress, seq: int, step: Step, outcome: Outcome, elapsed: float) -> None:
        bound = progress.pipeline.nodes[seq]
        done = Step(
            id=step.id,
            type=step.type,
            status=StepStatus.SKIPPED if outcome.skipped else StepStatus.SUCCEEDED,
            attempts=step.attempts,
            started_at=step.started_at,
            finished_at=self._clock.now(),
            duration_ms=elapsed,
            error=outcome.skipped,
        )
        self._announce(progress, done, "skipped" if outcome.skipped else "succeeded")
        _absorb(progress, bound, outcome)
        record = _record(progress, seq, done, outcome)
        last = seq + 1 == len(progress.pipeline.nodes)
        if outcome.intents:
            await self._commit(progress, record, outcome, last=last)
        else:
            progress.journal.note([record], self._going_on(progress), outcome.evidence)

    async def _commit(self, progress: _Progress, record: StepRecord, outcome: Outcome, *, last: bool) -> None:
        """Commit what is to be sent, then hand what can go at once to its channel."""
        now = self._clock.now()
        lease = Lease(self._owner, now, now + DELIVERY_LEASE_SECONDS * SECOND, 0)
        due = [intent.delivery for intent in outcome.intents if intent.delivery.state is DeliveryState.DUE]
        ready = [delivery for delivery in due if self._desk.reserve(delivery.channel)]
        update = self._done(progress) if last else self._going_on(progress)
        outgoing = Outgoing(outcome.intents, lease, tuple(delivery.channel for delivery in ready))
        taken: set[str] = set()
        try:
            taken = await progress.journal.commit([record], update, outgoing)
        finally:
            for delivery in ready:
                self._desk.start(delivery.channel, delivery if delivery.id in taken else None)

    def _fail(self, progress: _Progress, seq: int, step: Step, error: StepError) -> bool:
        """Write a failure down; True when the run goes on all the same."""
        spec = progress.pipeline.nodes[seq].spec
        again = isinstance(error, TransientError) and step.attempts % (spec.retries + 1) != 0
        now = self._clock.now()
        failed = Step(
            id=step.id,
            type=step.type,
            status=StepStatus.PENDING if again else StepStatus.FAILED,
            attempts=step.attempts,
            started_at=step.started_at,
            finished_at=now,
            error=str(error),
        )
        self._announce(progress, failed, "retrying" if again else "failed")
        record = _record(progress, seq, failed, None)
        run_id = progress.claimed.run.id
        if again:
            retry_after = error.retry_after if isinstance(error, TransientError) else None
            next_at = next_try(step.attempts, self._clock, retry_after=retry_after)
            waiting = RunUpdate(run_id, RunState.RETRYING, next_at, f"{step.id}: {error}", release=True)
            progress.journal.note([record], waiting)
            progress.postponed = True
            return False
        if spec.required:
            progress.journal.note([record], self._failed(run_id, f"{step.id}: {error}"))
            return False
        progress.context.remarks.append(f"{step.id} failed: {error}")
        progress.journal.note([record], self._going_on(progress))
        return True

    def _finish(self, progress: _Progress) -> None:
        """All nodes are done. A run that told nobody has nothing to wait for."""
        if not progress.concluded:
            progress.journal.note([], self._done(progress))

    def _done(self, progress: _Progress) -> RunUpdate:
        progress.concluded = True
        run_id, now = progress.claimed.run.id, self._clock.now()
        if progress.pipeline.tells:
            return RunUpdate(run_id, progress.state, None, release=True, settles_at=now)
        return RunUpdate(run_id, progress.state, None, finished_at=now, release=True)

    def _going_on(self, progress: _Progress) -> RunUpdate:
        lease_end = self._clock.now() + LEASE_SECONDS * SECOND
        return RunUpdate(progress.claimed.run.id, progress.state, lease_end)

    def _failed(self, run_id: str, reason: str) -> RunUpdate:
        return RunUpdate(run_id, RunState.FAILED, None, reason, finished_at=self._clock.now(), release=True)

    def _announce(self, progress: _Progress, step: Step, event: str) -> None:
        self._events.stage(event, step.type, partial(_fields, progress, step))


def _fields(progress: _Progress, step: Step) -> dict[str, Any]:
    """What is said of a step in the log."""
    run = progress.claimed.run
    alert = progress.context.alerts[0].alert if progress.context.alerts else None
    return {
        "trace_id": run.trace_id,
        "run_id": run.id,
        "incident_id": run.incident_id,
        "source": run.source,
        "fingerprint": alert.fingerprint if alert else None,
        "attempt": step.attempts,
        "error": step.error,
    }


def _earlier(claimed: ClaimedRun, seq: int, bound: BoundNode) -> Step | None:
    """The step as an earlier attempt left it, if it is still the same node."""
    step = claimed.steps[seq] if seq < len(claimed.steps) else None
    return step if step is not None and (step.id, step.type) == (bound.spec.id, bound.spec.type) else None


async def _restore(progress: _Progress, bound: BoundNode, earlier: Step) -> bool:
    """Take over what an earlier attempt ended with; False when the node has to run."""
    if earlier.status is StepStatus.FAILED and not bound.spec.required:
        progress.context.remarks.append(f"{earlier.id} failed: {earlier.error}")
        return True
    if earlier.status not in _DONE:
        return False
    try:
        outcome = await bound.node.restore(earlier.output or {})
    except StoreError:
        raise
    except Exception:  # a snapshot an older release wrote may be anything: the work is done anew
        log.exception("cannot read what step %s found before: it runs again", earlier.id)
        return False
    _absorb(progress, bound, outcome)
    return True


def _absorb(progress: _Progress, bound: BoundNode, outcome: Outcome) -> None:
    """Let the nodes that follow see what this one found."""
    context = progress.context
    context.evidence.extend(outcome.evidence)
    context.judgement = outcome.judgement or (None if outcome.evidence else context.judgement)
    context.recommendations.extend(outcome.recommendations)
    if outcome.remark:
        context.remarks.append(outcome.remark)
    context.outputs[bound.spec.id] = outcome.output
    news = {intent.delivery.channel: intent.told for intent in outcome.intents if intent.told is not None}
    context.told = {**context.told, **news}
    if bound.node.stage is not RunState.NOTIFIED:  # notified is what the deliveries say, not what was decided
        progress.reach(bound.node.stage)


def _record(progress: _Progress, seq: int, step: Step, outcome: Outcome | None) -> StepRecord:
    context = progress.context
    seen: dict[str, Any] = {"alerts": len(context.alerts), "evidence": len(context.evidence)}
    output = _encode(outcome.output).decode() if outcome is not None else None
    return StepRecord(progress.claimed.run.id, seq, step, _encode(seen).decode(), output)
