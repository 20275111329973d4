from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from srvmaint.clock import Clock
from srvmaint.config.schema import Listen
from srvmaint.services import Services
from srvmaint.web.app import build_app
from srvmaint.web.listener import Listener
from tests.opened import Wrap, configured, opened

DEADLINE: Final = 20.0


@dataclass(frozen=True)
class Reply:
    """An HTTP answer, its JSON decoded."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Face:
    """The HTTP face of opened services, on a real port."""

    def __init__(self, services: Services, url: str, client: aiohttp.ClientSession, terminal: io.StringIO) -> None:
        self.services = services
        self.url = url
        self.terminal = terminal
        """What the console channel has said."""
        self._client = client

    async def get(self, path: str, **options: Any) -> Reply:
        """GET it."""
        return await self.request("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Reply:
        """POST JSON, or bytes as they are."""
        content = {"data": body} if isinstance(body, bytes) else {} if body is None else {"json": body}
        return await self.request("POST", path, **content, **options)

    async def request(self, method: str, path: str, **options: Any) -> Reply:
        """Any request. A path is sent as it is written."""
        url = aiohttp.client.URL(self.url + path, encoded=True)
        async with asyncio.timeout(DEADLINE), self._client.request(method, url, **options) as answer:
            is_json = answer.content_type == "application/json"
            body = await (answer.json() if is_json and method != "HEAD" else answer.text())
            return Reply(answer.status, answer.headers, body)

    async def told(self, body: dict[str, Any], path: str = "/orchestration/pipeline/sync/") -> Any:
        """Take a body in and wait until all that comes of it has ended: the run."""
        reply = await self.post(path, {"payload": body})
        assert reply.status == 200, reply.body
        return reply.body

    async def accepted(self, body: Any, path: str = "/alerts/webhook/", **options: Any) -> Any:
        """POST a webhook that must be accepted; the answer."""
        reply = await self.post(path, body, **options)
        assert reply.status == 202, reply.body
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
            client = await stack.enter_async_context(aiohttp.ClientSession(auto_decompress=False))
            stack.push_async_callback(listener.close)
            await listener.open()
            return Face(services, listener.address, client, terminal)

        with contextlib.suppress(aiohttp.ServerDisconnectedError):
            yield one


@pytest.fixture
async def face(serve: Serve) -> Face:
    """The API of a daemon that tells the console without looking at the host."""
    return await serve()
