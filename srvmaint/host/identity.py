"""Who this machine is, and whether a host label means it.

Never asks DNS: a resolver that hangs would hang every verdict. The names come from the kernel and /etc/hosts, the
addresses from the kernel's routing table, read again at most once a minute because addresses move. No psutil: in a
hardened unit without AF_NETLINK it cannot list interfaces, while /proc still can.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from srvmaint.clock import Clock
from srvmaint.host import parse
from srvmaint.host.linux import read_text
from srvmaint.host.names import address, bare_host, is_loopback

ADDRESSES_EVERY_S = 60.0


class Identity:
    """This machine's names and addresses."""

    def __init__(
        self, hostname: str, aliases: frozenset[str], addresses: Callable[[], frozenset[str]], clock: Clock
    ) -> None:
        self.hostname = hostname
        """As the kernel has it: what messages call this machine."""
        self._names = frozenset(name.lower().rstrip(".") for name in (hostname, *aliases) if not is_loopback(name))
        self._shorts = frozenset(name.partition(".")[0] for name in self._names)
        self._read_addresses = addresses
        self._clock = clock
        self._addresses: frozenset[str] = frozenset()
        self._read_at: float | None = None

    @property
    def fqdn(self) -> str:
        """The longest name known, without asking anybody."""
        return max((self.hostname, *sorted(self._names)), key=lambda name: (name.count("."), name == self.hostname))

    @property
    def addresses(self) -> frozenset[str]:
        """The addresses of its interfaces."""
        now = self._clock.monotonic()
        if self._read_at is None or now - self._read_at >= ADDRESSES_EVERY_S:
            self._addresses = self._read_addresses()
            self._read_at = now
        return self._addresses

    def is_this_host(self, text: str) -> bool:
        """Whether a host label (`web-1:9100`, an address, a URL) means this machine.

        A short name matches a long one when nothing contradicts it: `web-1` is this machine when its name starts so;
        `web-1.prod` is it only when this machine knows no domain of its own, or the same.
        """
        host = bare_host(text).lower()
        if not host:
            return False
        if host in self._names or is_loopback(host):
            return True
        spelled = address(host)
        if spelled is not None:
            return spelled in self.addresses
        short, dot, _ = host.partition(".")
        if not dot:
            return short in self._shorts
        return short in self._names and not any(name.startswith(short + ".") for name in self._names)


def read_identity(clock: Clock, *, proc: str = "/proc", etc: str = "/etc") -> Identity:
    """Find out who this machine is."""

    def addresses() -> frozenset[str]:
        return parse.local_addresses(
            read_text(f"{proc}/net/fib_trie", missing=""), read_text(f"{proc}/net/if_inet6", missing="")
        )

    hostname = os.uname().nodename
    return Identity(hostname, aliases_in(read_text(f"{etc}/hosts", missing=""), hostname), addresses, clock)


def aliases_in(hosts: str, hostname: str) -> frozenset[str]:
    """The other names on the lines of /etc/hosts that have this machine's name."""
    found: set[str] = set()
    for line in hosts.splitlines():
        names = line.partition("#")[0].split()[1:]
        if hostname.lower() in (name.lower() for name in names):
            found.update(names)
    return frozenset(found)
