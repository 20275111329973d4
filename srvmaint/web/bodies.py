"""Reading what a request carries: in time, within its size, unpacked, as JSON.

aiohttp would unpack bodies by itself, but then what it cannot unpack is gone before anybody can keep it.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from aiohttp import web

from srvmaint.errors import PayloadError, UnauthorizedError, UsageError

BODY_SECONDS: Final = 30.0
"""How long a sender may take over one body; a slower one holds a connection, nothing else."""
STATUS: Final = {
    "invalid_json": 400,
    "invalid_encoding": 400,
    "unauthorized": 401,
    "too_large": 413,
    "too_many_alerts": 413,
    "unsupported_encoding": 415,
}
"""Code of a PayloadError to HTTP status; any other is 422."""
LONGEST_TEXT: Final = 500
"""Characters of a name or a word in the body of a request to the API."""
ABSENT: Final = msgspec.UNSET
"""What there is in place of a body that was not sent."""
_WINDOW: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""https://docs.python.org/3/library/zlib.html#zlib.decompressobj"""


class KeptError(PayloadError):
    """A body that could not be used, and where it is kept."""

    def __init__(self, cause: PayloadError, rejected_id: str, trace_id: str) -> None:
        super().__init__(cause.code, str(cause))
        self.challenge = cause.challenge if isinstance(cause, UnauthorizedError) else ""
        self.rejected_id = rejected_id
        self.trace_id = trace_id


async def read(request: web.Request) -> bytes:
    """The body as it came.

    Raises:
        web.HTTPException: it is too large, or the sender too slow.
        ConnectionError: the sender has gone away.
    """
    if request.content.is_eof():  # it came with its headers, as nearly all do: there is nothing to wait for
        return await request.read()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


def unpack(body: bytes, headers: Mapping[str, str], limit: int) -> bytes:
    """Undo the `Content-Encoding` of a body.

    Raises:
        PayloadError: it cannot be undone, or would be larger than `limit`.
    """
    encoding = headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("identity", ""):
        return body
    window = _WINDOW.get(encoding)
    if window is None:
        raise PayloadError(
            "unsupported_encoding",
            f"cannot unpack the body: Content-Encoding {encoding[:40]!r} is not known. Send it plain, or with gzip.",
        )
    unpacker = zlib.decompressobj(window)
    try:
        plain = unpacker.decompress(body, limit + 1)
    except zlib.error:
        reason = f"cannot unpack the body: it is not {encoding}. Send it plain."
        raise PayloadError("invalid_encoding", reason) from None
    if len(plain) > limit:
        raise PayloadError("too_large", "cannot unpack the body: it is larger than [server] max_body.")
    if not unpacker.eof or unpacker.unused_data:
        raise PayloadError("invalid_encoding", f"cannot unpack the body: its {encoding} breaks off. Send it again.")
    return plain


async def json_object(request: web.Request) -> dict[str, Any]:
    """The JSON object in the request's body; empty when there is no body.

    Raises:
        UsageError: it is something else.
        PayloadError: it cannot be unpacked.
    """
    value = await json_value(request)
    if value is ABSENT:
        return {}
    if not isinstance(value, dict):
        raise UsageError("the body must be a JSON object.")
    return value


async def json_value(request: web.Request) -> Any:
    """Whatever JSON is in the request's body; ABSENT when there is no body.

    Raises:
        UsageError: it is no JSON.
        PayloadError: it cannot be unpacked.
    """
    raw = unpack(await read(request), request.headers, request.client_max_size)
    if not raw.strip():
        return ABSENT
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"the body is not JSON: {error}") from error


def text_of(
    body: Mapping[str, Any], key: str, default: str | None = None, *, longest: int = LONGEST_TEXT
) -> str | None:
    """A string of a body, of at most so many characters.

    Raises:
        UsageError: it is there, and is no string or a long one.
    """
    value = body.get(key, default)
    if value is not None and (not isinstance(value, str) or len(value) > longest):
        raise UsageError(f"{key!r} must be a string of at most {longest} characters.")
    return value


def flag_of(body: Mapping[str, Any], key: str) -> bool:
    """A boolean of a body; false when it is not there.

    Raises:
        UsageError: it is there and no boolean.
    """
    value = body.get(key, False)
    if not isinstance(value, bool):
        raise UsageError(f"{key!r} must be true or false.")
    return value
