"""The one way in: webhooks, `srvmaint run`, the API and replays all enter here.

Parsing has happened, nothing has been stored. This routes, works out identities, and hands one batch to the store; when
the call returns, what was accepted is durable.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from srvmaint.alerts import Parsed
from srvmaint.alerts._decode import decode
from srvmaint.alerts._detect import detect
from srvmaint.clock import Clock
from srvmaint.errors import NotFoundError, PayloadError, UsageError
from srvmaint.incidents.identity import alert_key, delivery_key, group_key
from srvmaint.incidents.ledger import Incoming
from srvmaint.model import Alert
from srvmaint.pipeline.definition import CHECKS_ONLY
from srvmaint.pipeline.events import Events
from srvmaint.pipeline.plan import Current, Plan
from srvmaint.pipeline.routing import choose
from srvmaint.pipeline.worker import Workers
from srvmaint.store.records import Accepted, Batch, Lease, Rejected
from srvmaint.store.store import Store

_encode = msgspec.json.Encoder(order="sorted").encode


class Offer(msgspec.Struct, frozen=True):
    """A body that has been parsed, and where it came from. A Struct: one is made for every request."""

    parsed: Parsed
    body: bytes
    driver: str
    origin: str
    """webhook, check or api."""
    trace_id: str
    environment: str = "production"
    pipeline: str | None = None
    """Execute this one, whatever the routes say."""
    requested: bool = False
    """A run is wanted even if nothing changed."""
    source: str | None = None
    """What the runs are said to come from; the alerts' own source when nobody says."""
    delivery_id: str | None = None
    """What the sender calls this delivery: the same when it is sent again."""


def open_body(plan: Plan, body: bytes, driver: str | None, content_type: str = "") -> tuple[str, Any]:
    """Decode a body; find out whose it is when nobody says. Returns the driver's name and what it is to parse.

    Raises:
        NotFoundError: there is no such driver, or it is not enabled.
        PayloadError: the body cannot be used.
    """
    if driver is not None and driver not in plan.alert_drivers:
        enabled = ", ".join(sorted(plan.alert_drivers))
        raise NotFoundError(f"there is no enabled alert driver {driver!r}: there is {enabled}.")
    payload = decode(body, content_type)
    return driver if driver is not None else detect(plan.alert_drivers, payload).driver, payload


def read_body(plan: Plan, body: bytes, driver: str | None, content_type: str = "") -> tuple[str, Parsed]:
    """Open a body and parse it. Returns the driver's name and the result.

    Raises:
        NotFoundError: there is no such driver, or it is not enabled.
        PayloadError: the body cannot be used.
    """
    name, payload = open_body(plan, body, driver, content_type)
    return name, plan.alert_drivers[name].parse(payload)


class Intake:
    """Turns offers into stored alerts and queued runs.

    Args:
        store: where they go.
        workers: start on the runs at once when they have room.
        current: the plan in force.
        clock: time and ids.
        events: counts.
    """

    def __init__(self, store: Store, workers: Workers, current: Current, clock: Clock, events: Events) -> None:
        self._store = store
        self._workers = workers
        self._current = current
        self._clock = clock
        self._events = events

    async def accept(self, offer: Offer) -> Accepted:
        """Store the alerts and queue their runs. Durable when it returns.

        Raises:
            StoreUnavailableError: not now; nothing was stored.
            UsageError: the pipeline asked for by name does not exist.
        """
        plan = self._current.plan
        if offer.pipeline is not None and offer.pipeline not in plan.pipelines:
            raise UsageError(f"there is no pipeline {offer.pipeline!r}: there is {', '.join(plan.pipelines)}.")
        self._store.admit(len(offer.body))
        batch = self._batch(offer)
        lease = self._workers.lease(max(1, len(batch.alerts)))
        stored = self._store.intake(batch, lease)
        stored.add_done_callback(partial(self._start_runs, lease))
        # a sender that hangs up takes its answer with it, not the alerts
        accepted = await asyncio.shield(stored)
        self._events.count("alerts_received", offer.driver, by=len(batch.alerts))
        return accepted

    def _start_runs(self, lease: Lease | None, stored: asyncio.Future[Accepted]) -> None:
        """Let free workers begin with what the transaction took for them."""
        if stored.cancelled() or stored.exception() is not None:
            self._workers.start((), lease)
            return
        accepted = stored.result()
        self._workers.start(accepted.claimed, lease)
        if accepted.more or (lease is None and accepted.runs):
            self._workers.wake()

    async def reject(
        self, error: PayloadError, body: bytes, headers: Mapping[str, str], driver: str | None, trace_id: str
    ) -> str:
        """Keep a body that could not be used; returns its id."""
        self._store.admit(len(body))
        rejected = Rejected(
            id=self._clock.new_id(),
            at=self._clock.now(),
            driver=driver,
            code=error.code,
            reason=str(error),
            trace_id=trace_id,
            headers=dict(headers),
            body=body,
        )
        await self._store.keep_rejected(rejected)
        self._events.count("bodies_rejected", error.code)
        return rejected.id

    def _batch(self, offer: Offer) -> Batch:
        parsed = () if offer.pipeline == CHECKS_ONLY else offer.parsed.alerts  # a mere look opens no incident
        alerts = tuple(self._incoming(alert, offer.origin) for alert in parsed)
        return Batch(
            received_at=self._clock.now(),
            driver=offer.driver,
            origin=offer.origin,
            source=offer.source or (alerts[0].alert.source if alerts else offer.driver),
            environment=offer.environment,
            trace_id=offer.trace_id,
            body=offer.body,
            alerts=alerts,
            reopen_within_ms=self._current.plan.reopen_within_ms,
            pipeline=offer.pipeline,
            tells=offer.pipeline is None or self._current.plan.pipelines[offer.pipeline].tells,
            requested=offer.requested,
            delivery=delivery_key(offer.driver, offer.delivery_id) if offer.delivery_id else None,
        )

    def _incoming(self, alert: Alert, origin: str) -> Incoming:
        plan = self._current.plan
        route = choose(plan.routes, alert, origin)
        labels, annotations = _encode(alert.labels), _encode(alert.annotations)
        content = b"\0".join((alert.name.encode(), alert.description.encode(), labels, annotations))
        return Incoming(
            alert=alert,
            key=alert_key(alert.source, alert.fingerprint),
            digest=hashlib.blake2b(content, digest_size=16).digest(),
            labels_json=labels.decode(),
            annotations_json=annotations.decode(),
            group_key=group_key(alert, route.group_by if route else plan.group_by),
            pipeline=route.name if route else None,
        )
