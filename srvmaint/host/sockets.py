"""Connections that are opened to see whether they can be: one deadline for everything a look at a server takes.

What goes wrong is put into an operator's words here, once. Nothing here knows a protocol above TCP, or a threshold.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import NamedTuple

_WORDS = {
    errno.ECONNREFUSED: "refuses the connection",
    errno.ECONNRESET: "broke the connection off",
    errno.EPIPE: "broke the connection off",
    errno.EHOSTUNREACH: "cannot be reached: no route to the host, or it does not exist",
    errno.ENETUNREACH: "cannot be reached: this machine has no route to its network",
}


class LackingError(OSError):
    """This machine lacks what a look takes; nothing is known about the server."""


class Deadline:
    """One time limit for all the calls that a look takes."""

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self.seconds = seconds
        self._monotonic = monotonic
        self._began = monotonic()

    @property
    def spent(self) -> float:
        """Seconds since it began."""
        return self._monotonic() - self._began

    def left(self) -> float:
        """Seconds that are left, for a socket's timeout.

        Raises:
            TimeoutError: none are.
        """
        left = self.seconds - self.spent
        if left <= 0:
            raise TimeoutError
        return left


class Endpoint(NamedTuple):
    """One address of a host, as `socket` wants it."""

    family: int
    sockaddr: tuple[str, int] | tuple[str, int, int, int]

    @property
    def text(self) -> str:
        """The address alone."""
        return str(self.sockaddr[0])


def endpoints(host: str, port: int) -> list[Endpoint]:
    """The addresses of a host, in the order the system prefers.

    Raises:
        OSError: it has none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label that is too long, or empty
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from error
    return [Endpoint(family, sockaddr) for family, _, _, _, sockaddr in found]  # type: ignore[arg-type] # typeshed also allows bytes


def connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    """A connection to the first address that takes one; the time left is shared among those still to be tried.

    Raises:
        OSError: none does; the reason is that of the last.
    """
    addresses = endpoints(host, port)
    for place, endpoint in enumerate(addresses, start=1):
        is_last = place == len(addresses)
        connection = socket.socket(endpoint.family, socket.SOCK_STREAM)
        try:
            connection.settimeout(deadline.left() / (1 if is_last else 2))
            connection.connect(endpoint.sockaddr)
        except OSError:
            connection.close()
            if is_last:
                raise
        else:
            return connection
    raise OSError("it has no address")


def words(error: OSError, seconds: float) -> str:
    """What went wrong, said of the server: `db:5432 <words>`."""
    if isinstance(error, socket.gaierror):
        return f"cannot be found: {(error.strerror or str(error)).lower()}"
    if isinstance(error, TimeoutError):
        return f"does not answer within {seconds:g} s"
    if error.errno in _WORDS:
        return _WORDS[error.errno]
    return (error.strerror or str(error)).lower() if error.errno else str(error)


def is_ours(error: OSError) -> bool:
    """Whether it is this machine that could not even try (a sandbox, no descriptors), and nothing about the server."""
    if isinstance(error, LackingError):
        return True
    return error.errno in (errno.EPERM, errno.EACCES, errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.EAFNOSUPPORT)


class Talk(NamedTuple):
    """How a server that was connected to behaved."""

    address: str = ""
    seconds: float = 0.0
    """Until the connection stood, and the expected text was there where one is expected."""
    trouble: str = ""
    """What went wrong, said of the server; empty when nothing did."""


def talk(where: tuple[str, int], send: bytes, expect: bytes, deadline: Deadline) -> Talk:
    """Connect, say something, and wait until what is expected has been heard.

    Raises:
        OSError: this machine could not even try.
    """
    address = ""
    try:
        with connect(*where, deadline) as connection:
            address = str(connection.getpeername()[0])
            if send:
                connection.settimeout(deadline.left())
                connection.sendall(send)
            heard = _hear(connection, expect, deadline)
    except OSError as error:
        if is_ours(error):
            raise
        return Talk(address, deadline.spent, words(error, deadline.seconds))
    if expect not in heard:
        return Talk(address, deadline.spent, f"says {shown(heard)} and not {shown(expect)}" if heard else _SILENT)
    return Talk(address, deadline.spent)


_SILENT = "ends the connection without a word"
_MOST_HEARD = 65536
_SHOWN = 60


def _hear(connection: socket.socket, expect: bytes, deadline: Deadline) -> bytes:
    heard = b""
    while expect not in heard and len(heard) < _MOST_HEARD:
        connection.settimeout(deadline.left())
        try:
            more = connection.recv(_MOST_HEARD)
        except TimeoutError:
            if not heard:
                raise
            break
        if not more:
            break
        heard += more
    return heard


def shown(data: bytes) -> str:
    """The beginning of what a server said, as harmless text in quotes."""
    text = data[: _SHOWN + 1].decode(errors="replace")
    clean = "".join(char if char.isprintable() else " " for char in text).strip()
    return f"'{clean[:_SHOWN]}{'...' if len(clean) > _SHOWN else ''}'"
