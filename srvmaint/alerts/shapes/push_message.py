"""Gotify and ntfy: a message with a number for its priority, as Watchtower, Proxmox and many others send it.

    https://gotify.net/docs/pushmsg
    https://docs.ntfy.sh/publish/#publish-as-json

Gotify counts to 10, ntfy to 5; ntfy's body names a topic. A state can only be what the title begins with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import Table, has, words
from srvmaint.alerts._vocabulary import split_state

PRECEDENCE: Final = 90
KEYS: Final = frozenset({"priority"})

_GOTIFY_KEYS: Final = ("id", "appid", "message", "title", "priority", "date", "extras")
_NTFY_KEYS: Final = ("topic", "tags", "click", "attach", "actions", "icon", "markdown", "filename", "delay")
_ALL: Final = frozenset({*_GOTIFY_KEYS, *_NTFY_KEYS})
_GOTIFY: Final = (4, 8)
_NTFY: Final = (3, 5)
"""From where on a priority is a warning, and critical."""
_TABLE: Final = Table(
    source="push_message",
    name=("name",),
    status=("state",),
    severity=("level",),
    description=("message",),
    labels={"topic": "topic"},
    annotations={"tags": "tags", "extras": "extras"},
    moment=("date",),
    url=("click",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A message and a priority that is a number, and nothing that Gotify and ntfy do not have."""
    priority = payload.get("priority")
    is_number = isinstance(priority, int) and not isinstance(priority, bool)
    known = (
        is_number and has(payload, "message") and payload.keys() <= _ALL and ("topic" in payload or "title" in payload)
    )
    return "`message` and a numeric `priority`, as Gotify and ntfy have them" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The message."""
    warning, critical = _NTFY if "topic" in payload else _GOTIFY
    number = payload["priority"]
    level = "critical" if number >= critical else "warning" if number >= warning else "info"
    state, name = split_state(words(payload, "title") or words(payload, "message").partition("\n")[0])
    return _TABLE.read({**payload, "level": level, "state": state, "name": name})
