from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srvmaint.alerts._decode import decode
from srvmaint.alerts._limits import MAX_ALERTS, MAX_DEPTH, check_count
from srvmaint.errors import PayloadError


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'"raw\nnewline"', "raw\nnewline"),
        (b'"cut in an emoji \\ud83d"', "cut in an emoji \ud83d"),
        (b"1420452193166002000", 1420452193166002000),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b"1e400", float("inf")),
        (b"null", None),
    ],
)
def test_json_is_read_and_three_common_slips_are_forgiven(raw: bytes, value: object) -> None:
    assert decode(raw) == value


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"\xef\xbb\xbf", "it is empty"),
        (b'{"a": }', "line 1 column 7"),
        (b'{"a": 1,}', "line 1 column"),
        (b"alert=1", "line 1 column 1"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
        (b'{"a": "\xff"}', "byte 7 is not UTF-8"),
        (b"1" * 5000, "thousands of digits"),
        (b"[" * 100_000, "nested more than 64"),
        (b"[" * 65 + b"]" * 65, "nested more than 64"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "nested more than 64"),
        (b'{"pad": "' + b"x" * 5000 + b'", "a": ' + b"[" * 64 + b"]" * 64 + b"}", "nested more than 64"),
    ],
)
def test_a_body_that_is_not_json_is_named_with_its_position(raw: bytes, reason: str) -> None:
    with pytest.raises(PayloadError) as caught:
        decode(raw)
    assert caught.value.code == "invalid_json"
    assert reason in str(caught.value)


def test_a_body_as_deep_as_the_limit_is_accepted() -> None:
    assert decode(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH) is not None


def test_brackets_inside_text_are_not_depth() -> None:
    assert decode(b'["' + b"[" * 500 + b'"]') == ["[" * 500]


def test_a_body_with_too_many_alerts_is_refused() -> None:
    check_count(MAX_ALERTS)
    with pytest.raises(PayloadError, match="10001 alerts in one body"):
        check_count(MAX_ALERTS + 1)


@settings(database=None, deadline=None, max_examples=300)
@given(st.one_of(st.binary(), st.text(alphabet='{}[]",:\\u0d8e19-+.tfn ').map(str.encode)))
def test_any_bytes_are_json_or_a_named_error(raw: bytes) -> None:
    try:
        decode(raw)
    except PayloadError as error:
        assert error.code == "invalid_json"  # noqa: PT017 - a value is as good an outcome as this error


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a": 1}\n{"b": 2}', [{"a": 1}, {"b": 2}]),
        (b'{"a": 1}\r\n\r\n  {"b": 2}\n \n', [{"a": 1}, {"b": 2}]),
        (b'\xef\xbb\xbf{"a": 1}\n{}', [{"a": 1}, {}]),
        (b'{"a": 1}\n', {"a": 1}),
        (b'{"a": "tab\there"}\n{"id": 123456789012345678901}', [{"a": "tab\there"}, {"id": 123456789012345678901}]),
        ('{"a": "one\u2028line"}\n{"b": 2}'.encode(), [{"a": "one\u2028line"}, {"b": 2}]),
        (b'{"a":\n 1,\n "b": {}\n}', {"a": 1, "b": {}}),
        (b'{"a": "{\n}", "b": 1}', {"a": "{\n}", "b": 1}),
    ],
)
def test_several_objects_one_on_a_line_are_a_list(raw: bytes, value: object) -> None:
    assert decode(raw) == value


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"a": 1}\n{"b": }', "line 2 column 7"),
        (b'{"a": 1}\n\n{"b": 2', "line 3 column"),
        (b'{"a": 1}\n{"b": 2} {"c": 3}', "line 2 column 10"),
        (b'{"a": 1} {"b": 2}', "line 1 column 10"),
        (b'{"a": 1}\n[2]', "line 2 column 1"),
        (b'{"a": 1}\n7', "line 2 column 1"),
        (b"[1]\n[2]", "line 2 column 1"),
        (b'{"a": 1}\n{"b": NaN}', "NaN is not JSON"),
        (b'{"a": 1}\n{"b": ' + b"9" * 5000 + b"}", "thousands of digits"),
        (b'{"a": 1}\n{"b": ' + b"[" * 64 + b"]" * 64 + b"}", "nested more than 64"),
        (b'{"a": 1}\n{"b": ' + b"[" * 100_000, "nested more than 64"),
        (b'{"a": 1}\n{"b": "\xff"}', "byte 16 is not UTF-8"),
    ],
)
def test_lines_that_are_not_all_objects_are_named_with_their_position(raw: bytes, reason: str) -> None:
    with pytest.raises(PayloadError) as caught:
        decode(raw)
    assert caught.value.code == "invalid_json"
    assert reason in str(caught.value)


def test_a_body_with_too_many_lines_is_refused() -> None:
    assert len(decode(b"{}\n" * MAX_ALERTS)) == MAX_ALERTS
    with pytest.raises(PayloadError, match="10001 alerts in one body") as caught:
        decode(b"{}\n" * (MAX_ALERTS + 1))
    assert caught.value.code == "too_many_alerts"
