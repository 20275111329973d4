"""Watchtower: the report of a session, by its template `json.v1`.

    https://containrrr.dev/watchtower/notifications/

Through Gotify or Slack it sends what they take. A session that failed to update something is a warning, else news.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import Table, at, holds, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"report"})

_TABLE: Final = Table(
    source="watchtower",
    name=("title", "first"),
    severity=("level",),
    identity=(("host", "title"),),
    description=("text",),
    host=("host",),
    annotations={"updated": "report.updated", "failed": "report.failed"},
    moment=("entries.0.time",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A report of what was scanned, with the host."""
    known = holds(payload, "report", "scanned", "updated") and words(payload, "host", "title")
    return "`report` of Watchtower" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The session."""
    entries = payload.get("entries")
    texts = [words(entry, "message") for entry in (entries if isinstance(entries, list) else [])]
    level = "warning" if at(payload, "report.failed") else "info"
    body = {**payload, "level": level, "text": "\n".join(filter(None, texts))}
    return _TABLE.read({**body, "first": f"Watchtower updates on {words(payload, 'host')}"})
