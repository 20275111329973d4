from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from srvmaint.host.dns import TYPES, decode, encode_name, query
from tests.nameserver import answer

QUESTION = query(7, "www.example.org", "A")


@given(st.binary(max_size=300), st.sampled_from([*TYPES]))
def test_any_bytes_are_an_answer_or_a_value_error(data: bytes, kind: str) -> None:
    for packet in (data, answer(query(7, "a", kind))[:6] + b"\0\x02" + data):
        try:
            code, records = decode(packet, query(7, "a", kind))
        except ValueError:
            continue
        assert 0 <= code <= 15
        assert all(isinstance(record, str) for record in records)


@given(st.lists(st.ip_addresses(v=4).map(str), max_size=20), st.lists(st.ip_addresses(v=6).map(str), max_size=20))
def test_what_was_put_in_comes_out(four: list[str], six: list[str]) -> None:
    records = [("A", text) for text in four] + [("AAAA", text) for text in six]
    assert decode(answer(QUESTION, *records), QUESTION) == (0, tuple(sorted(four)))
    asked = query(9, "www.example.org", "AAAA")
    assert decode(answer(asked, *records), asked) == (0, tuple(sorted(six)))


@given(st.lists(st.from_regex(r"[a-z0-9_-]{1,20}", fullmatch=True), min_size=1, max_size=5))
def test_a_name_survives_the_wire(labels: list[str]) -> None:
    name = ".".join(labels)
    asked = query(1, "x", "CNAME")
    assert decode(answer(asked, ("CNAME", name)), asked) == (0, (name,))
    assert encode_name(name) == encode_name(name + ".")
