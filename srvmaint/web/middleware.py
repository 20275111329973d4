"""What stands before every handler: who may ask, and what an error looks like. No traceback ever leaves here."""

from __future__ import annotations

import ipaddress
import logging
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from srvmaint.errors import (
    ConfigError,
    ConflictError,
    NotFoundError,
    PayloadError,
    StoreError,
    StoreUnavailableError,
    TransientError,
    UnauthorizedError,
    UsageError,
)
from srvmaint.web.answers import refusal
from srvmaint.web.bodies import BODY_SECONDS, STATUS, KeptError

log = logging.getLogger(__name__)
_REMEMBERED: Final = 1000


class Names:
    """Which `Host` and `Origin` headers are ours: loopback names and the public URL's.

    A browser can be made to call 127.0.0.1 under a foreign name (DNS rebinding) or from a foreign page; these two
    headers give both away.
    """

    def __init__(self, public_url: str) -> None:
        self._public = urlsplit(public_url).hostname or ""
        self._known: dict[str, bool] = {}

    def foreign_header(self, request: web.Request) -> str | None:
        """The header that names somebody else; None when all is well."""
        if not self._is_ours(request.headers.get("Host", "")):
            return "Host"
        origin = request.headers.get("Origin")
        if origin is not None and not self._is_ours(origin.partition("://")[2]):
            return "Origin"
        return None

    def _is_ours(self, host: str) -> bool:
        found = self._known.get(host)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[host] = self._judge(host)
        return found

    def _judge(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return _is_loopback(name) or (self._public != "" and name == self._public)


def _is_loopback(name: str) -> bool:
    """Whether no name server can make this name anybody else's: `localhost.example.com` is anybody's."""
    if name == "localhost" or name.endswith(".localhost"):  # https://www.rfc-editor.org/rfc/rfc6761#section-6.3
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def guard(public_url: str, *, on_socket: bool) -> Middleware:
    """The middleware of a listener that carries no tokens. A unix socket has no names to check."""
    names = None if on_socket else Names(public_url)

    @web.middleware
    async def stand_guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if names is not None and (header := names.foreign_header(request)) is not None:
            message = f"the {header} header names a foreign host. Call 127.0.0.1, or set [server] public_url."
            return refusal(403, "forbidden", message)
        try:
            return await handler(request)
        except Exception as error:  # noqa: BLE001 - every error gets its answer; what is unknown is logged
            return _answer_for(error, request)

    return stand_guard


def _answer_for(error: Exception, request: web.Request) -> web.Response:
    if isinstance(error, StoreUnavailableError):
        return refusal(503, "unavailable", str(error), {"Retry-After": str(error.retry_after)})
    if isinstance(error, StoreError):
        return refusal(503, "unavailable", str(error), {"Retry-After": "30"})
    if isinstance(error, NotFoundError):
        return refusal(404, "not_found", str(error))
    if isinstance(error, ConflictError):
        return refusal(409, "conflict", str(error))
    if isinstance(error, UsageError | ConfigError):
        return refusal(400, "bad_request", str(error))
    if isinstance(error, PayloadError):
        return _unusable(error)
    if isinstance(error, TransientError):
        return refusal(503, "unavailable", str(error), {"Retry-After": "30"})
    if isinstance(error, web.RequestPayloadError | ConnectionError):
        return refusal(400, "bad_request", "the body broke off.")
    if isinstance(error, web.HTTPException):
        return _http(error, request)
    log.error("%s %s failed unexpectedly: this is a defect, report it", request.method, request.path, exc_info=error)
    return refusal(500, "internal", "srvmaint failed at this; its log says more.")


def _unusable(error: PayloadError) -> web.Response:
    challenge = error.challenge if isinstance(error, UnauthorizedError | KeptError) else ""
    headers = {"WWW-Authenticate": challenge} if challenge else None
    kept = {"rejected_id": error.rejected_id, "trace_id": error.trace_id} if isinstance(error, KeptError) else {}
    return refusal(STATUS.get(error.code, 422), error.code, str(error), headers, **kept)


def _http(error: web.HTTPException, request: web.Request) -> web.Response:
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return refusal(413, "too_large", "the body is larger than [server] max_body.")
    if isinstance(error, web.HTTPRequestTimeout):
        return refusal(408, "timeout", f"the body was not complete after {BODY_SECONDS:g} s.")
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        message = f"{request.method} is not for this path: there is {allowed}."
        return refusal(405, "method_not_allowed", message, {"Allow": allowed})
    if isinstance(error, web.HTTPNotFound):
        return refusal(404, "not_found", f"there is nothing at {request.path}.")
    return refusal(error.status, "bad_request", error.reason)
