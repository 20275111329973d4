"""What a certificate says about itself: whose it is, who signed it, for how long. Pure.

As much of DER and RFC 5280 as that takes: the standard library reads certificates only after it has verified them, and
those that cannot be verified are the interesting ones. Nothing is verified here.
"""

from __future__ import annotations

import binascii
import ipaddress
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

_BLOCK: Final = re.compile(rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----(.*?)-----END", re.DOTALL)
_COMMON_NAME: Final = b"\x55\x04\x03"
_ORGANISATION: Final = b"\x55\x04\x0a"
_ALT_NAMES: Final = b"\x55\x1d\x11"
"""Object identifiers 2.5.4.3, 2.5.4.10 and 2.5.29.17, as they are encoded."""
_SEQUENCE, _OBJECT, _OCTETS, _UTC_TIME, _BMP = 0x30, 0x06, 0x04, 0x17, 0x1E
_VERSION, _EXTENSIONS, _DNS_NAME, _IP_NAME = 0xA0, 0xA3, 0x82, 0x87
_LONG_FORM: Final = 0x80
_PIVOT: Final = 50
"""RFC 5280, 4.1.2.5.1: two-digit years below it are of this century."""


class Certificate(NamedTuple):
    """One certificate. Times are epoch milliseconds."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    """DNS names and addresses it is for; the common name where it has no others."""
    not_before: int
    not_after: int

    @property
    def shown(self) -> str:
        """What people call it."""
        return self.subject or (self.names[0] if self.names else "a certificate without a name")

    def is_for(self, host: str) -> bool:
        """Whether it is for this name or address; a star stands for one label, the first (RFC 6125, 6.4.3)."""
        wanted = _normal(host)
        _, dot, parent = wanted.partition(".")
        return any(name in (wanted, f"*{dot}{parent}" if dot else wanted) for name in map(_normal, self.names))


def pem_blocks(text: bytes) -> list[Certificate]:
    """The certificates in a PEM file, in their order; keys and anything else in it are passed over.

    Raises:
        ValueError: a block is no certificate.
    """
    try:
        ders = [binascii.a2b_base64(block) for block in _BLOCK.findall(text)]
    except binascii.Error as error:
        raise ValueError("no certificate that can be read") from error
    return [parse(der) for der in ders]


def parse(der: bytes) -> Certificate:
    """Read a certificate. Total: any bytes give a ValueError.

    Raises:
        ValueError: it is none.
    """
    try:
        certificate = _inside(der, _SEQUENCE)
        fields = list(_members(_inside(certificate, _SEQUENCE)))
        at = 1 if fields[0][0] == _VERSION else 0  # then: serial, signature, issuer, validity, subject, key
        validity = list(_members(fields[at + 3][1]))
        subject = _name(fields[at + 4][1])
        names = tuple(_alternatives(fields[at + 6 :]))
        return Certificate(
            subject=subject,
            issuer=_name(fields[at + 2][1]),
            names=names or ((subject,) if subject else ()),
            not_before=_time(*validity[0]),
            not_after=_time(*validity[1]),
        )
    except (IndexError, ValueError, OverflowError) as error:
        raise ValueError("no certificate that can be read") from error


def _members(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The (tag, content) pairs one after another in `data`."""
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & _LONG_FORM:
            size = length & ~_LONG_FORM
            length = int.from_bytes(data[at : at + size])
            at += size
        if at + length > len(data):
            raise ValueError("it breaks off")
        yield tag, data[at : at + length]
        at += length


def _inside(data: bytes, wanted: int) -> bytes:
    tag, content = next(_members(data), (-1, b""))
    if tag != wanted:
        raise ValueError("another thing was expected")
    return content


def _name(data: bytes) -> str:
    """A distinguished name's common name, else its organisation."""
    found: dict[bytes, str] = {}
    for _, group in _members(data):
        for _, pair in _members(group):
            (_, kind), (tag, value) = list(_members(pair))[:2]
            found[kind] = value.decode("utf-16-be" if tag == _BMP else "utf-8", errors="replace")
    text = found.get(_COMMON_NAME) or found.get(_ORGANISATION, "")
    return "".join(char if char.isprintable() else " " for char in text)[:100]


def _alternatives(fields: list[tuple[int, bytes]]) -> Iterator[str]:
    for tag, content in fields:
        if tag != _EXTENSIONS:
            continue
        for _, extension in _members(_inside(content, _SEQUENCE)):
            parts = list(_members(extension))
            if parts[0] == (_OBJECT, _ALT_NAMES) and parts[-1][0] == _OCTETS:
                for kind, value in _members(_inside(parts[-1][1], _SEQUENCE)):
                    if kind == _DNS_NAME:
                        yield value.decode("ascii", errors="backslashreplace")
                    elif kind == _IP_NAME:
                        yield str(ipaddress.ip_address(value))


def _time(tag: int, value: bytes) -> int:
    text = value.decode("ascii")
    if tag == _UTC_TIME:
        text = ("20" if int(text[:2]) < _PIVOT else "19") + text
    moment = datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)


def _normal(name: str) -> str:
    host = name.strip("[]").rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return host
