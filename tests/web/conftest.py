from __future__ import annotations

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from srvmaint.clock import Clock
from srvmaint.config.schema import Listen
from srvmaint.services import Services
from srvmaint.web.app import build_app
from srvmaint.web.listener import Listener
from tests.caller import Caller
from tests.opened import Wrap, configured, opened


class Face(Caller):
    """The HTTP face of opened services, on a real port."""

    def __init__(self, services: Services, url: str, terminal: io.StringIO) -> None:
        super().__init__(url)
        self.services = services
        self.terminal = terminal
        """What the console channel has said."""

    async def told(self, body: dict[str, Any]) -> Any:
        """Take a body in and wait until all that comes of it has ended: the run."""
        reply = await self.post("/orchestration/pipeline/sync/", {"payload": body})
        assert reply.status == 200, reply.body
        return reply.body


Serve = Callable[..., Awaitable[Face]]
QUICK: Final = '[[pipelines]]\nname = "all"\npreset = "direct"\n'
"""Tell without looking at the host."""


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """Open services with a configuration and serve them."""
    async with AsyncExitStack() as stack:

        async def one(text: str = QUICK, *, clock: Clock | None = None, wrap: Wrap = lambda found: found) -> Face:
            terminal = io.StringIO()
            config = configured(tmp_path, text)
            services = await stack.enter_async_context(opened(config, clock=clock, terminal=terminal, wrap=wrap))
            listener = Listener(build_app(services), Listen.parse("127.0.0.1:0"))
            stack.push_async_callback(listener.close)
            await listener.open()
            face = Face(services, listener.address, terminal)
            stack.push_async_callback(face.hang_up)
            return face

        yield one


@pytest.fixture
async def face(serve: Serve) -> Face:
    """The API of a daemon that tells the console without looking at the host."""
    return await serve()
