"""Talking to the running daemon over its own listener: what only the owner of the database may do is asked of it."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any, Final

from srvmaint.config.schema import Listen
from srvmaint.errors import ConflictError, NotFoundError, SrvmaintError, UsageError

CONNECT_SECONDS: Final = 5.0
_ADVICE: Final = (
    "The database is in use, so it has to be asked: see that [server] listen is the address it was started with."
)
_ERRORS: Final[dict[int, type[SrvmaintError]]] = {400: UsageError, 404: NotFoundError, 409: ConflictError}
_FIRST_ERROR: Final = 400


class Daemon:
    """The daemon that listens where the configuration says; `advice` is what to do where it does not answer."""

    def __init__(self, listen: Listen, advice: str = _ADVICE) -> None:
        self._listen = listen
        self._advice = advice

    def call(self, method: str, path: str, body: Any = None, *, seconds: float = 30.0) -> Any:
        """One request; the decoded answer.

        Raises:
            SrvmaintError: it does not answer, or it refused; the text is the daemon's own.
        """
        connection = _connection(self._listen, seconds)
        data = json.dumps(body).encode() if body is not None else b""
        try:
            connection.request(method, path, data, {"Content-Type": "application/json", "Host": "localhost"})
            response = connection.getresponse()
            answer = json.loads(response.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SrvmaintError(f"cannot reach the daemon on {self._listen}: {error}. {self._advice}") from error
        finally:
            connection.close()
        if response.status >= _FIRST_ERROR:
            raise _ERRORS.get(response.status, SrvmaintError)(answer.get("message", f"HTTP {response.status}"))
        return answer


def _connection(listen: Listen, seconds: float) -> http.client.HTTPConnection:
    if listen.socket is None:
        return http.client.HTTPConnection(listen.host, listen.port, timeout=seconds)
    return _UnixConnection(str(listen.socket), seconds)


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
