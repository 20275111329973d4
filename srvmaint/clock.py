"""The only door to time and randomness.

Everything else takes a `Clock`, so that tests move time by hand. Times are epoch milliseconds (`int`) in the program
and in the database, and ISO 8601 with `Z` wherever a person or another program reads them.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
"""Ten bits at a time: an id is made of eight of these."""
_TIME_SHIFT = 32
_TRACE_DIGITS = 32
_HEX_DIGITS = frozenset("0123456789abcdef")
SECOND = 1000
"""Milliseconds in a second."""


class Ids:
    """Makes unique, sortable, URL-safe ids of 16 characters: 48 bits of time, 32 of chance, base 32.

    Ids made by one source only ever go up, even when wall time steps back. A source belongs to one thread.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._random = random.Random()  # noqa: S311 - told apart, not kept secret
        self._last = 0

    def new(self) -> str:
        """The next id."""
        candidate = (self._now() << _TIME_SHIFT) | self._random.getrandbits(_TIME_SHIFT)
        if candidate <= self._last:
            candidate = self._last + 1
        self._last = candidate
        return _base32(candidate)


class Clock:
    """Real time, real sleep, real chance. `FakeClock` in the tests is the other implementation."""

    def __init__(self) -> None:
        self._ids = Ids(self.now)

    def now(self) -> int:
        """Wall-clock time in epoch milliseconds: what rows and messages carry."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds that never jump: what durations are measured with."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait without occupying anything."""
        import asyncio  # noqa: PLC0415 - 34 ms that `srvmaint check` does not have to pay

        await asyncio.sleep(seconds)

    def jitter(self, ceiling: float) -> float:
        """A uniformly random number of seconds in [0, ceiling]: full jitter."""
        return random.uniform(0, ceiling)  # noqa: S311 - spreads retries, guards nothing

    def new_id(self) -> str:
        """A unique, sortable, URL-safe id; see `Ids`."""
        return self._ids.new()

    def new_trace_id(self) -> str:
        """32 hex digits, as the W3C trace context has it."""
        return f"{random.getrandbits(128):032x}"


def is_trace_id(text: str) -> bool:
    """Whether it is 32 lower-case hex digits, as the W3C trace context has them."""
    return len(text) == _TRACE_DIGITS and _HEX_DIGITS.issuperset(text)


def id_floor(millis: int) -> str:
    """The smallest id a clock could have made at that time: every id that sorts before it is older."""
    return _base32(millis << _TIME_SHIFT)


def _base32(number: int) -> str:
    pairs = _PAIRS
    return (
        pairs[number >> 70]
        + pairs[number >> 60 & 1023]
        + pairs[number >> 50 & 1023]
        + pairs[number >> 40 & 1023]
        + pairs[number >> 30 & 1023]
        + pairs[number >> 20 & 1023]
        + pairs[number >> 10 & 1023]
        + pairs[number & 1023]
    )


def iso(millis: int | None) -> str | None:
    """Epoch milliseconds as ISO 8601 in UTC with `Z`; whole seconds stay short."""
    if millis is None:
        return None
    moment = datetime.fromtimestamp(millis / SECOND, UTC)
    text = moment.isoformat(timespec="milliseconds" if millis % SECOND else "seconds")
    return text.replace("+00:00", "Z")


def short_time(millis: int | None) -> str:
    """`14:03 UTC` for a person reading a message; with the date as well when it is not obvious."""
    if millis is None:
        return "-"
    return datetime.fromtimestamp(millis / SECOND, UTC).strftime("%Y-%m-%d %H:%M UTC")


def human_span(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`: how long something lasted, for a person."""
    whole = int(seconds)
    minute, hour, day = 60, 3600, 86400
    if whole < 2 * minute:
        return f"{whole} s"
    if whole < 2 * hour:
        return f"{whole // minute} min"
    if whole < 2 * day:
        return f"{whole // hour} h {whole % hour // minute} min"
    return f"{whole // day} d {whole % day // hour} h"
