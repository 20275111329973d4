"""Asking the HTTP API, as a client on the same machine does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from yarl import URL

DEADLINE: Final = 20.0
"""Seconds until a test that waits is a test that failed."""


@dataclass(frozen=True)
class Reply:
    """An HTTP answer, its JSON decoded."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Caller:
    """Requests to one address."""

    def __init__(self, url: str = "") -> None:
        self.url = url
        self._session: aiohttp.ClientSession | None = None

    async def get(self, path: str, **options: Any) -> Reply:
        """GET it."""
        return await self.request("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Reply:
        """POST a JSON body, or bytes as they are."""
        content = {"data": body} if isinstance(body, bytes) else {} if body is None else {"json": body}
        return await self.request("POST", path, **content, **options)

    async def accepted(self, body: Any, **options: Any) -> Any:
        """POST a webhook that must be accepted; the answer."""
        reply = await self.post("/alerts/webhook/", body, **options)
        assert reply.status == 202, reply.body
        return reply.body

    async def until(self, path: str, holds: Callable[[Any], bool]) -> Any:
        """The answer to a GET, asked again until it is as wanted."""
        body: Any = None
        try:
            async with asyncio.timeout(DEADLINE):
                while True:
                    body = (await self.get(path)).body
                    if holds(body):
                        return body
        except TimeoutError:
            raise AssertionError(f"{path} never became as wanted; it is {body}") from None

    async def request(self, method: str, path: str, **options: Any) -> Reply:
        """Any request; the path goes out as it is written."""
        url = URL(self.url + path, encoded=True)
        async with asyncio.timeout(DEADLINE), self._client.request(method, url, **options) as answer:
            is_json = answer.content_type == "application/json" and method != "HEAD"
            return Reply(answer.status, answer.headers, await (answer.json() if is_json else answer.text()))

    async def hang_up(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    @property
    def _client(self) -> aiohttp.ClientSession:
        """It opens with the first request."""
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self._session
