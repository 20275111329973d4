from __future__ import annotations

import pytest

from srvmaint.host.identity import ADDRESSES_EVERY_S, Identity, aliases_in, read_identity
from tests.fakes import FakeClock


def identity(hostname: str, *aliases: str, addresses: frozenset[str] = frozenset({"10.0.0.5", "fd00::2"})) -> Identity:
    return Identity(hostname, frozenset(aliases), lambda: addresses, FakeClock())


@pytest.mark.parametrize(
    "text",
    [
        "web-1",
        "WEB-1:9100",
        "web-1.example.com",
        "https://web-1.example.com/health",
        "10.0.0.5:9100",
        "[fd00::2]:9100",
        "::ffff:10.0.0.5",
        "localhost:9100",
        "127.0.0.1",
        "[::1]:9100",
    ],
)
def test_this_machine_is_known_by_every_way_to_write_it(text: str) -> None:
    assert identity("web-1.example.com").is_this_host(text)


@pytest.mark.parametrize(
    "text", ["web-10", "web", "db-1", "10.0.0.50", "web-1.staging.example.com", "fd00::3", "", "http://", "example.com"]
)
def test_another_machine_is_not_this_one(text: str) -> None:
    assert not identity("web-1.example.com").is_this_host(text)


def test_a_machine_that_knows_only_its_short_name_answers_to_a_long_one() -> None:
    assert identity("web-1").is_this_host("web-1.prod.example.com")
    assert not identity("web-1", "web-1.staging.example.com").is_this_host("web-1.prod.example.com")


def test_a_machine_called_localhost_answers_to_no_other_name() -> None:
    assert not identity("localhost").is_this_host("localhost-2")
    assert not identity("localhost.localdomain", "localhost").is_this_host("web-1")


def test_the_longest_name_is_the_full_one() -> None:
    assert identity("web-1", "web-1.example.com").fqdn == "web-1.example.com"
    assert identity("web-1").fqdn == "web-1"


def test_aliases_are_the_names_on_the_lines_with_this_machines_name() -> None:
    hosts = "127.0.0.1 localhost\n127.0.1.1 web-1.example.com WEB-1 # web-2\n10.0.0.6 db-1\n"
    assert aliases_in(hosts, "web-1") == {"web-1.example.com", "WEB-1"}


def test_addresses_are_read_again_after_a_while() -> None:
    clock = FakeClock()
    current = {"10.0.0.5"}
    moving = Identity("web-1", frozenset(), lambda: frozenset(current), clock)
    assert moving.is_this_host("10.0.0.5")
    current.clear()
    current.add("10.0.0.6")
    assert not moving.is_this_host("10.0.0.6")
    clock.advance(ADDRESSES_EVERY_S)
    assert moving.is_this_host("10.0.0.6")


def test_this_machine_can_tell_who_it_is() -> None:
    me = read_identity(FakeClock())
    assert me.is_this_host(me.hostname)
    assert me.is_this_host("localhost")
    assert all(me.is_this_host(address) for address in me.addresses)
