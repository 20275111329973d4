"""Values of unknown type to text that every later stage can take: total, bounded, and encodable.

A driver reads a payload through these functions and therefore never meets a KeyError or a TypeError. What leaves here
has no NUL (SQLite and C libraries stop there) and no lone surrogate (UTF-8 cannot hold one), and is cut with an
ellipsis where `_limits` says so. What a key means is the drivers' knowledge, not this module's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from srvmaint.alerts._limits import ELLIPSIS, MAX_DESCRIPTION, MAX_LABEL, MAX_NAME, MAX_URL

_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_ESCAPED_NUL: Final = "\\u0000"
"""What JSON within a text has for a NUL: it would come back as one when somebody reads that."""
_LINK_STARTS: Final = ("http://", "https://", "/", "?")
_SEPARATORS: Final = (":", "=")
_PAIR_KEYS: Final = (("key", "value"), ("name", "value"), ("tag", "value"))


def mapping(value: Any) -> Mapping[Any, Any]:
    """The value itself when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def text(value: Any, limit: int = MAX_DESCRIPTION) -> str:
    """A string or a number as clean text; "" for everything that is not text by nature (null, true, lists, objects)."""
    if isinstance(value, str):
        return clean(value.strip(), limit)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return clean(_number(value), limit)


def line(value: Any, limit: int = MAX_NAME) -> str:
    """The same on a single line of printable characters: for names, which end up in subjects and headings."""
    if isinstance(value, str) and value.isprintable() and len(value) <= limit:
        return value.strip()
    cleaned = text(value, MAX_DESCRIPTION)
    printable = "".join(char if char.isprintable() else " " for char in cleaned)
    return cut(" ".join(printable.split()), limit)


def link(value: Any) -> str:
    """An address a person can follow (http, https, or relative to the sender); "" for `javascript:` and the like."""
    if not isinstance(value, str) or len(value) > MAX_URL or not value.startswith(_LINK_STARTS):
        return ""
    return value if value.isascii() and "\n" not in value and "\0" not in value else line(value, MAX_URL)


def strings(value: Any, limit: int = MAX_LABEL) -> dict[str, str]:
    """An object's members as text: numbers and booleans as JSON writes them, null as "", lists and objects as JSON."""
    if not isinstance(value, dict) or not value:
        return {}
    try:
        joined = "".join((*value, *value.values()))
    except TypeError:
        pass
    else:
        if len(joined) <= limit and is_clean(joined):
            return dict(value)
    return {clean(str(key), limit): member_text(member, limit) for key, member in value.items()}


def tags(value: Any, limit: int = MAX_LABEL) -> dict[str, str]:
    """Labels in any form senders give them: an object, `["k:v", "word"]`, `[{"key": .., "value": ..}]` or `"k:v,word"`.

    Words without a value are gathered, comma separated, in one label called `tags`.
    """
    if isinstance(value, dict):
        return strings(value, limit)
    items: Iterable[Any] = value if isinstance(value, list) else ()
    if isinstance(value, str):
        items = (word for part in value.split(",") for word in ([part] if ":" in part else part.split()))
    labels: dict[str, str] = {}
    words: dict[str, None] = {}
    for item in items:
        name, content = _pair(item, limit)
        if content is not None:
            labels[name] = content
        elif name:
            words[name] = None
    if words:
        labels.setdefault("tags", cut(",".join(words), limit))
    return labels


def first(source: Mapping[Any, Any], keys: Iterable[str], limit: int = MAX_DESCRIPTION) -> str:
    """The text under the first of `keys` that has any."""
    for key in keys:
        if key in source:
            found = text(source[key], limit)
            if found:
                return found
    return ""


def member_text(value: Any, limit: int) -> str:
    """Any value as text, as `strings` has it."""
    if isinstance(value, str):
        return clean(value, limit)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return cut(_number(value), limit)
    try:
        written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return clean(written.replace(_ESCAPED_NUL, _REPLACEMENT), limit)
    except (TypeError, ValueError, RecursionError):
        return ""


def clean(value: str, limit: int) -> str:
    """Text without NUL and lone surrogates, cut to `limit`."""
    shortened = cut(value, limit)
    if is_clean(shortened):
        return shortened
    # A surrogate pair that was escaped half by half becomes its character; what stays alone is replaced.
    joined = shortened.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return joined.replace("\0", _REPLACEMENT)


def is_clean(value: str) -> bool:
    """True when the text can be encoded as UTF-8 and has no NUL."""
    if "\0" in value:
        return False
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def cut(value: str, limit: int) -> str:
    """The text itself, or its beginning and an ellipsis: never more than `limit` characters."""
    return value if len(value) <= limit else value[: limit - 1] + ELLIPSIS


def _number(value: float) -> str:
    try:
        return str(value)
    except ValueError:  # the interpreter refuses to write out thousands of decimal digits
        return hex(int(value))


def _pair(item: Any, limit: int) -> tuple[str, str | None]:
    """A tag's name and value; the value is None for a bare word."""
    if isinstance(item, dict):
        for name_key, value_key in _PAIR_KEYS:
            name = text(item.get(name_key), limit)
            if name:
                return name, member_text(item.get(value_key), limit)
        return "", None
    word = text(item, limit)
    for separator in _SEPARATORS:
        name, found, content = word.partition(separator)
        if found and name and not content.startswith("//"):
            return name.strip(), content.strip()
    return word, None
