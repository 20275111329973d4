"""NOTIFY: one file per channel driver, each putting one message on one wire.

A driver module has the vendor's limits as constants (each with its URL), `Config` (its settings section) and `Driver`.
Timing, retries, recording and logging are the outbox's; the error a driver raises says whether trying again can help.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, TextIO

from srvmaint.clock import Clock
from srvmaint.model import Message
from srvmaint.net.http import Client

PACKAGE = "srvmaint.notify"


@dataclass(frozen=True, slots=True)
class Tools:
    """What a driver is lent: never the whole configuration."""

    http: Client
    terminal: TextIO
    """Where the console channel writes."""
    clock: Clock = field(default_factory=Clock)
    """What a signature is dated with."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receiver took the message; `receiver_id` is its own id for it, where it gave one."""

    receiver_id: str | None = None


class Driver(Protocol):
    """What every channel driver does."""

    async def send(self, message: Message, key: str) -> Receipt:
        """Send once. `key` is the idempotency key: the same for every attempt at this message.

        Raises:
            TransientError: trying again can help (network, timeout, 408, 425, 429, 5xx).
            PermanentError: it cannot.
        """
