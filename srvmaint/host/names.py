"""What people and exporters write where a host belongs, reduced to the host. Pure.

`web-1:9100`, `https://user:pw@shop.example.com/health`, `[::1]:9100`, `10.0.0.5:9100/metrics`, `WEB-1.`: the port, the
scheme, the path and above all the credentials go. Nothing here looks anything up.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache

_LOOPBACK_NAMES = frozenset({"localhost", "localhost4", "localhost6", "ip6-localhost", "ip6-loopback"})
_ADDRESS_CHARS = frozenset("0123456789.")


@lru_cache(1024)  # a storm names the same few hosts again and again
def bare_host(text: str) -> str:
    """The host in `text`, as it was spelled; empty when there is none."""
    host = text.strip()
    scheme, separator, rest = host.partition("://")
    if separator and scheme:
        for end in "/?#":
            rest = rest.partition(end)[0]
        host = rest.rpartition("@")[2]
    if host.startswith("["):
        return host[1:].partition("]")[0]
    head, slash, _ = host.partition("/")
    if slash and (_port_cut(head) != head or address(head) is not None):
        host = head
    return _port_cut(host).rstrip(".")


def _port_cut(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and ":" not in name and (port.isdigit() or not port) else host


def address(host: str) -> str | None:
    """The shortest spelling of an IP address; None when `host` is a name."""
    if ":" not in host and not (host and set(host) <= _ADDRESS_CHARS):
        return None
    try:
        parsed = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)


@lru_cache(1024)
def is_loopback(host: str) -> bool:
    """Whether a bare host means "the machine this is written on": true of any machine, so weak as evidence."""
    name = host.lower()
    if name in _LOOPBACK_NAMES or name.endswith(".localhost") or name.startswith("localhost."):
        return True
    spelled = address(name)
    if spelled is None:
        return False
    parsed = ipaddress.ip_address(spelled)
    return parsed.is_loopback or parsed.is_unspecified
