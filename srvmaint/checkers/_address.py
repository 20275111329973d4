"""`host:port` as a setting."""

from __future__ import annotations

from typing import Self

_LAST_PORT = 65535


class HostPort(str):
    """A host and a port: `db1:5432`, `[2001:db8::1]:443`; the port may be left out where a checker has a usual one."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read one; raises ValueError with the phrase an operator needs."""
        text = value if isinstance(value, str) else ""
        host, port = _split(text)
        is_name = bool(host) and not any(char.isspace() or char in "/@[]\0" for char in host)
        if not is_name or (port and not (port.isascii() and port.isdigit() and 0 < int(port) <= _LAST_PORT)):
            raise ValueError('must be "host:port", such as "db1.example.org:5432" or "[2001:db8::1]:443"')
        return cls(text)

    @property
    def host(self) -> str:
        """The host, without brackets."""
        return _split(self)[0]

    @property
    def port(self) -> int | None:
        """The port; None where there is none."""
        port = _split(self)[1]
        return int(port) if port else None


def _split(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        good = bool(bracket) and ":" in host and (not rest or rest.startswith(":")) and rest != ":"
        return (host, rest[1:]) if good else ("", "")
    if text.count(":") > 1:  # an IPv6 address by itself
        return text, ""
    host, colon, port = text.partition(":")
    return ("", "") if colon and not port else (host, port)
