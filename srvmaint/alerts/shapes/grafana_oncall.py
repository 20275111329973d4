"""Grafana OnCall (and IRM): what its formatted webhook takes, and what its outgoing webhooks send.

    https://grafana.com/docs/oncall/latest/integrations/webhook/
    https://grafana.com/docs/oncall/latest/configure/outgoing-webhooks/

What Grafana's alerting itself sends is the `grafana` driver's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import ACKNOWLEDGED, FIRING, RESOLVED, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"alert_uid", "alert_group"})

_MARKS: Final = ("state", "link_to_upstream_details", "image_url")
_FORMATTED: Final = Table(
    source="grafana_oncall",
    name=("title", "message"),
    status=("raw", "state"),
    statuses={"alerting": FIRING, "ok": RESOLVED},
    severity=("severity",),
    identity=(("alert_uid",),),
    description=("message",),
    host=("host", "instance"),
    annotations={"image_url": "image_url"},
    url=("link_to_upstream_details",),
)
_GROUP: Final = Table(
    source="grafana_oncall",
    name=("alert_group.title", "alert_payload.title", "alert_payload.name", "alert_payload.commonLabels.alertname"),
    status=("alert_group.state",),
    statuses={
        "firing": FIRING,
        "new": FIRING,
        "acknowledged": ACKNOWLEDGED,
        "silenced": ACKNOWLEDGED,
        "resolved": RESOLVED,
    },
    severity=("alert_group.labels.severity", "alert_payload.severity", "alert_payload.commonLabels.severity"),
    identity=(("alert_group.id",), ("alert_group_id",)),
    description=("alert_payload.message", "alert_payload.commonAnnotations.description", "alert_group.title"),
    host=("alert_group.labels.instance", "alert_payload.commonLabels.instance"),
    labels={"integration": "integration.name", "team": "alert_group.team_id"},
    annotations={"event": "event.type", "user": "user.username"},
    starts_at=("alert_group.created_at",),
    ends_at=("alert_group.resolved_at", "event.time"),
    url=("alert_group.permalinks.web",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """An alert's uid with a title or a state, or an alert group with its state."""
    if has(payload, "alert_group.id", "alert_group.state"):
        return "`alert_group` of Grafana OnCall"
    known = has(payload, "alert_uid") and words(payload, "title", "message") and words(payload, *_MARKS)
    return "`alert_uid` of Grafana OnCall's formatted webhook" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The alert, or the alert group."""
    if "alert_group" in payload:
        return _GROUP.read(payload)
    # LibreNMS says `ok` of what was acknowledged, and 2 beside it.
    return _FORMATTED.read({**payload, "raw": "acknowledged" if words(payload, "raw_state") == "2" else ""})
