"""Web addresses that do not answer as they should. Rates of errors inside a program are not seen from outside."""

from __future__ import annotations

from typing import Final

from srvmaint.intelligence._family import INSIDE, Family
from srvmaint.intelligence._targets import read_targets
from srvmaint.model import CheckResult, CheckStatus


def _title(result: CheckResult) -> str:
    if result.status is CheckStatus.WARNING:
        return "A web address answers slowly: see what it waits for"
    return "A web address does not answer as it should: see which layer fails"


def _actions(result: CheckResult) -> tuple[str, ...]:
    where = result.message.partition(" ")[0]
    first = f"See it as a client does: curl -sSvo /dev/null {where}"
    text = result.message
    if "refuses the connection" in text:
        return (first, "Nothing listens there: ss -ltnp; systemctl status of the web server and its journal.")
    if any(f"answers {status}" in text for status in (502, 503, 504)):
        return (
            first,
            "The front answers and what is behind it does not: see the upstream's unit, its journal and its socket.",
        )
    if "certificate" in text:
        return (first, "The certificate is refused: the certificate checker says why.")
    return (first, "See the server's own error log at this time, and what was deployed or reloaded last.")


FAMILY: Final = Family(
    type="http",
    checker="http",
    words=frozenset({"website", "webpage"}),
    title=_title,
    actions=_actions,
    look=("curl -sSvo /dev/null URL", "ss -ltnp", "systemctl --failed"),
    phrases=(
        "http probe",
        "probe http",
        "probe failed",
        "probe failure",
        "blackbox probe",
        "http check",
        "http status",
        "http code",
        "http down",
        "site down",
        "url down",
        "endpoint down",
        "web check",
        "health check failed",
    ),
    open_words=INSIDE | {"rate", "ratio", "slow", "latency", "flapping"},
    read=read_targets,
)
