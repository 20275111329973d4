"""Whether names resolve, to what they should, and whether every name server does its part.

The servers of the settings, else those of /etc/resolv.conf, are asked one by one: the system's own resolver would wait
out a dead first one in silence, and everything on this machine would merely be slow. /etc/hosts is not looked at.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import partial
from typing import Final

from srvmaint.checkers import Needs
from srvmaint.checkers._address import HostPort
from srvmaint.checkers._looks import (
    GRACE_S,
    SUBJECTS,
    Look,
    answered,
    latency,
    latency_problems,
    slow,
    span,
    subject_problems,
    together,
)
from srvmaint.host.dns import PORT, TYPES, Reply, encode_name, resolve, system_servers
from srvmaint.host.patience import Patience
from srvmaint.host.readings import Host
from srvmaint.host.sockets import Deadline
from srvmaint.model import CheckResult, CheckStatus
from srvmaint.settings import Duration, setting

NEEDS: Final = Needs(files=("/etc/resolv.conf",), capabilities=("AF_INET", "AF_INET6"))
_ADDRESSES: Final = ("A", "AAAA")


@dataclass(frozen=True, slots=True)
class Target:
    """One name."""

    name: str = setting(help="what is asked about", example="www.example.org")
    type: str = setting("A", help="the type of record", choices=tuple(TYPES))
    expect: tuple[str, ...] = setting(
        (),
        help='what the answer has to be, all of it, in any order: addresses, names, "10 mail.example.org", texts; '
        "default: anything, as long as there is something",
        example=("192.0.2.80",),
    )


@dataclass(frozen=True, slots=True)
class Config:
    """Which names, which servers, and their levels."""

    targets: tuple[Target, ...] = setting(
        help="names that must resolve, one table each",
        example=[{"name": "www.example.org"}, {"name": "example.org", "type": "MX", "expect": ["10 mx.example.org"]}],
    )
    servers: tuple[HostPort, ...] = setting(
        (),
        help="addresses of the name servers that are asked; default: those of /etc/resolv.conf",
        example=("192.0.2.53", "[2001:db8::53]:5353"),
    )
    warning: Duration | None = setting(
        None, help="time to the slowest server's answer that is a warning; default: none is", example="500ms"
    )
    critical: Duration | None = setting(None, help="the same, critical; default: none is", example="2s")
    timeout: Duration = setting(
        Duration(4),
        help="from then on a server does not answer; it is asked a second time at half of it; below [checkers] timeout",
        minimum=0.1,
        maximum=300,
    )

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        found = latency_problems(self.warning, self.critical)
        found += subject_problems("targets", tuple(map(_name, self.targets)), '{ name = "www.example.org" }')
        for target in self.targets:
            try:
                encode_name(target.name)
            except ValueError as error:
                found.append(str(error))
        for server in self.servers:
            if not _is_address(server.host):
                found.append(f"servers: {server.host} is no address: a server cannot be asked for its own name first")
        if len(self.targets) * max(len(self.servers), 1) > SUBJECTS:
            found.append(f"{len(self.targets)} names at {len(self.servers)} servers are more than {SUBJECTS} questions")
        return found


class Driver:
    """Asks every server about every name, side by side."""

    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._monotonic = host.clock.monotonic
        self._patience: Patience[Reply] = Patience(config.timeout + GRACE_S, self._monotonic)

    def check(self) -> CheckResult:
        """Look now."""
        config = self._config
        servers = [(each.host, each.port or PORT) for each in config.servers]
        servers = servers or [(address, PORT) for address in system_servers()]
        calls = {
            _key(target, server): partial(self._ask, target, server) for target in config.targets for server in servers
        }
        found, trouble = answered(self._patience.gather(calls))
        looks = []
        for target in config.targets:
            replies = {at: found[key] for at in servers if (key := _key(target, at)) in found}
            looks += [self._judge(target, replies)] if replies else []
        return together("dns", [*looks, *trouble], "names resolve, slowest")

    def _ask(self, target: Target, server: tuple[str, int]) -> Reply:
        return resolve(server, target.name, target.type, Deadline(self._config.timeout, self._monotonic))

    def _judge(self, target: Target, replies: dict[tuple[str, int], Reply]) -> Look:
        """One name. Wrong from any server is critical; silence of some is a warning as long as others answer."""
        name, wanted = _name(target), _normal(target.expect, target.type)
        good = {server: reply for server, reply in replies.items() if not reply.trouble}
        wrong = [
            f"{_at(server)} says {_list(reply.records)}"
            for server, reply in good.items()
            if (_normal(reply.records, target.type) != wanted if wanted else not reply.records)
        ]
        failed = [f"{_at(server)}: {reply.trouble}" for server, reply in replies.items() if reply.trouble]
        levels = self._config.warning, self._config.critical
        slowest = max((reply.seconds for reply in good.values()), default=None)
        metrics = () if slowest is None else (latency(f"time:{name}", slowest, *levels),)
        if wrong:
            instead = f", expected {_list(target.expect)}" if wanted else ""
            return Look(
                CheckStatus.CRITICAL, f"{name} resolves wrongly: {', '.join((*wrong, *failed))}{instead}", metrics
            )
        if not good:
            return Look(CheckStatus.CRITICAL, f"{name} does not resolve: {', '.join(failed)}", metrics)
        records = _list(next(iter(good.values())).records)
        if failed:
            return Look(
                CheckStatus.WARNING, f"{name} resolves to {records}, but not everywhere: {', '.join(failed)}", metrics
            )
        seconds = slowest or 0.0
        return Look(slow(seconds, *levels), f"{name} resolves to {records} in {span(seconds)}", metrics, seconds)


def _key(target: Target, server: tuple[str, int]) -> str:
    return f"{_name(target)} at {_at(server)}"


def _name(target: Target) -> str:
    return target.name if target.type == "A" else f"{target.name} ({target.type})"


def _at(server: tuple[str, int]) -> str:
    host, port = server
    if port == PORT:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _list(records: tuple[str, ...]) -> str:
    shown = ", ".join(records[:4]) or "nothing"
    text = "".join(char if char.isprintable() else " " for char in shown)
    return text[:200] + (f" and {len(records) - 4} more" if len(records) > 4 else "")  # noqa: PLR2004 - four are shown


def _normal(records: tuple[str, ...], kind: str) -> frozenset[str]:
    """Records that can be compared: addresses in their shortest spelling, names without case and closing dot."""
    if kind in _ADDRESSES:
        return frozenset(str(ipaddress.ip_address(text)) if _is_address(text) else text for text in records)
    if kind == "TXT":
        return frozenset(records)
    return frozenset(text.lower().rstrip(".") for text in records)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
