"""Names that do not resolve, or to what they should not."""

from __future__ import annotations

from typing import Final

from srvmaint.intelligence._family import INSIDE, Family
from srvmaint.intelligence._targets import read_targets
from srvmaint.model import CheckResult


def _title(result: CheckResult) -> str:
    if "resolves wrongly" in result.message:
        return "A name points to the wrong place: see who changed it"
    if "not everywhere" in result.message:
        return "A name server does not do its part: take it out or mend it"
    return "A name does not resolve: see whether the server or the name is the trouble"


def _actions(result: CheckResult) -> tuple[str, ...]:
    name = result.message.partition(" ")[0]
    return (
        f"Ask each server: for s in $(awk '/^nameserver/ {{print $2}}' /etc/resolv.conf); do dig @$s {name}; done",
        f"Ask the authority: dig +trace {name}",
        "If one server of several is silent, every look-up through it waits 5 s: take it out of /etc/resolv.conf.",
    )


FAMILY: Final = Family(
    type="dns",
    checker="dns",
    words=frozenset({"dns", "nameserver", "nameservers", "nxdomain", "servfail"}),
    title=_title,
    actions=_actions,
    look=("cat /etc/resolv.conf", "resolvectl status", "dig NAME"),
    phrases=("name resolution", "name server"),
    open_words=INSIDE | {"coredns", "rate", "latency"},
    read=read_targets,
)
