"""GitHub: workflow runs and checks that failed, and what its scanners found.

https://docs.github.com/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import FIRING, RESOLVED, WARNING, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"repository", "zen"})

_CONCLUSIONS: Final = ("failure", "timed_out", "startup_failure", "action_required", "success")
_TABLE: Final = Table(
    source="github",
    name=("title",),
    status=("state",),
    statuses={
        **dict.fromkeys(("failure", "timed_out", "startup_failure", "action_required"), FIRING),
        **dict.fromkeys(
            ("created", "reopened", "reintroduced", "auto_reopened", "appeared_in_branch", "publicly_leaked"), FIRING
        ),
        **dict.fromkeys(
            ("success", "fixed", "resolved", "dismissed", "auto_dismissed", "closed_by_user", "revoked"), RESOLVED
        ),
    },
    severity=("alert.security_advisory.severity", "alert.rule.security_severity_level", "alert.rule.severity"),
    severities={"moderate": WARNING},
    identity=(("repository.full_name", "what"),),
    description=("text",),
    labels={"repository": "repository.full_name", "branch": "run.head_branch"},
    annotations={"actor": "sender.login", "event": "run.event", "commit": "run.head_sha"},
    starts_at=("alert.created_at", "run.run_started_at", "run.started_at"),
    ends_at=("alert.fixed_at", "alert.dismissed_at", "alert.resolved_at", "run.updated_at", "run.completed_at"),
    url=("alert.html_url", "run.html_url"),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A repository with its address, and who did something in it; or the greeting of a new webhook."""
    if has(payload, "zen", "hook_id"):
        return "`zen` and `hook_id` of GitHub"
    known = has(payload, "repository.full_name", "repository.html_url") and "sender" in payload
    return "`repository` and `sender` of GitHub" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The last run of a workflow on a branch, or what a scanner found."""
    alert = payload.get("alert")
    if isinstance(alert, dict) and words(alert, "number"):
        return _TABLE.read(_found(payload, alert))
    kind = next((key for key in ("workflow_run", "check_suite", "check_run", "workflow_job") if key in payload), "")
    run, state = payload.get(kind), words(payload, f"{kind}.conclusion")
    if words(payload, "action") != "completed" or state not in _CONCLUSIONS:
        return Parsed(ignored="GitHub's event is no failure and no recovery")
    title = f"{words(run, 'name', 'app.name') or kind} of {words(payload, 'repository.full_name')}"
    branch = words(run, "head_branch", "check_suite.head_branch")
    what = f"{kind}|{words(run, 'workflow_id', 'name', 'app.slug')}|{branch}"
    return _TABLE.read(
        {**payload, "run": run, "title": title, "state": state, "what": what, "text": f"{title}: {state}"}
    )


def _found(payload: Mapping[str, Any], alert: Mapping[str, Any]) -> dict[str, Any]:
    paths = ("security_advisory.summary", "rule.description", "rule.name", "secret_type_display_name", "secret_type")
    kind = "dependabot" if "dependency" in alert else "secret" if "secret_type" in alert else "code"
    title = words(alert, *paths) or f"{kind} alert"
    text = words(alert, "security_advisory.description", "most_recent_instance.message.text") or title
    state = words(payload, "action")
    return {**payload, "title": title, "state": state, "what": f"{kind}|{words(alert, 'number')}", "text": text}
