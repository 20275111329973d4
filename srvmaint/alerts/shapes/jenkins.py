"""Jenkins: the Notification plug-in's message about a build that has ended.

https://plugins.jenkins.io/notification/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, RESOLVED, WARNING, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"build"})

_TABLE: Final = Table(
    source="jenkins",
    name=("title",),
    status=("build.status",),
    statuses={
        **dict.fromkeys(("failure", "failed", "unstable", "aborted"), FIRING),
        **dict.fromkeys(("success", "fixed"), RESOLVED),
    },
    severity=("build.status",),
    severities={"failure": CRITICAL, "unstable": WARNING, "aborted": WARNING, "success": CRITICAL},
    identity=(("url",), ("name",)),
    description=("text",),
    labels={"job": "name", "branch": "build.scm.branch"},
    annotations={"build": "build.number", "commit": "build.scm.commit"},
    moment=("build.timestamp",),
    url=("build.full_url",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A job with its build."""
    known = has(payload, "name", "build.phase") and words(payload, "build.number", "build.url", "build.full_url")
    return "`build` and its phase of Jenkins" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The job's last build."""
    phase, result = words(payload, "build.phase").upper(), words(payload, "build.status")
    if phase not in ("COMPLETED", "FINALIZED", "FINISHED") or not result:
        return Parsed(ignored="the build has not ended yet")
    text = f"build {words(payload, 'build.number')} ended as {result}"
    return _TABLE.read({**payload, "title": f"Build of {words(payload, 'name')}", "text": text})
