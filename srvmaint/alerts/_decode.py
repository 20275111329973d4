"""Bytes to a JSON value: the one place where a body's encoding can fail, and every failure has a name.

Senders build JSON from templates, so three slips are common enough to be forgiven: a byte order mark, a raw newline
inside a string, and a text that was cut in the middle of an emoji. JSON is read whatever the content type says; what is
no JSON may be a form or in another encoding (`_forms`) when the content type says so. Anything else (NaN among it) is
refused; the caller keeps the bytes. What the value means is not this module's business.

Some senders stream: several objects, one on a line (NDJSON). A body that is no single value is read as the list of
them, if every line that has anything on it is one.
"""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

import msgspec

from srvmaint.alerts import _forms
from srvmaint.alerts._limits import MAX_DEPTH, check_count, check_depth
from srvmaint.errors import PayloadError

_BOM: Final = b"\xef\xbb\xbf"
_SHORT: Final = 4096
"""Up to here counting the brackets is cheaper than walking the value."""
_MORE: Final = "Extra data"
"""What the standard library says when a value is over and the text is not."""


def decode(raw: bytes, content_type: str = "") -> Any:
    """The JSON value of a request body; of several objects, one on a line, the list.

    What the Content-Type header says matters only when the body is no JSON as it stands.

    Raises:
        PayloadError: `invalid_json`, with the position where it is known; `too_many_alerts` for too many lines.
    """
    body = raw.removeprefix(_BOM)
    if not body.strip():
        raise _unreadable("it is empty", "Send one JSON object or list.")
    try:
        payload = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        payload = _decode_otherwise(body, content_type) if content_type else _decode_leniently(body)
    except RecursionError:
        raise _too_deep() from None
    if len(body) > _SHORT or body.count(b"{") + body.count(b"[") > MAX_DEPTH:
        check_depth(payload)
    return payload


def _decode_otherwise(body: bytes, content_type: str) -> Any:
    """Text in another encoding, or a form: the JSON in one of its fields, else the fields themselves."""
    text = _forms.in_utf8(body, content_type)
    fields = _forms.fields_of(body, content_type)
    if fields is None:
        return decode(text) if text is not None else _decode_leniently(body)
    for name in _forms.JSON_FIELDS:
        value = fields.get(name)
        if isinstance(value, str) and value.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
            return decode(value.encode("utf-8", "surrogatepass"))
    return fields


def _decode_leniently(body: bytes) -> Any:
    """The standard library reads the forgivable slips, and says where the others are."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise _unreadable(f"byte {error.start} is not UTF-8", "Send it encoded as UTF-8.") from None
    try:
        return _loads(text)
    except json.JSONDecodeError as error:
        lines = _objects(text) if error.msg == _MORE else ()
        if not lines:
            raise _misplaced(error, error.lineno) from None
    check_count(len(lines))
    return [_line(number, line) for number, line in lines]


def _objects(text: str) -> list[tuple[int, str]]:
    """The lines with their numbers, if there are several and each begins an object."""
    numbered = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    return numbered if len(numbered) > 1 and all(line.lstrip().startswith("{") for _, line in numbered) else []


def _line(number: int, line: str) -> Any:
    try:
        return _loads(line)
    except json.JSONDecodeError as error:
        raise _misplaced(error, number) from None


def _loads(text: str) -> Any:
    try:
        return json.loads(text, strict=False, parse_constant=_refuse_constant)
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise _unreadable("a number in it has thousands of digits", "Send it as a string.") from None


def _refuse_constant(word: str) -> NoReturn:
    raise _unreadable(f"{word} is not JSON", "Send null or a string instead.")


def _misplaced(error: json.JSONDecodeError, number: int) -> PayloadError:
    return _unreadable(
        f"it is not JSON ({error.msg} at line {number} column {error.colno})", "Send one JSON object or list."
    )


def _too_deep() -> PayloadError:
    return _unreadable(f"it is nested more than {MAX_DEPTH} levels deep", "Send a flatter one.")


def _unreadable(reason: str, advice: str) -> PayloadError:
    return PayloadError("invalid_json", f"cannot read the body: {reason}. {advice}")
