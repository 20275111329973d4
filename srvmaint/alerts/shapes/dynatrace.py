"""Dynatrace: a problem notification with the placeholders of its documentation as keys, in any spelling.

https://docs.dynatrace.com/docs/analyze-explore-automate/notifications-and-alerting/problem-notifications/webhook-integration
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, INFO, RESOLVED, WARNING, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset(
    {
        "ProblemID",
        "ProblemTitle",
        "PID",
        "problemId",
        "problemTitle",
        "problemid",
        "problemtitle",
        "problemID",
        "problem",
    }
)


_TABLE: Final = Table(
    source="dynatrace",
    name=("problemtitle", "problemimpact"),
    status=("state",),
    statuses={"open": FIRING, "resolved": RESOLVED, "merged": RESOLVED},
    severity=("problemseverity", "severity"),
    severities={
        **dict.fromkeys(("availability", "error", "monitoring_unavailable"), CRITICAL),
        **dict.fromkeys(("performance", "resource_contention", "custom_alert"), WARNING),
        "info": INFO,
    },
    identity=(("pid",), ("problemid",)),
    description=("problemdetailstext", "problemdetails", "problemdetailsmarkdown", "problemtitle"),
    host=("impactedentitynames", "impactedentity"),
    labels={"impact": "problemimpact", "tags": "tags", "problem_id": "problemid"},
    annotations={"impacted_entity": "impactedentity"},
    url=("problemurl",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A problem's title and its state."""
    body = _one_spelling(payload)
    known = has(body, "problemtitle", "state") and words(body, "problemid", "pid")
    return "a problem's id, title and state of Dynatrace" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The problem."""
    return _TABLE.read(_one_spelling(payload))


def _one_spelling(payload: Mapping[str, Any]) -> dict[str, Any]:
    inner = payload.get("problem")
    given = {**payload, **inner} if isinstance(inner, dict) else payload
    return {key.replace("_", "").lower(): value for key, value in given.items()}
