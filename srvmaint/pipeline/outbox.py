"""Sending what has been decided, one lane a channel: one channel's trouble never holds up another's.

An attempt ends as delivered, as "try again at", or as dead. A message is tried for as long as it has been given; the
key it is sent with never changes, so a receiver can drop what it already has.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Final

from srvmaint.clock import SECOND, Clock, short_time
from srvmaint.errors import PermanentError, StepError, TransientError
from srvmaint.model import Delivery, DeliveryState
from srvmaint.pipeline.dispatch import Dispatcher
from srvmaint.pipeline.events import Events
from srvmaint.pipeline.plan import Current
from srvmaint.pipeline.retry import next_try
from srvmaint.pipeline.watch import Watch
from srvmaint.store.deliveries import Sent
from srvmaint.store.records import Lease
from srvmaint.store.store import Store

log = logging.getLogger(__name__)
SLOTS: Final = 16
"""Messages a channel has on the wire at a time."""
ATTEMPT_SECONDS: Final = 60.0
"""What a driver's own timeouts let pass ends here."""
LEASE_SECONDS: Final = 120


class Outbox:
    """The lanes of all channels.

    Args:
        store: where deliveries are claimed and recorded.
        current: the plan in force: which channels there are.
        clock: time and chance.
        events: counts and logs.
        watch: told when a run's delivery has been recorded.
        owner: whose leases the outbox works under.
    """

    def __init__(self, store: Store, current: Current, clock: Clock, events: Events, watch: Watch, owner: str) -> None:
        self._watch = watch
        self._store = store
        self._current = current
        self._clock = clock
        self._events = events
        self._owner = owner
        self._lanes: dict[str, Dispatcher[Delivery]] = {}
        self._loops: dict[str, asyncio.Task[None]] = {}
        self._on_the_wire: set[str] = set()

    @property
    def loops(self) -> Sequence[asyncio.Task[None]]:
        """The tasks that must not end while the daemon runs."""
        return tuple(self._loops.values())

    def reserve(self, channel: str) -> bool:
        """Set a slot of the channel aside, if it has one."""
        lane = self._lanes.get(channel)
        return lane is not None and lane.reserve(1) == 1

    def start(self, channel: str, delivery: Delivery | None) -> None:
        """Use a slot that was set aside, or give it back."""
        self._lanes[channel].start([delivery] if delivery is not None else [], 1)

    async def open(self) -> None:
        """Have a lane for every channel of the plan, and bury what is addressed to any other.

        The lane of a channel that has gone stays: runs that began under the old plan may still leave a message there,
        which then ends as dead instead of waiting for ever.
        """
        channels = self._current.plan.senders
        for name in channels.keys() - self._lanes.keys():
            lane = Dispatcher(f"channel-{name}", SLOTS, partial(self._claim, name), self._send, self._clock)
            self._lanes[name] = lane
            self._loops[name] = asyncio.create_task(lane.run(), name=f"channel-{name}")
        buried = await self._store.bury_unknown(tuple(channels), self._clock.now())
        if buried:
            log.warning("%d deliveries are addressed to channels that are not configured any more: dead", buried)

    def wake(self) -> None:
        """Something may be due on any channel."""
        for lane in self._lanes.values():
            lane.wake()

    async def close(self, seconds: float) -> bool:
        """Stop taking, let what is on the wire finish. True when all of it did."""
        for loop in self._loops.values():
            loop.cancel()
        await asyncio.gather(*self._loops.values(), return_exceptions=True)
        finished = await asyncio.gather(*(lane.drain(seconds) for lane in self._lanes.values()))
        return all(finished)

    async def _claim(self, channel: str, limit: int) -> tuple[Sequence[Delivery], int | None]:
        now = self._clock.now()
        lease = Lease(self._owner, now, now + LEASE_SECONDS * SECOND, limit)
        under_way = frozenset(self._on_the_wire)  # what a clock that jumped may make look over
        claimed = await self._store.claim_deliveries(channel, lease)
        return [delivery for delivery in claimed.deliveries if delivery.id not in under_way], claimed.next_at

    async def _send(self, delivery: Delivery) -> bool:
        """One attempt. How it ended is written down behind its back: the slot is free for the next message."""
        if delivery.id in self._on_the_wire:
            return False
        self._on_the_wire.add(delivery.id)
        try:
            sent = await self._attempt(delivery)
        except BaseException:
            self._on_the_wire.discard(delivery.id)
            raise
        self._events.count("notify_deliveries", delivery.channel, sent.state)
        if sent.state is not DeliveryState.DELIVERED:
            log.warning(
                "delivery %s to %s failed (attempt %d, %s): %s",
                delivery.id,
                delivery.channel,
                delivery.attempts + 1,
                f"again at {short_time(sent.next_at)}" if sent.next_at else "given up",
                sent.error,
            )
        recorded = self._store.record_delivery(sent)
        recorded.add_done_callback(partial(self._recorded, delivery, sent))
        return False

    def _recorded(self, delivery: Delivery, sent: Sent, recorded: asyncio.Future[bool]) -> None:
        self._on_the_wire.discard(delivery.id)
        if recorded.cancelled() or recorded.exception() is not None:
            log.warning("cannot record that delivery %s ended: it is sent again at the next start", delivery.id)
            return
        self._watch.changed(delivery.run_id)
        if recorded.result() or sent.next_at is not None:
            self._lanes[delivery.channel].wake()

    async def _attempt(self, delivery: Delivery) -> Sent:
        driver = self._current.plan.senders.get(delivery.channel)
        now = self._clock.now
        if driver is None:
            error = f"channel {delivery.channel!r} is not in the configuration any more. Put it back and retry."
            return Sent(delivery.id, DeliveryState.DEAD, now(), error=error)
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                receipt = await driver.send(delivery.message, delivery.idempotency_key)
        except TimeoutError:
            return self._again(delivery, TransientError(f"no answer within {ATTEMPT_SECONDS:g} s"))
        except TransientError as error:
            return self._again(delivery, error)
        except StepError as error:
            return Sent(delivery.id, DeliveryState.DEAD, now(), error=str(error))
        except Exception as error:  # a defect of the driver: logged whole, and only this message is dead
            log.exception("channel %s failed unexpectedly: this is a defect, report it", delivery.channel)
            reason = PermanentError(f"internal error: {type(error).__name__}")
            return Sent(delivery.id, DeliveryState.DEAD, now(), error=str(reason))
        return Sent(delivery.id, DeliveryState.DELIVERED, now(), receiver_id=receipt.receiver_id)

    def _again(self, delivery: Delivery, error: TransientError) -> Sent:
        """Try again, unless the message would then be older than it may become."""
        last = delivery.give_up_at - SECOND  # however long the other side asks for, there is a last try
        at = min(next_try(delivery.attempts + 1, self._clock, retry_after=error.retry_after), last)
        if at <= self._clock.now():
            return Sent(delivery.id, DeliveryState.DEAD, self._clock.now(), error=f"given up: {error}")
        return Sent(delivery.id, DeliveryState.RETRYING, self._clock.now(), next_at=at, error=str(error))
