"""Messages meant for Slack, Mattermost, Teams or Discord, from tools that can send nothing else.

    https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments/
    https://learn.microsoft.com/outlook/actionable-messages/message-card-reference
    https://discord.com/developers/docs/resources/webhook

A text alone is a plain body, and so is what has a name or a status of its own. The state is what the title begins
with, else the colour that Slack calls good.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, WARNING, Table, at, words
from srvmaint.alerts._vocabulary import split_state

PRECEDENCE: Final = 90
KEYS: Final = frozenset({"attachments", "embeds", "@type"})

_PLAIN: Final = frozenset({"name", "title", "alertname", "status", "state", "severity"})
_TITLES: Final = ("title", "fallback", "pretext", "text", "description", "summary")
_TABLE: Final = Table(
    source="chat_message",
    name=("name",),
    status=("state",),
    severity=("color", "state"),
    severities={"danger": CRITICAL, "warning": WARNING, "good": WARNING},
    description=("text",),
    annotations={"author": "username"},
    url=("link",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A card with a title or a text."""
    is_card = words(payload, "@type") == "MessageCard"
    card = _card(payload) if is_card or _PLAIN.isdisjoint(payload) else {}
    return "a message as Slack, Teams or Discord take it" if words(card, *_TITLES) else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The first card; what its title says besides the state is its name."""
    card = _card(payload)
    title = words(card, *_TITLES).partition("\n")[0]
    said, name = split_state(title)
    state = said or ("ok" if words(card, "color") == "good" else "")
    text = words(card, "text", "description", "fallback") or words(payload, "text", "content")
    return _TABLE.read({**card, "name": name, "text": text, "state": state, "link": words(card, "title_link", "url")})


def _card(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The first attachment, embed, or the message card itself."""
    for path in ("attachments.0", "embeds.0"):
        found = at(payload, path)
        if isinstance(found, dict):
            inner = found.get("content")
            return {**found, **inner} if isinstance(inner, dict) else found
    return dict(payload) if words(payload, "@type") == "MessageCard" else {}
