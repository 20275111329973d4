from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srvmaint.host.names import address, bare_host, is_loopback


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("web-1", "web-1"),
        (" Web-1:9100 ", "Web-1"),
        ("web-1.example.com.", "web-1.example.com"),
        ("10.0.0.5:9100", "10.0.0.5"),
        ("10.0.0.5/24", "10.0.0.5"),
        ("10.0.0.5:9100/metrics", "10.0.0.5"),
        ("[::1]:9100", "::1"),
        ("fd00::2", "fd00::2"),
        ("https://user:secret@shop.example.com:8443/a?b=c#d", "shop.example.com"),
        ("https://shop.example.com?token=secret", "shop.example.com"),
        ("http://[fd00::2]:80/x", "fd00::2"),
        ("namespace/pod", "namespace/pod"),
        ("web-1:", "web-1"),
        ("", ""),
        ("http://", ""),
    ],
)
def test_only_the_host_is_left(text: str, host: str) -> None:
    assert bare_host(text) == host


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.5", "10.0.0.5"),
        ("::ffff:10.0.0.5", "10.0.0.5"),
        ("FD00:0:0:0:0:0:0:2", "fd00::2"),
        ("fe80::1%eth0", "fe80::1"),
        ("1.2.3", None),
        ("web-1", None),
        ("a:b", None),
        ("", None),
    ],
)
def test_one_address_has_one_spelling(text: str, expected: str | None) -> None:
    assert address(text) == expected


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost.localdomain", "127.0.0.1", "127.9.9.9", "::1"])
def test_loopback_is_known_however_it_is_written(host: str) -> None:
    assert is_loopback(host)


def test_an_ordinary_name_is_not_loopback() -> None:
    assert not is_loopback("web-1")
    assert not is_loopback("10.0.0.5")


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    is_loopback(bare_host(text))
