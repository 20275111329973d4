"""Sentry: the webhooks of an internal integration, of alert rules, of metric alerts, and the legacy plugin.

    https://docs.sentry.io/organization/integrations/integration-platform/webhooks/

The identity is the issue's id, which every kind of body about an issue has. Archived or ignored is known and not over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._read import mapping
from srvmaint.alerts._table import ACKNOWLEDGED, CRITICAL, FIRING, INFO, RESOLVED, WARNING, Table, at, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"event", "data"})

_KINDS: Final = ("issue", "error", "event", "metric_alert")
_OTHERS: Final = ("comment", "installation", "installations", "seer", "preprod_artifact")
_LEVELS: Final = {"fatal": CRITICAL, "error": CRITICAL, "warning": WARNING, "info": INFO, "debug": INFO, "sample": INFO}
_ISSUE_STATES: Final = {
    **dict.fromkeys(("unresolved", "reprocessing", "triggered", "created", "assigned", "critical"), FIRING),
    **dict.fromkeys(("ignored", "archived", "muted"), ACKNOWLEDGED),
    "resolved": RESOLVED,
}
_NAMED: Final = ("title", "message", "metadata.title", "metadata.value", "event.title", "culprit")
_LABELS: Final = {"environment": "environment", "platform": "platform", "release": "release"}
_ISSUE: Final = Table(
    source="sentry",
    name=_NAMED,
    status=("status", "action"),
    statuses=_ISSUE_STATES,
    severity=("level", "tag.level"),
    severities=_LEVELS,
    identity=(("group",), ("id",), ("event_id",)),
    description=("text",),
    host=("tag.server_name", "server_name"),
    labels={"project": "project_slug", **_LABELS},
    annotations={"culprit": "culprit", "short_id": "shortId", "rule": "rule", "logger": "logger", "tags": "tag"},
    starts_at=("firstSeen", "datetime", "timestamp", "received", "dateCreated"),
    ends_at=("resolved_at",),
    url=("web_url", "permalink", "url"),
)
_METRIC: Final = Table(
    source="sentry",
    name=("data.metric_alert.alert_rule.name", "data.metric_alert.title", "data.description_title"),
    status=("action",),
    statuses={"open": FIRING, "opened": FIRING, "critical": FIRING, "warning": FIRING, "resolved": RESOLVED},
    severity=("action",),
    severities={"critical": CRITICAL, "warning": WARNING, "resolved": WARNING},
    identity=(("data.metric_alert.id",), ("data.metric_alert.identifier",)),
    description=("data.description_text", "data.description_title"),
    labels={"project": "data.metric_alert.projects.0", "environment": "data.metric_alert.alert_rule.environment"},
    annotations={"query": "data.metric_alert.alert_rule.query"},
    starts_at=("data.metric_alert.date_started", "data.metric_alert.date_created"),
    ends_at=("data.metric_alert.date_closed",),
    url=("data.web_url",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """`action` and `data` with a kind Sentry has, or its installation; or the legacy plugin's project and event."""
    data = payload.get("data")
    if isinstance(data, dict) and has(payload, "action") and ("installation" in payload or "actor" in payload):
        kind = next((kind for kind in (*_KINDS, *_OTHERS) if kind in data), None)
        if kind or has(payload, "installation.uuid"):
            return f"`data.{kind}` of Sentry" if kind else "`installation` of Sentry"
    is_legacy = isinstance(payload.get("event"), dict) and words(payload, "project", "project_slug")
    marks = ("event_id", "event.event_id", "culprit", "triggering_rules.0")
    return "`project` and `event` of Sentry's legacy webhook" if is_legacy and words(payload, *marks) else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The issue, or the metric alert; comments and installations carry none."""
    if not has(payload, "action"):
        return _ISSUE.read(_issue({**mapping(payload.get("event")), **payload}))
    data = mapping(payload.get("data"))
    if isinstance(data.get("metric_alert"), dict):
        return _METRIC.read(payload)
    for kind in _KINDS:
        if isinstance(data.get(kind), dict):
            rule = words(data, "triggered_rule", "issue_alert.title")
            is_issue = kind == "issue"
            return _ISSUE.read(_issue({**data[kind], "action": payload["action"], "rule": rule}, is_issue=is_issue))
    return Parsed(ignored=f"Sentry's event `{words(payload, 'action')[:60]}` is about no issue")


def _last(body: Mapping[str, Any], path: str) -> str:
    """The issue's id in its address, which bodies of 2020 have alone."""
    last = words(body, path).rstrip("/").rpartition("/")[2]
    return last if last.isdigit() else ""


def _issue(body: dict[str, Any], *, is_issue: bool = True) -> dict[str, Any]:
    """An issue, an event or an error in one form: its group, its tags as an object, its text."""
    texts = ("metadata.value", "message", "logentry.formatted", "culprit", "title")
    tags = body.get("tags")
    pairs = (tag for tag in (tags if isinstance(tags, list) else []) if isinstance(tag, list | dict))
    tag = {words(pair, "0", "key"): words(pair, "1", "value") for pair in pairs}
    project = body.get("project")
    return {
        **body,
        "tag": tag,
        "group": words(body, "issue_id", "groupID", "group_id")
        or (words(body, "id") if is_issue else _last(body, "issue_url")),
        "text": "\n".join(dict.fromkeys(filter(None, (words(body, path) for path in texts)))),
        "project_slug": words(project, "slug") or words(body, "project_slug", "project", "project_name"),
        "environment": at(body, "environment") or tag.get("environment"),
    }
