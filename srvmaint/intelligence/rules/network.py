"""Other hosts that do not answer, or only some of the time. Not this machine's own interfaces and their traffic."""

from __future__ import annotations

from typing import Final

from srvmaint.intelligence._family import Family
from srvmaint.intelligence._targets import read_targets
from srvmaint.model import CheckResult, CheckStatus


def _title(result: CheckResult) -> str:
    critical = result.status is CheckStatus.CRITICAL
    return "Find out how far packets get" if critical else "The way to a host is lossy or slow: see where"


def _actions(result: CheckResult) -> tuple[str, ...]:
    host = result.message.partition(" ")[0]
    if "cannot be found" in result.message:
        return (
            f"The name is the trouble, not the way: getent hosts {host}; resolvectl query {host}",
            "See /etc/resolv.conf, and let the dns checker watch the name servers.",
        )
    if "no route to its network" in result.message:
        return ("This machine has no route: ip route; ip -brief address; a gateway or an interface is missing.",)
    return (
        f"See where it ends: mtr -rwc 20 {host} (or tracepath {host})",
        "See this machine's own side first: ip -s link (errors, drops), ip route, ip neigh (FAILED is the gateway).",
        "If several hosts are silent at once, look at what they share: the gateway, a switch, a firewall rule.",
    )


FAMILY: Final = Family(
    type="network",
    checker="network",
    words=frozenset({"ping", "icmp", "packetloss"}),
    title=_title,
    actions=_actions,
    look=("ip -brief address; ip route", "ip -s link", "ss -s"),
    phrases=(
        "packet loss",
        "packets lost",
        "network down",
        "network unreachable",
        "network outage",
        "network connectivity",
        "network latency",
        "host unreachable",
        "host not reachable",
        "gateway down",
        "gateway unreachable",
        "no route to host",
    ),
    read=read_targets,
)
