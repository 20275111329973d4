"""Text from a payload, made safe and short before any channel gives it a form.

Whoever can raise an alert can put anything into its name: escape sequences that repaint a terminal, characters that
turn the reading direction round, a megabyte of text. It goes through here first. What a channel's own markup needs
escaped is that channel's business.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_MAX_STEPS_BACK: Final = 16
_ZERO_WIDTH_JOINER: Final = "\u200d"
_VARIATION_SELECTORS: Final = ("\ufe0e", "\ufe0f")
_UNSAFE: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # a terminal's colours and cursor movements
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # its title and hyperlinks
    r"|\x1b[ -/]+[0-~]"  # its character sets
    r"|\x1b[0-~]?"  # any other escape
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"  # control characters but tab and newline
    r"|[\u202a-\u202e\u2066-\u2069]"  # overrides of the reading direction: "gnp.exe" shown as "exe.png"
    r"|[\ud800-\udfff]"  # halves of characters, which no encoding can carry
)


def plain(text: str) -> str:
    """`text` without escape sequences, control characters and direction overrides; newlines and tabs stay."""
    if text.isprintable():
        return text
    return _UNSAFE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str, limit: int) -> str:
    """`text` made safe, on one line, at most `limit` characters."""
    return cut(" ".join(plain(text).split()), limit)


def row(text: str, limit: int) -> str:
    """`text` made safe, on one line, at most `limit` characters; its columns stay where they are."""
    return cut(plain(text[: 4 * limit]).replace("\n", " ").replace("\t", "  ").rstrip(), limit)


def paragraph(text: str, limit: int) -> str:
    """`text` made safe, at most `limit` characters; its lines stay, without empty ones between."""
    lines = (line.rstrip() for line in plain(text[: 4 * limit]).splitlines())
    return cut("\n".join(line for line in lines if line), limit)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, the last an ellipsis where something is missing; no character loses its accents."""
    if len(text) <= limit:
        return text
    end = limit - 1
    for candidate in range(end, max(end - _MAX_STEPS_BACK, 0), -1):
        if not _belongs_to_previous(text, candidate):
            end = candidate
            break
    return f"{text[:end].rstrip()}…"


def _belongs_to_previous(text: str, index: int) -> bool:
    char = text[index]
    return (
        unicodedata.combining(char) != 0
        or char == _ZERO_WIDTH_JOINER
        or char in _VARIATION_SELECTORS
        or (index > 0 and text[index - 1] == _ZERO_WIDTH_JOINER)
    )
