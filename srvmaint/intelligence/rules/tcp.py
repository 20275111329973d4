"""Services that take no connections, or say what they should not."""

from __future__ import annotations

from typing import Final

from srvmaint.intelligence._family import Family
from srvmaint.intelligence._targets import read_targets
from srvmaint.model import CheckResult, CheckStatus


def _title(result: CheckResult) -> str:
    critical = result.status is CheckStatus.CRITICAL
    return "A service takes no connections: see whether it runs" if critical else "A service answers slowly"


def _actions(result: CheckResult) -> tuple[str, ...]:
    if "refuses the connection" in result.message:
        return (
            "The machine is there and nothing listens: on it, ss -ltnp, then systemctl status of the service.",
            "It may listen on another address only: compare its bind address with the one that is asked.",
        )
    if "does not answer" in result.message:
        return (
            "Packets vanish on the way or the service hangs: see whether other ports of the host answer.",
            "A firewall that drops looks just so: nft list ruleset on both sides, and the cloud's security group.",
            "If the port opens and nothing comes, its queue is full: on it, ss -ltn (Recv-Q at Send-Q).",
        )
    return ("Compare what it says with what was expected, and read the service's own log at this time.",)


FAMILY: Final = Family(
    type="service",
    checker="tcp",
    words=frozenset(),
    title=_title,
    actions=_actions,
    look=("ss -ltnp", "systemctl --failed"),
    phrases=(
        "port closed",
        "port down",
        "port unreachable",
        "port not reachable",
        "tcp check",
        "tcp probe",
        "tcp port",
    ),
    read=read_targets,
)
