"""GitLab: pipelines and jobs that failed, and its own alerts.

https://docs.gitlab.com/user/project/integrations/webhook_events/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import FIRING, RESOLVED, Table, has, words

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"object_kind"})

_TABLE: Final = Table(
    source="gitlab",
    name=("title",),
    status=("state",),
    statuses={"failed": FIRING, "success": RESOLVED},
    identity=(("project.path_with_namespace", "kind", "ref", "job"), ("project.path_with_namespace", "kind", "ref")),
    description=("text",),
    labels={"project": "project.path_with_namespace", "ref": "ref", "job": "job"},
    annotations={"commit": "commit.message", "user": "user.name"},
    ends_at=("object_attributes.finished_at", "build_finished_at"),
    moment=("object_attributes.finished_at", "object_attributes.created_at", "build_finished_at"),
    url=("link",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A kind of event with its project."""
    project = words(payload, "project.path_with_namespace", "project.name", "project_name", "repository.name")
    return (
        f"`object_kind` {words(payload, 'object_kind')[:40]} of GitLab"
        if project and has(payload, "object_kind")
        else None
    )


def read(payload: Mapping[str, Any]) -> Parsed:
    """The last pipeline of a branch, or the last run of a job."""
    kind = words(payload, "object_kind")
    state = words(payload, "object_attributes.status", "build_status")
    if kind not in ("pipeline", "build") or state not in _TABLE.statuses:
        return Parsed(ignored=f"GitLab's event {kind[:60]} {state[:60]}".rstrip() + " is no failure and no recovery")
    ref = words(payload, "object_attributes.ref", "ref")
    job = words(payload, "build_name")
    project = words(payload, "project.path_with_namespace", "project_name", "project.name")
    title = f"{'Job ' + job if job else 'Pipeline'} of {project} on {ref}"
    link_ = words(payload, "object_attributes.url", "project.web_url", "repository.homepage")
    body = {"kind": kind, "ref": ref, "job": job, "title": title, "state": state, "link": link_}
    return _TABLE.read({**payload, **body, "project": {"path_with_namespace": project}, "text": f"{title}: {state}"})
