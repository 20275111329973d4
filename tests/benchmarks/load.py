"""The load generator: a process of its own that reads what to do on stdin and says on stdout how it went.

Requests are bytes before the clock starts, connections are kept, and one epoll loop serves all of them, so that a
request costs the generator less than it costs any server. Both sides of a ratio are loaded by it.
"""

from __future__ import annotations

import json
import select
import socket
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from tests.benchmarks import bodies

_LENGTH: Final = b"ontent-Length: "
_CHUNK: Final = 65_536
"""Bytes read at a time. A larger buffer is mapped and unmapped each time, which doubles what a request costs here."""


@dataclass(frozen=True)
class Spec:
    """What to send where."""

    port: int
    bodies: Sequence[Sequence[int]]
    """A request for each, with these alerts."""
    path: str = "/alerts/webhook/"
    kind: str = "webhook"
    connections: int = 64
    rate: float = 0
    """Requests a second, whatever the answers do; 0: as fast as they are answered."""


@dataclass(frozen=True)
class Load:
    """How it went."""

    seconds: float
    """From the first request to the last answer."""
    p50_ms: float
    refused: int
    """Answers that are not 2xx."""
    sent: Sequence[int] = field(default_factory=list)
    """When each request went out, in nanoseconds of the monotonic clock; with a rate only."""


class _Wire:
    """One kept connection, with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.started = 0

    def answer(self) -> bytes | None:
        """The status of the answer once it is complete."""
        data = self.socket.recv(_CHUNK)
        if not data:
            raise ConnectionError(f"the server closed a connection after {self.received[:200]!r}")
        received = self.received = self.received + data if self.received else data
        end = received.find(b"\r\n\r\n")
        if end < 0:
            return None
        at = received.find(_LENGTH, 0, end)
        if at < 0:
            raise ConnectionError(f"an answer without its length: {received[:200]!r}")
        at += len(_LENGTH)
        if len(received) < end + 4 + int(received[at : received.index(b"\r\n", at)]):
            return None
        self.received = b""
        return received[9:12]


def run(spec: Spec) -> Load:
    """Send all of it and wait for every answer."""
    requests = [bodies.request(spec.kind, spec.path, numbers) for numbers in spec.bodies]
    wires = [_Wire(spec.port) for _ in range(spec.connections)]
    poll = select.epoll()
    for wire in wires:
        poll.register(wire.socket, select.EPOLLIN)
    by_fd = {wire.socket.fileno(): wire for wire in wires}
    period = int(1e9 / spec.rate) if spec.rate else 0
    now = time.monotonic_ns
    sent: list[int] = []
    took: list[int] = []
    refused = 0
    idle = wires
    begun = now()
    while len(took) < len(requests):
        while idle and len(sent) < len(requests) and now() >= begun + len(sent) * period:
            wire = idle.pop()
            wire.started = now()
            wire.socket.sendall(requests[len(sent)])
            sent.append(wire.started)
        waits = idle and len(sent) < len(requests)
        timeout = max(0.0, (begun + len(sent) * period - now()) / 1e9) if waits else 30.0
        for fd, _ in poll.poll(timeout):
            wire = by_fd[fd]
            status = wire.answer()
            if status is not None:
                took.append(now() - wire.started)
                refused += not status.startswith(b"2")
                idle.append(wire)
    return Load((now() - begun) / 1e9, statistics.median(took) / 1e6, refused, sent if spec.rate else [])


if __name__ == "__main__":
    json.dump(asdict(run(Spec(**json.load(sys.stdin)))), sys.stdout)
