"""Bytes to a JSON value: the one place where a body's encoding can fail, and every failure has a name.

Senders build JSON from templates, so three slips are common enough to be forgiven: a byte order mark, a raw newline
inside a string, and a text that was cut in the middle of an emoji. Anything else that is not JSON (NaN among it) is
refused; the caller keeps the bytes. What the value means is not this module's business.
"""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

import msgspec

from srvmaint.alerts._limits import MAX_DEPTH, check_depth
from srvmaint.errors import PayloadError

_BOM: Final = b"\xef\xbb\xbf"
_SHORT: Final = 4096
"""Up to here counting the brackets is cheaper than walking the value."""


def decode(raw: bytes) -> Any:
    """The JSON value of a request body.

    Raises:
        PayloadError: `invalid_json`, with the position where it is known.
    """
    body = raw.removeprefix(_BOM)
    if not body.strip():
        raise _unreadable("it is empty", "Send one JSON object or list.")
    try:
        payload = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        payload = _decode_leniently(body)
    except RecursionError:
        raise _too_deep() from None
    if len(body) > _SHORT or body.count(b"{") + body.count(b"[") > MAX_DEPTH:
        check_depth(payload)
    return payload


def _decode_leniently(body: bytes) -> Any:
    """The standard library reads the forgivable slips, and says where the others are."""
    try:
        return json.loads(body.decode(), strict=False, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise _unreadable(f"byte {error.start} is not UTF-8", "Send it encoded as UTF-8.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise _unreadable(f"it is not JSON ({error.msg} at {where})", "Send one JSON object or list.") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise _unreadable("a number in it has thousands of digits", "Send it as a string.") from None


def _refuse_constant(word: str) -> NoReturn:
    raise _unreadable(f"{word} is not JSON", "Send null or a string instead.")


def _too_deep() -> PayloadError:
    return _unreadable(f"it is nested more than {MAX_DEPTH} levels deep", "Send a flatter one.")


def _unreadable(reason: str, advice: str) -> PayloadError:
    return PayloadError("invalid_json", f"cannot read the body: {reason}. {advice}")
