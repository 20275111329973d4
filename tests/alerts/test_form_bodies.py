"""Bodies that are forms, or text in another encoding."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srvmaint.alerts import _forms
from srvmaint.alerts._decode import decode
from srvmaint.errors import PayloadError

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=XyZ"
ALERT = {"name": "disk & fän", "tags": ["a", "b"]}
JSON = '{"name": "disk & fän", "tags": ["a", "b"]}'


def part(name: str, value: str, more: str = "", head: str = "") -> str:
    return f'--XyZ\r\nContent-Disposition: form-data; name="{name}"{more}\r\n{head}\r\n{value}\r\n'


def parts(*each: str) -> bytes:
    return ("".join(each) + "--XyZ--\r\n").encode()


READ: dict[str, tuple[bytes, str, Any]] = {
    **{name: (urlencode({"a": "1", name: JSON}).encode(), FORM, ALERT) for name in _forms.JSON_FIELDS},
    "payload before data": (urlencode({"data": '{"x": 1}', "payload": JSON}).encode(), FORM, ALERT),
    "data where payload is text": (urlencode({"payload": "text", "data": JSON}).encode(), FORM, ALERT),
    "a list": (urlencode({"payload": '\ufeff [{"name": "x"}]'}).encode(), FORM, [{"name": "x"}]),
    "with a charset": (urlencode({"payload": JSON}).encode(), f"{FORM.upper()}; charset=UTF-8", ALERT),
    "not escaped": (b'payload={"name": "x"}', FORM, {"name": "x"}),
    "plain fields": (b"name=disk+full&host=web%2D1&empty=", FORM, {"name": "disk full", "host": "web-1", "empty": ""}),
    "a bare number is no body": (b"data=5&name=x", FORM, {"data": "5", "name": "x"}),
    "repeated fields": (b"t=a&n=x&t=b&t=c", FORM, {"t": ["a", "b", "c"], "n": "x"}),
    "raw letters": ("name=fän".encode(), FORM, {"name": "fän"}),
    "escaped in latin-1": (b"name=f%E4n", f"{FORM}; charset=iso-8859-1", {"name": "fän"}),
    "raw in latin-1": (b"name=f\xe4n", f"{FORM}; charset=latin1", {"name": "fän"}),
    "json all the same": (JSON.encode(), FORM, ALERT),
    "json as text": (JSON.encode(), "text/plain; charset=UTF-8", ALERT),
    "json in latin-1": (JSON.encode("latin-1"), "application/json; charset=ISO-8859-1", ALERT),
    "json in utf-16": (JSON.encode("utf-16"), 'application/json; charset="utf-16"', ALERT),
    "json in utf-16 without a mark": (JSON.encode("utf-16-be"), "application/json;charset=utf-16be", ALERT),
    "utf-8 that says latin-1": (JSON.encode(), "application/json; charset=latin-1", ALERT),
    "uptime kuma": (parts(part("data", JSON)), PARTS, ALERT),
    "a file": (
        parts(part("payload", JSON, '; filename="a.json"', "Content-Type: application/json\r\n")),
        PARTS,
        ALERT,
    ),
    "parts as fields": (
        parts(part("name", "x"), part("text", "a\r\nb"), part("log", "0", '; filename="log"')),
        PARTS,
        {"name": "x", "text": "a\r\nb"},
    ),
    "a boundary in quotes": (
        parts(part("data", JSON)).replace(b"XyZ", b"a b"),
        'multipart/form-data; boundary="a b"',
        ALERT,
    ),
    "lines that end with lf": (parts(part("data", JSON)).replace(b"\r", b""), PARTS, ALERT),
    "a name without quotes": (parts(part("data", JSON)).replace(b'"data"', b"data"), PARTS, ALERT),
    "the boundary inside a text": (parts(part("name", "a --XyZ b")), PARTS, {"name": "a --XyZ b"}),
    "words before and after": (b"hello\r\n" + parts(part("name", "x")) + b"bye", PARTS, {"name": "x"}),
    "without an end": (part("name", "x").encode(), PARTS, {"name": "x\r\n"}),
}


@pytest.mark.parametrize("case", READ)
def test_what_a_form_carries_is_read(case: str) -> None:
    raw, content_type, expected = READ[case]
    assert decode(raw, content_type) == expected


REFUSED = {
    "broken json with curl's default type": (b'{"name": }', FORM, "column 10"),
    "a field with broken json": (urlencode({"payload": '{"name": '}).encode(), FORM, "is not JSON"),
    "an empty form": (b"&&", FORM, "the form has no fields"),
    "too many fields": (b"a=1&" * 1001, FORM, "more than 1000 fields"),
    "no boundary": (parts(part("data", JSON)), "multipart/form-data", "no boundary"),
    "another boundary": (parts(part("data", JSON)), "multipart/form-data; boundary=Q", "the form has no fields"),
    "a part with endless headers": (parts(part("x" * 8192, "1")), PARTS, "the form has no fields"),
    "too many parts": (parts(*[part("a", "1")] * 1002), PARTS, "more than 1000 fields"),
    "text": (b"name=x", "text/plain", "line 1 column 1"),
    "a codec that is no encoding": (b"name=x", "text/plain; charset=zip", "line 1 column 1"),
    "not in its encoding": (b"\xff", "text/plain; charset=utf-16", "is not UTF-8"),
    "too deep": (urlencode({"payload": "[" * 65 + "]" * 65}).encode(), FORM, "nested more than 64"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_form_that_cannot_be_read_says_why(case: str) -> None:
    raw, content_type, reason = REFUSED[case]
    with pytest.raises(PayloadError) as caught:
        decode(raw, content_type)
    assert caught.value.code == "invalid_json"
    assert reason in str(caught.value)


pieces = st.sampled_from(
    ["--XyZ", "\r\n", "\n", "Content-Disposition: form-data", '; name="', '"', "=", "&", "%", "{}"]
)


@settings(database=None, deadline=None, max_examples=400)
@given(
    st.one_of(
        st.binary(), st.lists(pieces | st.text(max_size=4), max_size=12).map(lambda each: "".join(each).encode())
    ),
    st.sampled_from([FORM, PARTS, "text/plain; charset=utf-16", f"{FORM}; charset=utf-16"]) | st.text(max_size=20),
)
def test_any_bytes_of_any_type_are_a_value_or_a_named_error(raw: bytes, content_type: str) -> None:
    try:
        decode(raw, content_type)
    except PayloadError as error:
        assert error.code == "invalid_json"  # noqa: PT017 - a value is as good an outcome as this error
