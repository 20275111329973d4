"""Bodies that are no JSON by themselves: forms that carry it in a field, and text in another encoding than UTF-8.

Uptime Kuma, Datadog's "encode as form" and many a script post a form. What the fields mean is for `_decode` and the
drivers. Files are fields like any other; nothing is held besides the body itself and the text of its fields.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl

from srvmaint.errors import PayloadError

MAX_FIELDS: Final = 1000
MAX_PART_HEAD: Final = 8190
"""Bytes of the headers of a part; a part with longer ones is passed over. As long as one of the request's may be."""
JSON_FIELDS: Final = ("payload", "data", "json", "body")
"""Where senders put JSON in a form; the first that holds an object or a list is the body."""
_URLENCODED: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"
_PARAMETER: Final = re.compile(r';\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"\s]*))')
_DISPOSITION: Final = re.compile(rb"(?:^|\n)content-disposition[ \t]*:[ \t]*form-data([^\r\n]*)", re.IGNORECASE)
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_CHARSETS: Final = frozenset({"utf-16", "utf-16-le", "utf-16-be", "iso8859-1", "iso8859-15", "cp1252"})
"""Python's names. Not every codec it has is an encoding: `zip` and `unicode_escape` are not for a sender to choose."""

Fields = Mapping[str, str | list[str]]


def in_utf8(body: bytes, content_type: str) -> bytes | None:
    """The same text as UTF-8 where the content type says that it is in another encoding and it is; else None."""
    charset = _charset(_parameters(content_type).get("charset", ""))
    if charset is None:
        return None
    try:
        return body.decode(charset).removeprefix("\ufeff").encode()
    except UnicodeError:
        return None


def fields_of(body: bytes, content_type: str) -> Fields | None:
    """The fields of a form, in the order of the body; a repeated one has a list. None when it is no form.

    Raises:
        PayloadError: `invalid_json`; it says that it is a form and is none, or has more than `MAX_FIELDS` fields.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _URLENCODED and not body.lstrip().startswith((b"{", b"[", b'"')):  # broken JSON: it is curl's default
        pairs = _urlencoded(body, content_type)
    elif kind == _MULTIPART:
        pairs = _multipart(body, content_type)
    else:
        return None
    fields: dict[str, str | list[str]] = {}
    for name, value in pairs:
        known = fields.get(name)
        if known is None:
            fields[name] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            fields[name] = [known, value]
    if not fields:
        raise _unreadable("the form has no fields", "Send JSON, or a form whose field `payload` holds it.")
    return fields


def _urlencoded(body: bytes, content_type: str) -> Iterator[tuple[str, str]]:
    charset = _charset(_parameters(content_type).get("charset", "")) or "utf-8"
    text = body.strip().decode("latin-1" if body.isascii() else charset, "replace")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, encoding=charset, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise _too_many() from None
    yield from pairs


def _multipart(body: bytes, content_type: str) -> Iterator[tuple[str, str]]:
    """https://www.rfc-editor.org/rfc/rfc7578."""
    boundary = _parameters(content_type).get("boundary", "")
    if not boundary:
        raise _unreadable("its Content-Type names no boundary", "Send JSON.")
    # A boundary stands at the beginning of a line; some senders end lines with LF alone.
    line = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary.encode("utf-8", "surrogateescape")))
    pieces = line.split(body, MAX_FIELDS + 2)
    if len(pieces) > MAX_FIELDS + 2:
        raise _too_many()
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return
        end = _HEAD_END.search(piece, 0, MAX_PART_HEAD)
        disposition = _DISPOSITION.search(piece, 0, end.start()) if end is not None else None
        if end is None or disposition is None:
            continue
        parameters = _parameters(disposition[1].decode("utf-8", "replace"))
        if "name" in parameters and ("filename" not in parameters or parameters["name"] in JSON_FIELDS):
            yield parameters["name"], piece[end.end() :].decode("utf-8", "replace")


def _parameters(header: str) -> dict[str, str]:
    """`; name=value; name="value"`, names in lower case."""
    return {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted else bare
        for name, quoted, bare in _PARAMETER.findall(header)
    }


def _charset(name: str) -> str | None:
    """Python's name of an encoding other than UTF-8 that a body may be in."""
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return found if found in _CHARSETS else None


def _too_many() -> PayloadError:
    return _unreadable(f"the form has more than {MAX_FIELDS} fields", "Send JSON.")


def _unreadable(reason: str, advice: str) -> PayloadError:
    return PayloadError("invalid_json", f"cannot read the body: {reason}. {advice}")
