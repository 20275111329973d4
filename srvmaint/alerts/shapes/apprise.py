"""Apprise's `json://`: what every tool sends that notifies through Apprise.

    https://github.com/caronc/apprise/wiki/Notify_Custom_JSON

The `type` is one of four words; a success ends what a failure or warning of the same title began. Members added in the
address (`:id=backup&:host=nas-1`) stand beside the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, INFO, RESOLVED, WARNING, Table, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"attachments"})

_OWN: Final = ("version", "title", "message", "type")
_TYPES: Final = {"info": INFO, "success": INFO, "warning": WARNING, "failure": CRITICAL}
_TABLE: Final = Table(
    source="apprise",
    name=("title", "first"),
    status=("status", "type"),
    statuses={"info": FIRING, "success": RESOLVED, "warning": FIRING, "failure": FIRING},
    severity=("severity", "type"),
    severities=_TYPES,
    identity=(("id",), ("fingerprint",), ("dedup_key",)),
    description=("message",),
    host=("instance", "host", "hostname"),
    url=("url", "link"),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A title, a message, a list of attachments and one of Apprise's four types."""
    kind = payload.get("type")
    known = isinstance(kind, str) and kind in _TYPES and all(isinstance(payload.get(key), str) for key in _OWN)
    if not known or not isinstance(payload.get("attachments"), list) or not words(payload, "title", "message"):
        return None
    return f"a title, a message and the type {kind}, as Apprise sends them"


def read(payload: Mapping[str, Any]) -> Parsed:
    """The notification as an alert."""
    return _TABLE.read({**payload, "first": words(payload, "message").partition("\n")[0]})
