"""The socket the app is served on: a loopback port or a unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Final

from aiohttp import web

from srvmaint.config.schema import Listen
from srvmaint.errors import SrvmaintError

HANDLERS_SECONDS: Final = 5.0
"""How long requests under way may take when the listener closes."""
_SOCKET_MODE: Final = 0o660


class Listener:
    """Serves an app at an address until it is closed; closing twice is fine."""

    def __init__(self, app: web.Application, where: Listen) -> None:
        self._where = where
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=HANDLERS_SECONDS)
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
                await _remove_stale_socket(where.socket)
                await web.UnixSite(self._runner, str(where.socket)).start()
                where.socket.chmod(_SOCKET_MODE)
                return
            await web.TCPSite(self._runner, where.host, where.port).start()
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise SrvmaintError(
                f"cannot listen on {where}: {reason}. Stop what uses it, or set [server] listen."
            ) from error
        host = f"[{where.host}]" if ":" in where.host else where.host
        self.address = f"http://{host}:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        """Accept nothing more and let requests under way finish."""
        await self._runner.cleanup()


async def _remove_stale_socket(path: Path) -> None:
    """A socket file nobody listens on is left over from a killed process."""
    if not path.is_socket():  # noqa: ASYNC240 - a stat before anything is served
        return
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()  # noqa: ASYNC240 - the same
        return
    writer.close()
    raise SrvmaintError(f"cannot listen on {path}: another process does. Stop it, or set [server] listen.")
