"""Servers on loopback that behave as badly as a test wants: each connection or packet is given to a function."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

Behaviour = Callable[[socket.socket], None]


@contextlib.contextmanager
def tcp_server(behave: Behaviour, host: str = "127.0.0.1") -> Iterator[int]:
    """A server that gives every connection to `behave` and then closes it; its port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:
        port: int = listener.getsockname()[1]
        thread = threading.Thread(target=_serve, args=(listener, behave))
        thread.start()
        try:
            yield port
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, behave: Behaviour) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, contextlib.suppress(OSError):
            behave(connection)


def says(data: bytes) -> Behaviour:
    """Say this and go."""
    return lambda connection: connection.sendall(data)


def hangs(connection: socket.socket) -> None:
    """Say nothing until the other side goes away."""
    while connection.recv(4096):
        pass


def refused_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port
