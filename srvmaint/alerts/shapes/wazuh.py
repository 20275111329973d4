"""Wazuh: an alert as the integrator hands it to a script.

    https://documentation.wazuh.com/current/user-manual/manager/integration-with-external-apis.html

A level goes to 15: from 12 on it is of high importance, below 7 of low. An alert has no end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"rule"})

_HIGH: Final = 12
_MEDIUM: Final = 7
_TABLE: Final = Table(
    source="wazuh",
    name=("rule.description",),
    severity=("level",),
    identity=(("rule.id", "agent.id", "agent.name"), ("rule.id", "agent.name"), ("rule.id",)),
    description=("full_log", "rule.description"),
    host=("agent.name", "agent.ip", "manager.name"),
    labels={"rule_id": "rule.id", "groups": "rule.groups", "agent_id": "agent.id"},
    annotations={"location": "location", "level": "rule.level", "mitre": "rule.mitre.id", "alert_id": "id"},
    moment=("timestamp",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A rule with its level, and the agent it was about."""
    known = has(payload, "rule.id", "rule.level", "rule.description") and ("agent" in payload or "manager" in payload)
    return "`rule.level` and `agent` of Wazuh" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The rule's alert."""
    written = words(payload, "rule.level")
    number = int(written) if written.isascii() and written.isdigit() and len(written) <= len("15") else _MEDIUM
    return _TABLE.read(
        {**payload, "level": "critical" if number >= _HIGH else "warning" if number >= _MEDIUM else "info"}
    )
