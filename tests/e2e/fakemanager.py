"""A service manager that listens: what a daemon tells `$NOTIFY_SOCKET`."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.caller import DEADLINE


class FakeManager:
    """`async with FakeManager(path) as manager:` collects every datagram."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    async def hears(self, text: str) -> str:
        """The next datagram that has this text."""
        async with asyncio.timeout(DEADLINE):
            while True:
                datagram = (await asyncio.get_running_loop().sock_recv(self._socket, 4096)).decode()
                if text in datagram:
                    return datagram

    async def __aenter__(self) -> Self:
        self._socket.bind(self.address)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
