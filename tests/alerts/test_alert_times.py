from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srvmaint.alerts._times import millis
from srvmaint.clock import iso


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00Z"),
        ("2022-07-29T11:13:27.3Z", "2022-07-29T11:13:27.300Z"),
        ("2019-08-12T04:12:17.64901609Z", "2019-08-12T04:12:17.649Z"),
        ("2020-02-06T00:17:58.432911368Z", "2020-02-06T00:17:58.432Z"),
        ("2020-04-18T18:25:16.014462791+04:00", "2020-04-18T14:25:16.014Z"),
        ("2019-02-15T23:53:45.093+0000", "2019-02-15T23:53:45.093Z"),
        ("2026-09-16 12:00:00", "2026-09-16T12:00:00Z"),
        ("2026-09-16 12:00:00 UTC", "2026-09-16T12:00:00Z"),
        ("2026-09-16t12:00:00z", "2026-09-16T12:00:00Z"),
        ("2026-09-16 14:00:00 +0200", "2026-09-16T12:00:00Z"),
        ("2026.09.16 12:00:00", "2026-09-16T12:00:00Z"),
        ("2026/09/16 12:00", "2026-09-16T12:00:00Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
        ("2020-04-18 18:25:16.014462791 +0400 +04 m=+0.000012", "2020-04-18T14:25:16.014Z"),
        ("  2024-01-15T10:30:00Z ", "2024-01-15T10:30:00Z"),
    ],
)
def test_a_written_moment_is_read_to_the_millisecond(written: str, expected: str) -> None:
    assert iso(millis(written)) == expected


@pytest.mark.parametrize(
    "number",
    [
        1420452191,
        1420452191.0,
        "1420452191",
        "1420452191.0",
        1420452191000,
        "1420452191000",
        1420452191000000,
        1420452191000000000,
        "1420452191000000000",
    ],
)
def test_a_number_is_seconds_millis_micros_or_nanos_by_its_size(number: Any) -> None:
    assert millis(number) == 1420452191000


def test_nanoseconds_beyond_what_a_float_can_hold_stay_exact() -> None:
    assert millis(1420452193166999999) == 1420452193166
    assert millis("1420452193166999999") == 1420452193166


@pytest.mark.parametrize(
    "none",
    [
        None, "", "  ", "-", "never", 0, -1, "0", True, False, [], {}, "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z",
        "1970-01-01T01:00:00+01:00", "0001-01-01T00:00:00+14:00", float("nan"), float("inf"), 10**40, "9" * 5000,
        "2024-13-45T99:99:99Z", "2024-", "٢٠٢٤", "1e9", "1_000_000_000", "²", ".", "{EVENT.DATE}",
    ],
)  # fmt: skip
def test_what_is_no_moment_is_none(none: Any) -> None:
    assert millis(none) is None


@settings(database=None, deadline=None, max_examples=300)
@given(st.one_of(st.integers(), st.floats(), st.text(), st.datetimes().map(str), st.from_regex(r"\d{4}-[\dT:.Z+-]*")))
def test_no_value_raises_and_every_answer_can_be_shown(value: Any) -> None:
    answer = millis(value)
    assert answer is None or str(iso(answer)).endswith("Z")
