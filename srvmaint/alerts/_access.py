"""What a sender has to show before its body is read: the settings that every alert driver has, and who judges them.

Of the proofs that are configured one is enough: a sender that signs needs no token besides. What vendors sign, and how,
is in `_signatures`. Nothing here repeats what was shown, right or wrong: not in an error, not anywhere.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from srvmaint.errors import UnauthorizedError
from srvmaint.settings import Secret, setting

CHALLENGE: Final = 'Bearer realm="srvmaint", Basic realm="srvmaint"'
"""The answer's WWW-Authenticate: some senders (Amazon SNS) show a password only when they are asked for it."""
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
"""https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2"""

Fetch = Callable[[str], Awaitable[bytes]]
"""Gets the document at an https address; raises TransientError or PermanentError."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a request brings along, as it came."""

    headers: Mapping[str, str] = field(repr=False)
    """Looked up without regard to case."""
    token: str = field(repr=False)
    """`?token=` of the URL."""
    body: bytes = field(repr=False)
    at: int
    """When it came, in epoch milliseconds."""


class Proof(Protocol):
    """One way of showing who one is."""

    @property
    def name(self) -> str:
        """The setting it comes from."""

    def fault(self, shown: Shown) -> str | None:
        """What is wrong with what was shown, in a few words that repeat nothing of it; None when it is right. Pure."""


class LateProof(Protocol):
    """The same for what cannot be judged without asking somebody else."""

    @property
    def name(self) -> str:
        """The setting it comes from."""

    async def fault(self, shown: Shown) -> str | None:
        """What is wrong; None when it is right.

        Raises:
            TransientError: it cannot be judged just now.
        """


class Gate:
    """Stands before a driver that asks for something.

    Args:
        driver: whose it is.
        proofs: any one of them is enough.
        late: asked when none of those was shown.
    """

    def __init__(self, driver: str, proofs: Sequence[Proof], late: LateProof | None = None) -> None:
        self._driver = driver
        self._proofs = tuple(proofs)
        self._late = late
        names = [proof.name for proof in self._proofs] + ([late.name] if late is not None else [])
        self._wanted = " or ".join(f"`{name}`" for name in names)
        self._challenge = CHALLENGE if TokenProof.name in names else ""

    async def admit(self, shown: Shown) -> None:
        """Let a request through.

        Raises:
            UnauthorizedError: it shows none of what is asked for.
            TransientError: that cannot be said just now.
        """
        faults: list[str] = []
        for proof in self._proofs:
            fault = proof.fault(shown)
            if fault is None:
                return
            faults.append(fault)
        if self._late is not None:
            fault = await self._late.fault(shown)
            if fault is None:
                return
            faults.append(fault)
        raise UnauthorizedError(
            f"cannot accept this for {self._driver}: {', and '.join(faults)}. Let the sender show what"
            f" [alerts.{self._driver}] asks for with {self._wanted}.",
            self._challenge,
        )


@dataclass(frozen=True, slots=True)
class Access:
    """The base of every alert driver's `Config`."""

    token: Secret | None = setting(
        None,
        help="what the sender has to show: as Bearer token, as password of Basic, in `token_header`, or, where it can"
        " do nothing else, as ?token= in the URL, which proxies may log",
    )
    token_header: str | None = setting(
        None, help="a header of the sender's own that carries `token`", example="X-Srvmaint-Token"
    )

    def problems(self) -> list[str]:
        """What no single key can know."""
        found = []
        if self.token_header is not None and self.token is None:
            found.append("has `token_header` without `token`: set `token`, or remove it")
        return found + header_problems("token_header", self.token_header)

    def proofs(self) -> tuple[Proof, ...]:
        """What the sender may show; nothing is asked for when there is none."""
        return (TokenProof(raw(self.token.reveal()), self.token_header),) if self.token is not None else ()

    def late_proof(self, fetch: Fetch) -> LateProof | None:
        """What else it may show; `fetch` gets what is needed to judge that."""
        del fetch
        return None

    def gate(self, driver: str, fetch: Fetch) -> Gate | None:
        """What stands before the driver; None when everybody is let through."""
        proofs, late = self.proofs(), self.late_proof(fetch)
        return Gate(driver, proofs, late) if proofs or late is not None else None


@dataclass(frozen=True, slots=True)
class TokenProof:
    """The token of the settings, wherever a sender can put one."""

    token: bytes = field(repr=False)
    header: str | None
    name = "token"

    def fault(self, shown: Shown) -> str | None:
        """None for the right token."""
        given = [*self._given(shown)]
        if any(hmac.compare_digest(each, self.token) for each in given):
            return None
        if given:
            return "the token it shows is not the right one"
        places = f" or in the header {self.header}" if self.header is not None else ""
        return f"it shows no token as Bearer, as password of Basic, as ?token={places}"

    def _given(self, shown: Shown) -> Iterator[bytes]:
        scheme, _, value = shown.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            yield raw(value.strip())
        elif scheme.lower() == "basic":
            yield _password(value)
        if self.header is not None and self.header in shown.headers:
            yield raw(shown.headers[self.header].strip())
        if shown.token:
            yield raw(shown.token)


def header_problems(key: str, name: str | None) -> list[str]:
    """What is wrong with the name of a header."""
    if name is None or _HEADER_NAME.fullmatch(name):
        return []
    return [f'{key} must be the name of a header, such as "X-Srvmaint-Token"']


def raw(value: str) -> bytes:
    """The bytes of a header or a query, as they came."""
    try:
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character: no bytes were that
        return value.encode("utf-8", "surrogatepass")


def _password(credentials: str) -> bytes:
    """https://www.rfc-editor.org/rfc/rfc7617#section-2."""
    try:
        return base64.b64decode(raw(credentials.strip()), validate=True).partition(b":")[2]
    except binascii.Error:
        return b""
