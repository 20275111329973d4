"""Whether other hosts answer, how much gets lost on the way and how long it takes.

ICMP where this machine may send it, by a socket or the ping command; else a connection, which many networks allow where
they drop ICMP. The message says which it was. No host is asked that the settings do not name.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from srvmaint.checkers import Needs
from srvmaint.checkers._levels import level_problems, percent, status_of, worst
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
from srvmaint.host.ping import Ping, ping
from srvmaint.host.readings import Host
from srvmaint.model import CheckResult, CheckStatus, Metric
from srvmaint.settings import Duration, Percent, setting

NEEDS: Final = Needs(
    files=("/etc/resolv.conf", "/etc/hosts"),
    capabilities=("AF_INET", "AF_INET6", "gid in net.ipv4.ping_group_range"),
    commands=("ping",),
)


@dataclass(frozen=True, slots=True)
class Config:
    """Which hosts, and their levels."""

    hosts: tuple[str, ...] = setting(
        help="hosts that must answer: names or addresses; a gateway, a name server, the machine across the site",
        example=("192.0.2.1", "ns1.example.org"),
    )
    warning: Percent = setting(
        Percent(40),
        help="percent of requests without an answer that is a warning; one lost of five is none",
        example=20,
    )
    critical: Percent = setting(Percent(80), help="percent of requests without an answer that is critical", example=60)
    latency_warning: Duration | None = setting(
        None, help="average time to the answer that is a warning; default: none is", example="100ms"
    )
    latency_critical: Duration | None = setting(
        None, help="average time to the answer that is critical; default: none is", example="500ms"
    )
    count: int = setting(5, help="requests to each host", minimum=1, maximum=20)
    timeout: Duration = setting(
        Duration(5),
        help="how long all requests to one host may take together; below [checkers] timeout",
        minimum=0.2,
        maximum=300,
    )

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        found = level_problems(self.warning, self.critical)
        found += latency_problems(self.latency_warning, self.latency_critical, "latency_")
        found += subject_problems("hosts", self.hosts, '"192.0.2.1"')
        found += [
            f"host {host!r} is no host name: leave out port, scheme and blanks" for host in self.hosts if _odd(host)
        ]
        return found


class Driver:
    """Asks all hosts side by side."""

    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._monotonic = host.clock.monotonic
        self._patience: Patience[Ping] = Patience(config.timeout + GRACE_S, self._monotonic)

    def check(self) -> CheckResult:
        """Look now."""
        config = self._config
        calls = {host: partial(ping, host, config.count, config.timeout, self._monotonic) for host in config.hosts}
        found, looks = answered(self._patience.gather(calls))
        looks += [self._judge(host, seen) for host, seen in found.items()]
        return together("network", looks, "hosts answer, slowest")

    def _judge(self, host: str, seen: Ping) -> Look:
        config = self._config
        loss = Metric(f"loss:{host}", round(seen.loss, 1), "%", float(config.warning), float(config.critical))
        where = f"{host} ({seen.address})" if seen.address not in ("", host) else host
        if not seen.times:
            by = f" ({seen.how})" if seen.how else ""
            return Look(CheckStatus.CRITICAL, f"{where} {seen.trouble}{by}", (loss,))
        mean = sum(seen.times) / len(seen.times)
        levels = config.latency_warning, config.latency_critical
        lost = f", {percent(seen.loss)} lost" if seen.loss else ""
        return Look(
            worst((status_of(seen.loss, config.warning, config.critical), slow(mean, *levels))),
            f"{where} answers in {span(mean)}{lost} ({seen.how})",
            (loss, latency(f"time:{host}", mean, *levels)),
            rank=seen.loss + mean,
        )


def _odd(host: str) -> bool:
    """Whether this cannot be a host: a URL, a name with a port, an option for the ping command."""
    return (
        not host
        or host.startswith("-")
        or any(char.isspace() or char in "/[]@,\0" for char in host)
        or (host.count(":") == 1)
    )
