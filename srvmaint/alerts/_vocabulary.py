"""Words to severity and status, for senders that have no vocabulary of their own.

Case does not matter. An unknown word is no answer (None): the driver decides what follows, and the sender's own word
stays among the labels. Never is an unknown word read as "resolved". A vendor's own vocabulary (numbers, codes, words
that mean something else there) belongs in its driver.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from srvmaint.model import AlertStatus, Severity

_SEVERITIES: Final = {
    Severity.CRITICAL: (
        "critical crit page emergency emerg fatal disaster high major error err severe urgent danger alert blocker"
        " panic p0 p1 sev0 sev1 sev-0 sev-1"
    ),
    Severity.WARNING: ("warning warn average medium minor moderate degraded caution p2 p3 sev2 sev-2"),
    Severity.INFO: (
        "info informational information notice none ok low debug trivial success normal good p4 p5"
        " sev3 sev4 sev5 sev-3 sev-4 sev-5"
    ),
}
_STATUSES: Final = {
    AlertStatus.FIRING: (
        "firing alerting alarm active open opened reopened triggered retriggered problem down fired activated started"
        " failed failing failure fail unhealthy unreachable new ongoing suppressed unprocessed unacknowledged"
    ),
    AlertStatus.ACKNOWLEDGED: "acknowledged ack acked acknowledge",
    AlertStatus.RESOLVED: (
        "resolved resolve ok okay closed close recovered recovery up cleared clear normal healthy fixed ended inactive"
        " deactivated success succeeded passed done"
    ),
}
SEVERITY_OF: Final = {word: severity for severity, words in _SEVERITIES.items() for word in words.split()}
STATUS_OF: Final = {word: status for status, words in _STATUSES.items() for word in words.split()}

_STATE_FIRST: Final = re.compile(
    r"\W*\b(?P<state>RESOLVED|RECOVERED|RECOVERY|OK|UP|FIRING|ALERTING|ALERT|PROBLEM|CRITICAL|WARNING|DOWN|TRIGGERED)"
    r"(?::\d+)?\s*(?:[\]):]|-(?=\s))[\]):\s-]*",
    re.IGNORECASE,
)
"""`[FIRING:1] x`, `RESOLVED: x`, `OK - x`; not `up-to-date`."""

SEVERITY_LABELS: Final = ("severity", "priority", "level", "criticality")
"""Where people put the severity when they are free to choose, the most usual first."""
HOST_LABELS: Final = ("instance", "host", "hostname", "host_name", "nodename", "node", "server")
"""Where the name of the host is, the most usual first."""


def severity(word: str) -> Severity | None:
    """What the word means; None when it is not a severity anybody is known to use."""
    return SEVERITY_OF.get(word) or SEVERITY_OF.get(word.strip().lower())


def status(word: str) -> AlertStatus | None:
    """What the word means; None when it is not a status anybody is known to use."""
    return STATUS_OF.get(word) or STATUS_OF.get(word.strip().lower())


def split_state(title: str) -> tuple[str, str]:
    """The state that a title begins with, and the rest; "" and the title when it has none, or is nothing else."""
    match = _STATE_FIRST.match(title)
    rest = title[match.end() :].strip() if match else ""
    return (match["state"], rest) if match and rest else ("", title)


def severity_in(labels: Mapping[str, str], keys: Iterable[str] = SEVERITY_LABELS) -> Severity | None:
    """The first of the labels that says how bad it is; None when none does."""
    for key in keys:
        if key in labels:
            found = severity(labels[key])
            if found is not None:
                return found
    return None
