"""SLACK: an incoming webhook of Slack or of a server that speaks the same (Mattermost, Rocket.Chat, Zulip).

Slack shows the blocks and takes `text` for the notification on a phone; a server that does not know blocks shows
`text`. So `text` is the whole message as well. Text from a payload can neither mention anybody nor format anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from srvmaint.model import Message
from srvmaint.net.http import is_http_url, raise_for_status
from srvmaint.notify import Receipt, Tools
from srvmaint.notify._compose import headline
from srvmaint.notify._render import Safe, renderer
from srvmaint.notify._text import cut
from srvmaint.settings import Secret, setting

MAX_HEADER: Final = 150
"""https://docs.slack.dev/reference/block-kit/blocks/header-block"""
MAX_SECTION: Final = 3000
"""https://docs.slack.dev/reference/block-kit/composition-objects/text-object"""
MAX_BLOCKS: Final = 50
"""https://docs.slack.dev/reference/block-kit/blocks"""
MAX_TEXT: Final = 4000
"""https://docs.slack.dev/messaging/formatting-message-text#truncating_content (what is longer may be split or cut)"""
TIMEOUT_S: Final = 10.0
_MENTION: Final = re.compile(r"(?<!\w)@(?=\w)")
_PAIRED: Final = re.compile(r"(?<!\w)([*_~])(?=\S(?:.*?\S)?\1(?!\w))")
_ZERO_WIDTH_SPACE: Final = "\u200b"


@dataclass(frozen=True, slots=True)
class Config:
    """Which webhook."""

    webhook_url: Secret = setting(
        help="incoming webhook URL of Slack or of a Slack-compatible server",
        example={"env": "SRVMAINT_CHANNEL_OPS_SLACK_WEBHOOK_URL"},
    )

    def problems(self) -> list[str]:
        """Everything wrong with these settings that a type cannot say; never with the URL in it."""
        if is_http_url(self.webhook_url.reveal()):
            return []
        return ["webhook_url must be an https:// URL (http:// for a server of your own)"]


class Driver:
    """Posts Block Kit."""

    def __init__(self, config: Config, tools: Tools) -> None:
        self._url = config.webhook_url.reveal()
        self._http = tools.http
        self._render = renderer("slack.mrkdwn.j2", mrkdwn, {"bold": _bold, "code": _code, "link": _link})

    async def send(self, message: Message, key: str) -> Receipt:
        """Send once. Slack answers `ok`, others answer in their own words: any 2xx means it was taken."""
        body = msgspec.json.encode(payload(message, self._render(message)))
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        response = await self._http.request("POST", self._url, headers=headers, body=body, timeout_s=TIMEOUT_S)
        raise_for_status(response)
        return Receipt()


def payload(message: Message, rendered: str) -> dict[str, Any]:
    """The request's body: the headline as header, each paragraph as a section, the last one in small print."""
    header = _cut_units(headline(message, MAX_HEADER), MAX_HEADER)
    whole = headline(message, MAX_SECTION // 6)
    *paragraphs, footer = rendered.strip("\n").split("\n\n")
    if header != whole:
        paragraphs.insert(0, mrkdwn(whole))
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": header, "emoji": False}},
        *({"type": "section", "text": _markup(piece)} for text in paragraphs for piece in _pieces(text)),
    ]
    small_print = {"type": "context", "elements": [_markup(footer)]}
    text = f"{mrkdwn(whole)}\n{rendered.strip()}"
    return {"text": _cut_markup(text, MAX_TEXT), "blocks": [*blocks[: MAX_BLOCKS - 1], small_print]}


def mrkdwn(text: str) -> str:
    """`text` as it is: nothing in it becomes a link, a mention, a quote or formatting.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    if text.isalnum():
        return text
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if "@" in text:
        # Slack itself is told `verbatim`; Mattermost would mention whoever is called so.
        text = _MENTION.sub(f"@{_ZERO_WIDTH_SPACE}", text)
    if "*" in text or "_" in text or "~" in text:
        # mrkdwn has no escape for these. Identifiers such as node_cpu_total stay as they are, to be copied.
        text = _PAIRED.sub(rf"\1{_ZERO_WIDTH_SPACE}", text)
    return text.replace("](", f"]{_ZERO_WIDTH_SPACE}(").replace("```", "'''")


def _bold(text: str) -> Safe:
    safe = mrkdwn(text)
    return Safe(safe if "*" in safe else f"*{safe}*")


def _code(text: str) -> Safe:
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("`", "'")
    return Safe(f"`{safe}`" if safe else "")


def _link(name: str, address: str) -> Safe:
    label = mrkdwn(name).replace("|", "/")
    if not is_http_url(address):
        return Safe(f"{label}: {mrkdwn(address)}")
    for char, code in ((" ", "%20"), ("|", "%7C"), ("<", "%3C"), (">", "%3E"), ("&", "&amp;")):
        address = address.replace(char, code)
    return Safe(f"<{address}|{label}>")


def _markup(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _pieces(paragraph: str) -> Iterator[str]:
    """The paragraph in sections that Slack takes, broken between lines."""
    piece = ""
    for line in paragraph.split("\n"):
        fitting = _cut_markup(line, MAX_SECTION)
        if piece and _units(piece) + 1 + _units(fitting) > MAX_SECTION:
            yield piece
            piece = ""
        piece = f"{piece}\n{fitting}" if piece else fitting
    if piece.strip():
        yield piece


def _units(text: str) -> int:
    """Its length in UTF-16 units, the strictest way a server may count: a message refused for length is lost."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _cut_units(text: str, limit: int) -> str:
    return cut(text, limit - (_units(text[:limit]) - len(text[:limit])))


def _cut_markup(text: str, limit: int) -> str:
    """Cut, but neither inside `&amp;` nor inside `<url|name>`."""
    if _units(text) <= limit:
        return text
    shorter = _cut_units(text, limit).removesuffix("…")
    return re.sub(r"(?:&\w*|<[^>]*)\Z", "", shorter) + "…"
