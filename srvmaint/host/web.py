"""One HTTP request, made to see what comes back: never a proxy, a redirect only where it is wanted, a bounded body.

Not `net.http`, which sends messages from the event loop: this one runs in a check's thread and needs nothing but the
standard library. No expectations here.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

from srvmaint import __version__
from srvmaint.host.sockets import Deadline, connect, is_ours, words

MOST_BODY: Final = 1_048_576
"""Bytes of a body that are looked at."""
MOST_REDIRECTS: Final = 5
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_CHUNK: Final = 65536
_PORTS: Final = {"http": 80, "https": 443}


class Request(NamedTuple):
    """What is asked."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    is_following: bool = False
    """Redirects are followed, to the end or to MOST_REDIRECTS."""


class Page(NamedTuple):
    """What came back."""

    seconds: float
    """Until all of the body that is looked at was there; redirects included."""
    status: int = 0
    body: str = ""
    location: str = ""
    """Where the last answer points; empty when it points nowhere."""
    trouble: str = ""
    """What went wrong, said of the server; empty when it answered."""


def fetch(request: Request, tls: Callable[[], ssl.SSLContext], deadline: Deadline) -> Page:
    """Ask, within the deadline.

    Args:
        request: what is asked.
        tls: makes the context for https, when it is needed.
        deadline: for everything.

    Raises:
        OSError: this machine could not even try.
    """
    url, headers = request.url, request.headers
    for _ in range(MOST_REDIRECTS + 1):
        page = _one(request._replace(url=url, headers=headers), tls, deadline)
        if not request.is_following or page.trouble or page.status not in _REDIRECTS or not page.location:
            return page
        before, url = urlsplit(url), urljoin(url, page.location)
        after = urlsplit(url)
        if after.scheme not in _PORTS or not after.hostname:
            return page._replace(trouble=f"sends on to {after.scheme}:, which is no web address")
        if _origin(after) != _origin(before):
            headers = {}  # what they hold was meant for the first server alone
    return Page(deadline.spent, trouble=f"sends on more than {MOST_REDIRECTS} times")


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port


def _one(request: Request, tls: Callable[[], ssl.SSLContext], deadline: Deadline) -> Page:
    parts = urlsplit(request.url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    connection = http.client.HTTPConnection(host, port)
    try:
        opened = _opened(host, port, tls if parts.scheme == "https" else None, deadline)
        connection.sock = opened
        target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in {**_usual(parts), **request.headers}.items():
            connection.putheader(name, value)
        if request.body:
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body or None)
        response = connection.getresponse()
        body = _body(response, opened, deadline)
        location = response.headers.get("Location", "")
        charset = response.headers.get_content_charset("utf-8")
        return Page(deadline.spent, response.status, _decoded(body, charset), location)
    except ssl.SSLCertVerificationError as error:
        return Page(deadline.spent, trouble=f"shows a certificate that does not hold: {error.verify_message.lower()}")
    except ssl.SSLError as error:
        return Page(deadline.spent, trouble=f"cannot agree on TLS: {(error.reason or str(error)).lower()}")
    except http.client.RemoteDisconnected:
        return Page(deadline.spent, trouble="closes the connection without an answer")
    except OSError as error:
        if is_ours(error):
            raise
        return Page(deadline.spent, trouble=words(error, deadline.seconds))
    except (http.client.HTTPException, ValueError) as error:
        return Page(deadline.spent, trouble=f"does not speak HTTP: {_named(error)}")
    finally:
        connection.close()


def _opened(host: str, port: int, tls: Callable[[], ssl.SSLContext] | None, deadline: Deadline) -> socket.socket:
    bare = connect(host, port, deadline)
    try:
        bare.settimeout(deadline.left())
        return tls().wrap_socket(bare, server_hostname=host) if tls is not None else bare
    except BaseException:
        bare.close()
        raise


def _usual(parts: SplitResult) -> dict[str, str]:
    host = parts.netloc.rpartition("@")[2]
    return {
        "Host": host,
        "User-Agent": f"srvmaint/{__version__}",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }


def _body(response: http.client.HTTPResponse, opened: socket.socket, deadline: Deadline) -> bytes:
    body = b""
    while len(body) < MOST_BODY:
        opened.settimeout(deadline.left())
        more = response.read1(min(_CHUNK, MOST_BODY - len(body)))
        if not more:
            break
        body += more
    if response.length and len(body) < MOST_BODY:
        raise http.client.IncompleteRead(body, response.length)
    return body


def _decoded(body: bytes, charset: str | None) -> str:
    try:
        return body.decode(charset or "utf-8", errors="replace")
    except LookupError:
        return body.decode(errors="replace")


def _named(error: Exception) -> str:
    if isinstance(error, http.client.IncompleteRead):
        return "the answer breaks off"
    text = " ".join(str(error).split())
    return "".join(char if char.isprintable() else " " for char in text)[:100] or type(error).__name__
