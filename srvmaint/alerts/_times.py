"""Any way a sender writes a moment, to epoch milliseconds; None when it wrote none, or nothing a person could read.

Never raises and never answers "now": a time the sender did not give stays None and the receipt time is stored beside
it. A moment without a zone is taken as UTC; a sender known to write local time is its own driver's affair.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_DAY: Final = 86_400_000
_LATEST: Final = 253_402_300_799_999
"""The last millisecond of the year 9999, beyond which no calendar here goes."""
_SECONDS_BELOW: Final = 10**11
_MILLIS_BELOW: Final = 10**14
_MICROS_BELOW: Final = 10**17
_LONGEST: Final = 64
_SECOND: Final = 1000
_MILLION: Final = 1_000_000
_DASH: Final = 4
"""Where the first dash of YYYY-MM-DD stands."""
_WRITTEN: Final = re.compile(
    r"""(?P<year>\d{4})[-/.](?P<month>\d{2})[-/.](?P<day>\d{2})
        [Tt\s]\s*(?P<clock>\d{2}:\d{2}(?::\d{2})?)(?P<fraction>[.,]\d+)?
        \s*(?:[Zz]|UTC|GMT|(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})?)?
        (?:\s+[A-Za-z+\-\d]{1,6})?(?:\s+m=\S+)?""",
    re.VERBOSE | re.ASCII,
)
"""What `datetime.fromisoformat` does not read: dots, slashes, a lower-case z, UTC in words, Go's `+0400 +04 m=+0.1`."""


def millis(value: Any) -> int | None:
    """Epoch milliseconds of a number, a numeric string or a written date; None when there is none.

    Numbers are seconds, milliseconds, microseconds or nanoseconds by magnitude. A moment on or before 1970-01-01 is a
    program's way of saying "none".
    """
    if isinstance(value, str):
        return _from_text(value) if len(value) <= _LONGEST else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return _from_integer(value)
    return _from_float(value) if isinstance(value, float) else None


@lru_cache(maxsize=1024)
def _from_text(value: str) -> int | None:
    """Remembered, because a batch says the same moment (and the same "none") again and again."""
    if value[_DASH : _DASH + 1] == "-":
        # The common case: RFC 3339 with any number of fraction digits.
        try:
            return _from_datetime(datetime.fromisoformat(value))
        except ValueError:
            pass
    written = value.strip()
    if not written.isascii():
        return None
    if written.isdigit():
        return _from_integer(int(written))
    match = _WRITTEN.fullmatch(written)
    if match is None:
        return _from_decimal(written)
    zone = "Z" if match["sign"] is None else f"{match['sign']}{match['hours']}:{match['minutes'] or '00'}"
    day = f"{match['year']}-{match['month']}-{match['day']}"
    fraction = (match["fraction"] or "").replace(",", ".")
    leap = match["clock"].endswith(":60")
    clock = match["clock"][:-2] + "59" if leap else match["clock"]
    try:
        return _from_datetime(datetime.fromisoformat(f"{day}T{clock}{fraction}{zone}"))
    except ValueError:
        return None


def _from_datetime(moment: datetime) -> int | None:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = (moment - _EPOCH) // _MILLISECOND
    return since if since >= _DAY else None


def _from_integer(number: int) -> int | None:
    if number < _SECONDS_BELOW:
        return _plausible(number * _SECOND)
    if number < _MILLIS_BELOW:
        return _plausible(number)
    if number < _MICROS_BELOW:
        return _plausible(number // _SECOND)
    return _plausible(number // _MILLION)


def _from_float(number: float) -> int | None:
    if not math.isfinite(number):
        return None
    if abs(number) < _SECONDS_BELOW:
        return _plausible(round(number * _SECOND))
    return _from_integer(int(number))


def _from_decimal(written: str) -> int | None:
    if not written[:1].isdigit() or not written.replace(".", "", 1).isdigit():
        return None
    return _from_float(float(written))


def _plausible(moment: int) -> int | None:
    return moment if _DAY <= moment <= _LATEST else None
