"""A real HTTP receiver on a loopback port: keeps what it was sent and answers what it is told to."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    method: str
    path: str
    """With its query."""
    headers: Mapping[str, str]
    body: bytes
    peer: tuple[str, int]
    """The sender's address: the same port means the same connection."""


@dataclass(frozen=True)
class Answer:
    """What the sink says to one request."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    gate: asyncio.Event | None = None
    """Answer only once this is set; an event nobody sets is a receiver that hangs."""
    broken: bool = False
    """Promise more than is sent, then close the connection."""
    endless: bool = False
    """Never stop sending."""
    echo: bool = False
    """Repeat the request's line and headers in the body and in `Location`, as talkative servers do."""


def hang() -> Answer:
    """A receiver that accepts the request and never answers."""
    return Answer(gate=asyncio.Event())


class Sink:
    """`async with Sink(Answer(503), Answer()) as sink:` answers in that order, then 200 for ever after.

    `always` is what is answered once the listed answers are used up.
    """

    def __init__(
        self, *answers: Answer, always: Answer | None = None, tls: ssl.SSLContext | None = None, port: int = 0
    ) -> None:
        self.answers = deque(answers)
        self.always = always or Answer()
        self.requests: list[Received] = []
        self.left = asyncio.Event()
        """Set when a sender went away before it had its answer."""
        self.url = ""
        self._tls = tls
        self._port = port
        self._arrival = asyncio.Condition()
        self._runner: web.ServerRunner | None = None

    async def received(self, count: int = 1) -> list[Received]:
        """Wait until `count` requests have arrived."""
        async with self._arrival:
            await self._arrival.wait_for(lambda: len(self.requests) >= count)
        return self.requests

    async def start(self) -> Self:
        """Listen on a free loopback port, or the one that was asked for; `url` is where."""
        self._runner = web.ServerRunner(web.Server(self._handle, handler_cancellation=True), shutdown_timeout=0.001)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=self._tls).start()
        scheme = "http" if self._tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def stop(self) -> None:
        """Drop every connection and stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.content.read()
        peer = request.transport.get_extra_info("peername") if request.transport else ("", 0)
        headers = request.headers.copy()
        answer = self.answers.popleft() if self.answers else self.always
        self.requests.append(Received(request.method, request.path_qs, headers, body, peer))
        async with self._arrival:
            self._arrival.notify_all()
        try:
            return await self._answer(request, answer)
        except (asyncio.CancelledError, ConnectionResetError):
            self.left.set()
            raise

    async def _answer(self, request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
        if answer.gate is not None:
            await answer.gate.wait()
        if answer.broken or answer.endless:
            return await self._stream(request, answer)
        headers, body = dict(answer.headers), answer.body
        if answer.echo:
            echoed = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
            body = f"cannot {request.method} {request.url}\n{request.path_qs}\n{echoed}".encode()
            headers["Location"] = str(request.url)
        return web.Response(status=answer.status, headers=headers, body=body)

    async def _stream(self, request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status, headers=answer.headers)
        if answer.broken:
            response.content_length = 1000
        await response.prepare(request)
        await response.write(b"half")
        while answer.endless:
            await response.write(b"x" * 16_384)
        if request.transport is not None:
            request.transport.close()
        return response
