"""Listening for jobs: every beat is written down, every one that is missed enters the intake like any other alert.

What is told follows from the rows: a crash between the alert and the note that it was told tells the same again, and
the intake knows a repetition when it sees one. When a job is late is `incidents.heartbeat`'s to say.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

import msgspec

from srvmaint.alerts import Parsed
from srvmaint.clock import SECOND, Clock
from srvmaint.errors import NotFoundError, StoreError
from srvmaint.incidents.heartbeat import SOURCE, Beat, Expected, Pulse, excused, missed_at, news, over
from srvmaint.model import Alert, Severity
from srvmaint.pipeline.events import Events
from srvmaint.pipeline.intake import Intake, Offer
from srvmaint.registry import nearest
from srvmaint.store.store import Store

log = logging.getLogger(__name__)
LOOK_EVERY_SECONDS: Final = 60.0
"""How often it is written down that somebody listens; and a wall clock that is set back may not hide what is due."""
_encode = msgspec.json.Encoder().encode


class Heartbeats:
    """The jobs that are expected, and what was heard of them.

    Args:
        store: where beats are kept.
        intake: where missed ones go.
        clock: time.
        events: counts.
    """

    def __init__(self, store: Store, intake: Intake, clock: Clock, events: Events) -> None:
        self._store = store
        self._intake = intake
        self._clock = clock
        self._events = events
        self._expected: dict[str, Expected] = {}
        self._pulses: dict[str, Pulse] = {}
        self._watched_at = 0
        self.looked = asyncio.Event()
        """The first look at all of them is over."""
        self._wake = asyncio.Event()
        self._turn = asyncio.Lock()
        """Held while it changes who is expected: a job put back while it is let go would be lost."""

    async def expect(self, expected: Sequence[Expected]) -> None:
        """Listen for these from now on, and for no others."""
        async with self._turn:
            pulses: dict[str, Pulse] = {}
            if expected or await self._store.has_heartbeats():
                slugs = tuple(each.slug for each in expected)
                pulses = {pulse.slug: pulse for pulse in await self._store.expect_heartbeats(slugs, self._clock.now())}
            self._expected = {each.slug: each for each in expected}
            self._pulses = pulses
        self._wake.set()

    async def beat(self, beat: Beat) -> None:
        """Write down one word of a job; durable when it returns.

        Raises:
            NotFoundError: nobody expects it.
            StoreUnavailableError: not now.
        """
        if beat.slug not in self._expected:
            raise NotFoundError(f"there is no heartbeat {beat.slug!r}{nearest(beat.slug, tuple(self._expected))}")
        self._pulses[beat.slug] = await self._store.beat(beat)
        word = "start" if beat.is_start else "ok" if beat.exit_code == 0 else "fail"
        self._events.count("heartbeats", word)
        self._wake.set()

    async def run(self) -> None:
        """Tell what there is to tell, until cancelled. What could not be heard before, while away, is excused."""
        while True:
            self._wake.clear()
            try:
                if not self.looked.is_set():
                    await self._excuse()
                await self.settle()
                self.looked.set()
            except StoreError as error:
                log.warning("cannot look after heartbeats now: %s", error)
            await self._wait()

    async def _excuse(self) -> None:
        async with self._turn:
            await self._excuse_all()

    async def _excuse_all(self) -> None:
        now = self._clock.now()
        fresh = {slug: excused(self._pulses[slug], each, now) for slug, each in self._expected.items()}
        changed = [pulse for slug, pulse in fresh.items() if pulse != self._pulses[slug]]
        for pulse in changed:
            log.warning("heartbeat %s: nobody listened when it was due, waiting for its next turn", pulse.slug)
        if changed:
            for pulse in await self._store.excuse_heartbeats(changed):
                self._pulses[pulse.slug] = pulse

    async def settle(self) -> None:
        """Tell every alert that has to be told now.

        Raises:
            StoreError: not now.
        """
        async with self._turn:
            for slug in tuple(self._pulses):
                expected = self._expected.get(slug)
                if expected is None:
                    await self._let_go(slug)
                    continue
                found = news(self._pulses[slug], expected, self._clock.now())
                if found is not None:
                    await self._tell(*found)
        now = self._clock.now()
        if self._pulses and now - self._watched_at >= LOOK_EVERY_SECONDS * SECOND:
            await self._store.watched_heartbeats(now)
            self._watched_at = now

    async def _let_go(self, slug: str) -> None:
        """A job that was taken out of the configuration: what was said of it is over."""
        pulse = self._pulses[slug]
        if pulse.told:
            gone = Expected(slug, 0, 0, Severity.INFO, "")
            log.warning("heartbeat %s: it is not expected any more", slug)
            alert, _ = over(pulse, gone, self._clock.now())
            await self._offer(alert)
        await self._store.forget_heartbeat(slug)
        self._pulses.pop(slug, None)

    async def _tell(self, alert: Alert, told: Pulse) -> None:
        log.warning("heartbeat %s: %s: %s", told.slug, alert.status, alert.description)
        await self._offer(alert)
        self._pulses[told.slug] = await self._store.note_heartbeat(told)

    async def _offer(self, alert: Alert) -> None:
        await self._intake.accept(
            Offer(Parsed((alert,)), _encode(alert), SOURCE, "check", self._clock.new_trace_id(), source=SOURCE)
        )

    async def _wait(self) -> None:
        """Until the next one is missed, somebody says that something is new, or the next look is due."""
        now = self._clock.now()
        due = [
            missed_at(self._pulses[slug], each) for slug, each in self._expected.items() if not self._pulses[slug].told
        ]
        seconds = min(
            LOOK_EVERY_SECONDS, *((moment - now) / SECOND for moment in due if moment > now), LOOK_EVERY_SECONDS
        )
        sleeper = asyncio.ensure_future(self._clock.sleep(seconds))
        waker = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait((sleeper, waker), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeper.cancel()
            waker.cancel()
