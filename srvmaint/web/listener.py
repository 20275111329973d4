"""The socket the app is served on: a loopback port or a unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
from pathlib import Path
from typing import Final

from aiohttp import web

from srvmaint.config.schema import Listen
from srvmaint.errors import SrvmaintError

HANDLERS_SECONDS: Final = 5.0
"""How long requests under way may take when the listener closes."""
ABANDON_SECONDS: Final = 0.1
"""The same when nobody is waited for."""
_SOCKET_MODE: Final = 0o660
_ADVICE: Final = {
    errno.EADDRINUSE: "Stop what uses it, or set [server] listen.",
    errno.ENOENT: "Make the folder, or set [server] listen.",
}


class Listener:
    """Serves an app at an address until it is closed; closing twice is fine."""

    def __init__(self, app: web.Application, where: Listen) -> None:
        self._where = where
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=HANDLERS_SECONDS, auto_decompress=False
        )
        self._socket: Path | None = None
        self.address = str(where)
        """What a person would type; with the real port once it is open."""

    async def open(self) -> None:
        """Begin to serve.

        Raises:
            SrvmaintError: the address is taken or not ours.
        """
        await self._runner.setup()
        where = self._where
        try:
            if where.socket is not None:
                await _remove_stale_socket(where)
                await web.UnixSite(self._runner, str(where.socket)).start()
                self._socket = where.socket
                self._socket.chmod(_SOCKET_MODE)
                return
            await web.TCPSite(self._runner, where.host, where.port).start()
        except OSError as error:
            raise SrvmaintError(_phrase(where, error)) from error
        host = f"[{where.host}]" if ":" in where.host else where.host
        self.address = f"http://{host}:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        """Accept nothing more and let requests under way finish."""
        await self._stop_accepting()
        await self._runner.cleanup()

    async def abandon(self) -> None:
        """Accept nothing more, and break off what is under way."""
        await self._stop_accepting()
        if self._runner.server is not None:
            await self._runner.server.shutdown(ABANDON_SECONDS)

    async def _stop_accepting(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(FileNotFoundError):
                self._socket.unlink()
            self._socket = None
        for site in self._runner.sites:
            await site.stop()


def _phrase(where: Listen, error: OSError) -> str:
    reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
    advice = _ADVICE.get(error.errno or 0, "Set [server] listen to an address this user can serve.")
    return f"cannot listen on {where}: {reason}. {advice}"


async def _remove_stale_socket(where: Listen) -> None:
    """A socket file nobody listens on is left over from a killed process."""
    path = where.socket
    if path is None or not path.is_socket():
        return
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        return
    writer.close()
    raise SrvmaintError(f"cannot listen on {where}: another process does. Stop it, or set [server] listen.")
