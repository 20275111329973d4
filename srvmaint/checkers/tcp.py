"""Whether a service takes connections, how long that takes, and whether it says what it should.

A database that is down, a mail server that greets with the wrong banner, a Redis that does not say PONG. What speaks
HTTP is better looked at with `http`, a certificate with `certificate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from srvmaint.checkers import Needs
from srvmaint.checkers._address import HostPort
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
from srvmaint.host.sockets import Deadline, Talk, talk
from srvmaint.model import CheckResult, CheckStatus
from srvmaint.settings import Duration, setting

NEEDS: Final = Needs(files=("/etc/resolv.conf", "/etc/hosts"), capabilities=("AF_INET", "AF_INET6"))


@dataclass(frozen=True, slots=True)
class Target:
    """One service."""

    address: HostPort = setting(help="where it listens", example="db1.example.org:5432")
    send: str = setting("", help="what is said to it once it is connected", example="PING\r\n")
    expect: str = setting("", help="what it has to say, anywhere in its first 64 KiB", example="+PONG")


@dataclass(frozen=True, slots=True)
class Config:
    """Which services, and their levels."""

    targets: tuple[Target, ...] = setting(
        help="services that must take connections, one table each",
        example=[
            {"address": "db1.example.org:5432"},
            {"address": "127.0.0.1:6379", "send": "PING\r\n", "expect": "+PONG"},
        ],
    )
    warning: Duration | None = setting(
        None, help="time to the connection, and to the expected text, that is a warning; default: none is", example="1s"
    )
    critical: Duration | None = setting(None, help="the same, critical; default: none is", example="3s")
    timeout: Duration = setting(
        Duration(5),
        help="from then on a service does not answer, which is critical; below [checkers] timeout",
        minimum=0.05,
        maximum=300,
    )

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        found = latency_problems(self.warning, self.critical)
        found += subject_problems("targets", tuple(map(_name, self.targets)), '{ address = "db1:5432" }')
        found += [f"{each.address} has no port: write host:port" for each in self.targets if each.address.port is None]
        return found


class Driver:
    """Connects to all services side by side."""

    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._monotonic = host.clock.monotonic
        self._patience: Patience[Talk] = Patience(config.timeout + GRACE_S, self._monotonic)

    def check(self) -> CheckResult:
        """Look now."""
        found, looks = answered(
            self._patience.gather({_name(each): partial(self._ask, each) for each in self._config.targets})
        )
        looks += [self._judge(name, seen) for name, seen in found.items()]
        return together("tcp", looks, "services answer, slowest")

    def _ask(self, target: Target) -> Talk:
        where = target.address.host, target.address.port or 0
        deadline = Deadline(self._config.timeout, self._monotonic)
        return talk(where, target.send.encode(), target.expect.encode(), deadline)

    def _judge(self, name: str, seen: Talk) -> Look:
        if seen.trouble:
            return Look(CheckStatus.CRITICAL, f"{name} {seen.trouble}")
        levels = self._config.warning, self._config.critical
        metric = latency(f"time:{name}", seen.seconds, *levels)
        return Look(slow(seen.seconds, *levels), f"{name} answers in {span(seen.seconds)}", (metric,), seen.seconds)


def _name(target: Target) -> str:
    """The address; with what is asked where something is, because one address may be asked several things."""
    asked = " ".join((target.send or target.expect).split())
    return f"{target.address} ({asked[:20]})" if asked else str(target.address)
