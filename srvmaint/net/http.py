"""The one outgoing HTTP client: pooled, bounded in time and size, and silent about secrets.

A failure comes out as one of two errors, which is all a caller needs to know: trying again can help, or it cannot.
Redirects are not followed, proxies of the environment are not used, cookies are not kept, answers are not decompressed.
What a status means for a particular vendor, and how often to try again, is not decided here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final
from urllib.parse import unquote, urlsplit

import aiohttp

from srvmaint import __version__
from srvmaint.clock import Clock
from srvmaint.errors import PermanentError, StepError, TransientError

MAX_RESPONSE: Final = 64 * 1024
"""Bytes of an answer that are read; the rest is cut off and the connection dropped."""
DOWNLOAD_SECONDS: Final = 4.0
"""Senders that wait for it give up after five."""
MAX_RETRY_AFTER: Final = 86_400.0
"""Seconds: no receiver may put a delivery off for longer than this."""
TRANSIENT_STATUSES: Final = frozenset({408, 425, 429})
"""Besides every 5xx: the receiver may think differently later."""
_MAX_QUOTE: Final = 200
_OK, _REDIRECT, _CLIENT, _SERVER = 200, 300, 400, 500
_PUBLIC_HEADERS: Final = frozenset({"content-type", "accept", "user-agent", "idempotency-key"})
_HOST: Final = re.compile(r"[\w.-]+|[0-9a-f:.]+(?:%\w+)?")
_SECONDS: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Response:
    """What came back; `raise_for_status` turns it into an error where it is one."""

    status: int
    headers: Mapping[str, str]
    """Looked up without regard to case."""
    body: bytes
    """At most `MAX_RESPONSE` bytes."""
    method: str = "GET"
    url: str = field(default="", repr=False)
    sent: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The request's own headers: only so that an echo of them never reaches an error text."""
    received_at: int = 0


class Client:
    """Sends one request at a time per call; connections are pooled over all calls.

    The session opens with the first request, so making a Client needs no running loop.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"", timeout_s: float
    ) -> Response:
        """Send once and read the answer, whatever its status.

        Raises:
            TransientError: no answer came: refused, reset, timed out, name not resolved, TLS not agreed.
            PermanentError: the URL or a header cannot go onto the wire at all.
        """
        session = self._session or self._open()
        sent = headers or {}
        try:
            async with session.request(
                method,
                url,
                headers=sent,
                data=body or None,
                timeout=_timeout(timeout_s),
                allow_redirects=False,
            ) as answer:
                content = await _read(answer.content)
                return Response(answer.status, answer.headers, content, method, url, sent, self._clock.now())
        except TimeoutError:
            raise TransientError(_phrase(method, url, f"no answer within {timeout_s:g} s")) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # `from None`: the text of aiohttp's own errors may have the URL in it.
            raise _classified(method, url, error) from None

    async def download(self, url: str) -> bytes:
        """The first `MAX_RESPONSE` bytes of the document at `url`.

        Raises:
            TransientError: not now.
            PermanentError: there is none, or the URL is none.
        """
        response = await self.request("GET", url, timeout_s=DOWNLOAD_SECONDS)
        raise_for_status(response)
        return response.body

    async def close(self) -> None:
        """Close every pooled connection. Closing twice is fine; a later request opens a new session."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            headers={"User-Agent": f"srvmaint/{__version__}", "Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )
        return self._session


def raise_for_status(response: Response) -> None:
    """Return for 2xx.

    Raises:
        TransientError: 408, 425, 429 or 5xx, with `retry_after` when the receiver named a time that makes sense.
        PermanentError: anything else, redirects included.
    """
    status = response.status
    if _OK <= status < _REDIRECT:
        return
    reason = f"the answer was {status}"
    if _REDIRECT <= status < _CLIENT:
        reason += " (redirects are not followed)"
    quote = _quote(response)
    text = _phrase(response.method, response.url, f"{reason}: {quote}" if quote else reason)
    if status in TRANSIENT_STATUSES or status >= _SERVER:
        raise TransientError(text, retry_after=retry_after(response))
    raise PermanentError(text)


def retry_after(response: Response) -> float | None:
    """Seconds the receiver asked to wait: 0 to 24 hours, or None when it asked nothing understandable.

    A date is measured against the receiver's own `Date`, so that two clocks that disagree do no harm.
    """
    value = response.headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), MAX_RETRY_AFTER)
    then = _http_date(value)
    if then is None:
        return None
    now = _http_date(response.headers.get("Date", ""))
    return min(max(then - (response.received_at / 1000 if now is None else now), 0.0), MAX_RETRY_AFTER)


def redact(url: str) -> str:
    """`https://host/…`: enough to know who was asked; the path of a webhook is a password."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "an unreadable URL"
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(host):
        return "an unreadable URL"
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}/…"


def is_http_url(text: str) -> bool:
    """True for an absolute http or https URL with a host and a sensible port."""
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and text.isprintable()
    except ValueError:
        return False


async def _read(content: aiohttp.StreamReader) -> bytes:
    chunk = await content.read(MAX_RESPONSE)
    if content.at_eof():
        return chunk
    chunks = [chunk]
    room = MAX_RESPONSE - len(chunk)
    while chunk := await content.read(room):
        chunks.append(chunk)
        room -= len(chunk)
    return b"".join(chunks)


@lru_cache(maxsize=64)
def _timeout(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds)


def _classified(method: str, url: str, error: Exception) -> StepError:
    match error:
        case aiohttp.NonHttpUrlClientError():
            return PermanentError(_phrase(method, url, "the URL is not http or https. Correct the configuration."))
        case ValueError() if not isinstance(error, OSError):  # a certificate's error is a ValueError as well
            return PermanentError(_phrase(method, url, "the URL or a header is not valid. Correct the configuration."))
        case aiohttp.ClientConnectorCertificateError():
            # Certificates are renewed while a delivery waits: giving up at once would lose the message.
            detail = getattr(error.certificate_error, "verify_message", "") or "not trusted"
            reason = f"its TLS certificate was refused: {detail}"
        case aiohttp.ClientSSLError():
            reason = "no TLS connection could be agreed on"
        case aiohttp.ClientConnectorDNSError():
            reason = "its host name cannot be resolved"
        case aiohttp.ServerDisconnectedError():
            reason = "the connection was closed before an answer came"
        case aiohttp.ClientPayloadError():
            reason = "the answer broke off"
        case OSError() if error.errno:
            reason = os.strerror(error.errno)
        case _:
            reason = f"the connection failed ({type(error).__name__})"
    return TransientError(_phrase(method, url, reason))


def _phrase(method: str, url: str, reason: str) -> str:
    return f"cannot {method} {redact(url)}: {reason}"


def _http_date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _quote(response: Response) -> str:
    """What the receiver said, on one line, without control characters and without any secret it echoes."""
    text = response.body.decode("utf-8", "replace")
    text = "".join(char for char in " ".join(text.split()) if char.isprintable())
    secrets = sorted(set(_secrets(response)), key=len, reverse=True)
    if secrets:
        text = re.sub("|".join(map(re.escape, secrets)), "…", text, flags=re.IGNORECASE)
    return text if len(text) <= _MAX_QUOTE else f"{text[: _MAX_QUOTE - 1]}…"


def _secrets(response: Response) -> Iterator[str]:
    """Every piece of the request that a receiver may echo (`Cannot POST /services/T0/B0/...`) and nobody may read."""
    try:
        parts = urlsplit(response.url)
    except ValueError:
        return
    pieces = [response.url, parts.path, parts.query, parts.fragment, parts.username or "", parts.password or ""]
    pieces += [piece for piece in parts.path.split("/") if len(piece) >= 8 or any(char.isdigit() for char in piece)]  # noqa: PLR2004 - short words of a path such as "api" are no secrets
    pieces += [value for pair in parts.query.split("&") for value in pair.split("=", 1)[1:]]
    for name, value in response.sent.items():
        if name.lower() not in _PUBLIC_HEADERS:
            pieces += [value, *re.split(r"[\s=,;:\"]+", value)]
    for piece in pieces:
        for form in {piece, unquote(piece)}:
            if len(form) > 3:  # noqa: PLR2004 - replacing every "v1" would leave nothing to read
                yield form
