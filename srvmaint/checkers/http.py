"""Whether a web address answers as it should: status, text, time, and a valid certificate.

A redirect is an answer of its own (its status says so) unless it is to be followed. Addresses are shown without query
and credentials, which can hold secrets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Final, Self
from urllib.parse import urlsplit

from srvmaint.checkers import Needs
from srvmaint.checkers._looks import (
    GRACE_S,
    Look,
    answered,
    latency,
    latency_problems,
    slow,
    span,
    subject_problems,
    together,
)
from srvmaint.host.patience import Patience
from srvmaint.host.readings import Host
from srvmaint.host.sockets import Deadline
from srvmaint.host.tls import Trust
from srvmaint.host.web import Page, Request, fetch
from srvmaint.model import CheckResult, CheckStatus
from srvmaint.settings import Duration, Secret, setting

NEEDS: Final = Needs(
    files=("/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs", "<targets.ca_file>"),
    capabilities=("AF_INET", "AF_INET6"),
)
_GOOD: Final = range(200, 300)
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS: Final = frozenset({"host", "content-length", "connection", "transfer-encoding"})


class Url(str):
    """An address that begins with http:// or https://."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read one; raises ValueError with the phrase an operator needs."""
        text = value if isinstance(value, str) else ""
        try:
            parts = urlsplit(text)
            is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_web = False
        if not is_web or not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError('must be an address such as "https://www.example.org/health", other characters %-encoded')
        if "@" in urlsplit(text).netloc:
            raise ValueError('must hold no credentials: give them as headers = { Authorization = { env = "..." } }')
        return cls(text)

    @property
    def shown(self) -> str:
        """Without what can hold a secret."""
        parts = urlsplit(self)
        return f"{parts.scheme}://{parts.netloc}{parts.path}"


@dataclass(frozen=True, slots=True)
class Target:
    """One address."""

    url: Url = setting(help="what is asked for", example="https://www.example.org/health")
    status: tuple[int, ...] = setting(
        (), help="the statuses that are right; default: any from 200 to 299", example=(200,)
    )
    text: str = setting("", help="what the body has to hold, somewhere in its first MiB", example="all systems go")
    text_not: str = setting("", help="what the body must not hold there", example="maintenance")
    method: str = setting("GET", help="the method", choices=("GET", "HEAD", "POST", "OPTIONS"))
    headers: dict[str, Secret] = setting(
        {}, help="additional request headers", example={"Authorization": {"env": "SRVMAINT_CHECKERS_HTTP_TOKEN"}}
    )
    body: str = setting("", help="what a POST sends", example="{}")
    follow_redirects: bool = setting(
        default=False,
        help="follow them, at most five, and judge what is at the end; the headers stay with their server",
    )
    verify: bool = setting(default=True, help="a certificate that does not hold is critical; off: believe anybody")
    ca_file: str = setting(
        "", help="certificates that are trusted instead of this machine's", example="/etc/ssl/ca.pem"
    )

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        found = [f"status {each} is none: there are 100 to 599" for each in self.status if not 100 <= each <= 599]  # noqa: PLR2004 - RFC 9110, 15
        if self.method == "HEAD" and (self.text or self.text_not):
            found.append("text cannot be looked for in the answer to a HEAD: use GET")
        if self.body and self.method != "POST":
            found.append(f"a {self.method} has no body: use POST")
        for name, value in self.headers.items():
            if not _HEADER_NAME.fullmatch(name):
                found.append(f"headers: {name!r} cannot be the name of a header")
            elif name.lower() in _OURS:
                found.append(f"headers.{name} is set by srvmaint itself. Remove it")
            elif not (value.reveal().isprintable() and value.reveal().isascii()):
                found.append(f"headers.{name} has a character that a header cannot carry")
        return found


@dataclass(frozen=True, slots=True)
class Config:
    """Which addresses, and their levels."""

    targets: tuple[Target, ...] = setting(
        help="addresses that must answer, one table each",
        example=[{"url": "https://www.example.org/health", "status": [200], "text": "ok"}],
    )
    warning: Duration | None = setting(
        None, help="time to the whole answer that is a warning; default: none is", example="1s"
    )
    critical: Duration | None = setting(None, help="the same, critical; default: none is", example="4s")
    timeout: Duration = setting(
        Duration(5),
        help="from then on an address does not answer, which is critical; below [checkers] timeout",
        minimum=0.05,
        maximum=300,
    )

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        found = latency_problems(self.warning, self.critical)
        return found + subject_problems("targets", _names(self.targets), '{ url = "https://www.example.org/" }')


class Driver:
    """Asks all addresses side by side."""

    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._monotonic = host.clock.monotonic
        self._patience: Patience[Page] = Patience(config.timeout + GRACE_S, self._monotonic)

    def check(self) -> CheckResult:
        """Look now."""
        targets = dict(zip(_names(self._config.targets), self._config.targets, strict=True))
        trust = Trust()
        calls = {name: partial(self._ask, target, trust) for name, target in targets.items()}
        found, looks = answered(self._patience.gather(calls))
        looks += [self._judge(name, targets[name], page) for name, page in found.items()]
        return together("http", looks, "addresses answer, slowest")

    def _ask(self, target: Target, trust: Trust) -> Page:
        headers = {name: value.reveal() for name, value in target.headers.items()}
        request = Request(target.method, target.url, headers, target.body.encode(), target.follow_redirects)
        tls = partial(trust.context, target.verify, target.ca_file)
        return fetch(request, tls, Deadline(self._config.timeout, self._monotonic))

    def _judge(self, name: str, target: Target, page: Page) -> Look:
        if page.trouble:
            return Look(CheckStatus.CRITICAL, f"{name} {page.trouble}")
        levels = self._config.warning, self._config.critical
        metric = latency(f"time:{name}", page.seconds, *levels)
        wrong = _wrong(target, page)
        if wrong:
            return Look(CheckStatus.CRITICAL, f"{name} {wrong}", (metric,), page.seconds)
        text = f"{name} answers {page.status} in {span(page.seconds)}"
        return Look(slow(page.seconds, *levels), text, (metric,), page.seconds)


def _wrong(target: Target, page: Page) -> str:
    """What the answer should not be; empty when it is right."""
    if page.status not in (target.status or _GOOD):
        expected = f", expected {' or '.join(map(str, target.status))}" if target.status else ""
        onward = f" and sends on to {_place(page.location)}" if page.location else ""
        return f"answers {page.status}{onward}{expected}"
    if target.text and target.text not in page.body:
        return f"answers {page.status}, but without {target.text[:60]!r}"
    if target.text_not and target.text_not in page.body:
        return f"answers {page.status}, but with {target.text_not[:60]!r}"
    return ""


def _place(location: str) -> str:
    """Where a redirect points, without query and as harmless text."""
    bare = location.partition("?")[0].partition("#")[0]
    return "".join(char if char.isprintable() else " " for char in bare)[:100]


def _names(targets: tuple[Target, ...]) -> tuple[str, ...]:
    """What each target is called: its address as it is shown; numbered where several look the same."""
    shown = [target.url.shown for target in targets]
    urls = [str(target.url) for target in targets]
    if len({(target.method, url, target.text) for target, url in zip(targets, urls, strict=True)}) < len(targets):
        return tuple(shown)  # the very same thing twice is a problem, and told as one
    return tuple(
        f"{name} ({shown[:place].count(name) + 1})" if shown.count(name) > 1 else name
        for place, name in enumerate(shown)
    )
