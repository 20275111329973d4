"""The sink: a process of its own that notes when each alert's message arrives.

It answers every request with 200 and finds the alert's number in the body, whoever sent it. `wait N` on stdin is
answered, once N different alerts have arrived since the last time, by a line of JSON: number to nanoseconds of the
monotonic clock.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time
from typing import Final

from tests.benchmarks import bodies

_OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_STDIN: Final = 0
_CHUNK: Final = 65_536


class Receiver:
    """The one loop."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._poll = select.epoll()
        self._poll.register(self._listener, select.EPOLLIN)
        self._poll.register(_STDIN, select.EPOLLIN)
        self._peers: dict[int, tuple[socket.socket, bytearray]] = {}
        self._arrivals: dict[int, int] = {}
        self._wanted = 0

    def serve(self) -> None:
        """Until stdin ends."""
        _write(str(self._listener.getsockname()[1]))
        while True:
            for fd, _ in self._poll.poll():
                if fd == self._listener.fileno():
                    self._accept()
                elif fd != _STDIN:
                    self._read(fd)
                elif not self._command():
                    return

    def _accept(self) -> None:
        peer, _ = self._listener.accept()
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._peers[peer.fileno()] = (peer, bytearray())
        self._poll.register(peer, select.EPOLLIN)

    def _read(self, fd: int) -> None:
        peer, received = self._peers[fd]
        try:
            data = peer.recv(_CHUNK)
        except ConnectionError:
            data = b""
        if not data:
            self._poll.unregister(fd)
            del self._peers[fd]
            peer.close()
            return
        received += data
        while (size := _complete(received)) is not None:
            self._note(received[:size])
            del received[:size]
            peer.sendall(_OK)

    def _note(self, message: bytearray) -> None:
        now = time.monotonic_ns()
        found = bodies.NUMBER.search(message)
        if found is not None:
            self._arrivals.setdefault(int(found[1]), now)
            self._report()

    def _command(self) -> bool:
        line = os.read(_STDIN, 4096)
        if line:
            self._wanted = int(line.split()[1])
            self._report()
        return bool(line)

    def _report(self) -> None:
        if self._wanted and len(self._arrivals) >= self._wanted:
            _write(json.dumps(self._arrivals))
            self._arrivals, self._wanted = {}, 0


def _complete(received: bytearray) -> int | None:
    """The length of the first whole request; None as long as there is none."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(received[:end]).lower()
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    size = end + 4 + int(length or 0)
    return size if len(received) >= size else None


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    Receiver().serve()
