"""Reading the evidence of checkers that look at several things elsewhere: hosts, addresses, certificates, names.

That all of those are well contradicts an alert only when it names one of them; of anything else it says nothing. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from srvmaint.host.names import bare_host
from srvmaint.intelligence._family import TEXT_LIMIT, Reading, read_whole
from srvmaint.model import Alert, CheckResult, CheckStatus

_APART = re.compile(r"[\s\"'`,;()<>|]+")


def read_targets(alert: Alert, result: CheckResult) -> Reading:
    """What a result says about those of its subjects that the alert names."""
    if result.status in (CheckStatus.UNKNOWN, CheckStatus.SKIPPED):
        return read_whole(alert, result)
    named = {bare_host(word).lower() for word in _words(alert)} - {""}
    matching = [text for text in _texts(result) if _host(text) in named]
    if not matching:
        if result.status is not CheckStatus.OK:
            return read_whole(alert, result)
        what = f"the alert names nothing that the {result.checker} checker looks at"
        return Reading(CheckStatus.UNKNOWN, f"{what}; {result.message}")
    if result.status is CheckStatus.OK:
        return read_whole(alert, result)._replace(text="; ".join(matching))
    bad = [text for text in matching if text in result.message]
    return Reading(result.status, "; ".join(bad)) if bad else Reading(CheckStatus.OK, "; ".join(matching))


def _texts(result: CheckResult) -> Iterator[str]:
    """What was found of each subject; a subject's name begins its text."""
    yield from dict.fromkeys((*result.message.split("; "), *result.details))


def _host(text: str) -> str:
    """The host a text begins with."""
    return bare_host(text.partition(" ")[0].rstrip(":")).lower()


def _words(alert: Alert) -> Iterator[str]:
    for text in (alert.name, alert.description, *alert.labels.values(), *alert.annotations.values()):
        yield from _APART.split(text[:TEXT_LIMIT])
