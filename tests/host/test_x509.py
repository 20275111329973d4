from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srvmaint.host.x509 import parse, pem_blocks
from tests.certificates import make

NOW = dt.datetime(2026, 3, 2, 10, 2, tzinfo=dt.UTC)
CA = make("Test CA", is_ca=True, now=NOW)
LEAF = make("web", ["www.example.org", "*.example.net", "192.0.2.1", "2001:db8::1"], by=CA, now=NOW, begins=-1, ends=30)


def test_it_says_whose_it_is_who_signed_it_and_for_how_long() -> None:
    found = parse(LEAF.der)
    assert (found.subject, found.issuer) == ("web", "Test CA")
    assert found.names == ("www.example.org", "*.example.net", "192.0.2.1", "2001:db8::1")
    assert found.not_before == (NOW - dt.timedelta(days=1)).timestamp() * 1000
    assert found.not_after == (NOW + dt.timedelta(days=30)).timestamp() * 1000


@pytest.mark.parametrize("ends", [1, 365 * 30, 365 * 200])
def test_both_forms_of_time_are_read(ends: int) -> None:
    found = parse(make("a", now=NOW, ends=ends).der)
    assert found.not_after == (NOW + dt.timedelta(days=ends)).timestamp() * 1000


def test_without_other_names_the_common_name_is_the_name() -> None:
    assert parse(make("old.example.org", now=NOW).der).names == ("old.example.org",)
    nameless = parse(make("", now=NOW).der)
    assert (nameless.names, nameless.shown) == ((), "a certificate without a name")


@pytest.mark.parametrize(
    ("host", "good"),
    [
        ("www.example.org", True),
        ("WWW.Example.Org.", True),
        ("example.org", False),
        ("a.example.net", True),
        ("a.b.example.net", False),
        ("example.net", False),
        ("192.0.2.1", True),
        ("192.0.2.2", False),
        ("2001:db8:0::1", True),
        ("[2001:db8::1]", True),
        ("", False),
    ],
)
def test_it_is_for_its_names_and_a_star_for_one_label(host: str, good: bool) -> None:  # noqa: FBT001 - a test's own fact
    assert parse(LEAF.der).is_for(host) is good


def test_a_name_that_would_move_the_cursor_does_not() -> None:
    assert parse(make("evil\x1b[2J\n", now=NOW).der).subject == "evil [2J "


def test_the_certificates_of_a_file_are_found_among_keys_and_words() -> None:
    text = b"Bag Attributes\n" + LEAF.key_pem + LEAF.pem.replace(b"\n", b"\r\n") + b"# and\n" + CA.pem
    assert [found.subject for found in pem_blocks(text)] == ["web", "Test CA"]
    assert pem_blocks(LEAF.key_pem) == []


@pytest.mark.parametrize("inner", [b"", b"!!!", b"AAAA", b"A"])
def test_a_block_that_is_no_certificate_is_an_error(inner: bytes) -> None:
    with pytest.raises(ValueError, match="no certificate that can be read"):
        pem_blocks(b"-----BEGIN CERTIFICATE-----\n" + inner + b"\n-----END CERTIFICATE-----\n")


@given(st.binary(max_size=200), st.integers(0, len(LEAF.der)), st.integers(0, 255))
def test_any_bytes_are_a_certificate_or_a_value_error(noise: bytes, place: int, byte: int) -> None:
    bent = LEAF.der[:place] + bytes([byte]) + LEAF.der[place + 1 :]
    for der in (noise, bent, LEAF.der[:place], LEAF.der[:place] + noise):
        try:
            parse(der)
        except ValueError:
            continue
