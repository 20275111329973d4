"""Against a real name server on loopback that answers rightly, wrongly, slowly, truncated, forged, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from srvmaint.checkers._address import HostPort
from srvmaint.checkers.dns import Config, Driver, Target
from srvmaint.clock import Clock
from srvmaint.host.dns import system_servers
from srvmaint.model import CheckResult, CheckStatus
from srvmaint.settings import Duration
from tests.checkers.hosts import FakeHost
from tests.fakes import TickingClock
from tests.nameserver import always, answer, name_server, silent
from tests.namespaces import namespace
from tests.servers import refused_port

WWW = Target("www.example.org")


def check(*servers: str, targets: tuple[Target, ...] = (WWW,), clock: Clock | None = None, **more: Any) -> CheckResult:
    config = Config(targets=targets, servers=tuple(map(HostPort.parse, servers)), **{"timeout": Duration(1), **more})
    assert config.problems() == []
    host = FakeHost()
    host.clock = clock or Clock()
    return Driver(config, host).check()


def test_a_name_that_resolves_is_ok_with_its_addresses() -> None:
    with name_server(always(("A", "192.0.2.80"), ("A", "192.0.2.9"))) as server:
        result = check(server)
    assert result.status is CheckStatus.OK
    assert result.message.startswith("www.example.org resolves to 192.0.2.80, 192.0.2.9 in ")
    assert [(metric.name, metric.unit) for metric in result.metrics] == [("time:www.example.org", "s")]


@pytest.mark.parametrize(
    ("kind", "value", "expect"),
    [
        ("A", "192.0.2.80", "192.0.2.80"),
        ("AAAA", "2001:db8::80", "2001:0DB8:0:0::80"),
        ("CNAME", "Web.example.org", "web.example.org."),
        ("MX", "10 mx.example.org", "10 MX.example.org."),
        ("NS", "ns1.example.org", "ns1.example.org"),
        ("PTR", "web.example.org", "web.example.org"),
        ("SOA", "ns.example.org root.example.org 7", "ns.example.org root.example.org 7"),
        ("TXT", "v=spf1 " + "x" * 300, "v=spf1 " + "x" * 300),
    ],
)
def test_every_type_is_read_and_compared_as_people_write_it(kind: str, value: str, expect: str) -> None:
    with name_server(always((kind, value))) as server:
        assert check(server, targets=(Target("www.example.org", kind, (expect,)),)).status is CheckStatus.OK
        wrong = check(server, targets=(Target("www.example.org", kind, ("another",)),))
    assert wrong.status is CheckStatus.CRITICAL
    assert f"127.0.0.1:{server.partition(':')[2]} says " in wrong.message
    assert wrong.message.endswith(", expected another")


def test_aliases_on_the_way_to_the_address_are_passed_over() -> None:
    with name_server(always(("CNAME", "web.example.net"), ("A", "192.0.2.80"))) as server:
        result = check(server, targets=(Target("www.example.org", "A", ("192.0.2.80",)),))
    assert result.status is CheckStatus.OK


def test_an_address_too_many_or_too_few_is_wrong() -> None:
    with name_server(always(("A", "192.0.2.80"), ("A", "192.0.2.66"))) as server:
        assert check(server, targets=(Target("w", "A", ("192.0.2.80",)),)).status is CheckStatus.CRITICAL
        both = ("192.0.2.66", "192.0.2.80")
        assert check(server, targets=(Target("w", "A", both),)).status is CheckStatus.OK
        assert check(server, targets=(Target("w", "A", (*both, "192.0.2.1")),)).status is CheckStatus.CRITICAL


def test_a_name_without_such_a_record_resolves_wrongly() -> None:
    with name_server(always()) as server:
        assert "says nothing" in check(server).message


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (3, "there is no such name (NXDOMAIN)"),
        (2, "it could not find out (SERVFAIL)"),
        (5, "it refuses to answer this machine (REFUSED)"),
        (9, "it answers code 9"),
    ],
)
def test_a_refusal_is_critical_in_words(code: int, words: str) -> None:
    with name_server(always(code=code)) as server:
        result = check(server)
    assert result.status is CheckStatus.CRITICAL
    assert result.message == f"www.example.org does not resolve: {server}: {words}"


def test_a_server_that_does_not_answer_is_asked_twice_and_then_given_up() -> None:
    asked = []

    def forget(question: bytes) -> list[bytes]:
        asked.append(question)
        return []

    with name_server(forget) as server:
        result = check(server, timeout=Duration(0.4))
    assert result.message == f"www.example.org does not resolve: {server}: does not answer within 0.4 s"
    assert len(asked) == 2


def test_a_lost_packet_is_no_news() -> None:
    asked = []

    def lose_the_first(question: bytes) -> list[bytes]:
        asked.append(question)
        return [answer(question, ("A", "192.0.2.80"))] if len(asked) > 1 else []

    with name_server(lose_the_first) as server:
        assert check(server).status is CheckStatus.OK


def test_a_machine_without_a_name_server_refuses() -> None:
    gone = f"127.0.0.1:{refused_port()}"
    assert f"{gone}: refuses the connection" in check(gone).message


def test_one_dead_server_of_two_is_a_warning_that_names_it() -> None:
    with name_server(silent) as dead, name_server(always(("A", "192.0.2.80"))) as alive:
        result = check(dead, alive, timeout=Duration(0.4))
    assert result.status is CheckStatus.WARNING
    assert result.message == (
        f"www.example.org resolves to 192.0.2.80, but not everywhere: {dead}: does not answer within 0.4 s"
    )


def test_one_server_that_lies_is_critical_however_many_others_do_not() -> None:
    honest, liar = always(("A", "192.0.2.80")), always(("A", "203.0.113.6"))
    with name_server(honest) as one, name_server(liar) as two:
        result = check(one, two, targets=(Target("www.example.org", "A", ("192.0.2.80",)),))
    assert result.status is CheckStatus.CRITICAL
    assert result.message == f"www.example.org resolves wrongly: {two} says 203.0.113.6, expected 192.0.2.80"


def test_answers_that_were_not_asked_for_are_not_believed() -> None:
    def forged(question: bytes) -> list[bytes]:
        other_name = question[:13] + b"X" + question[14:]
        return [
            answer(question, ("A", "203.0.113.6"), number=int.from_bytes(question[:2]) ^ 1),
            answer(other_name.replace(b"Xww", b"evl"), ("A", "203.0.113.6")),
            question,
            b"\0",
            answer(question, ("A", "192.0.2.80")),
        ]

    with name_server(forged) as server:
        assert "resolves to 192.0.2.80 in " in check(server).message


def test_an_answer_that_does_not_fit_is_fetched_over_tcp() -> None:
    def short(question: bytes) -> list[bytes]:
        return [answer(question, truncated=True)]

    many = [("A", f"192.0.2.{number}") for number in range(1, 201)]
    with name_server(short, always(*many)) as server:
        result = check(server)
    assert result.status is CheckStatus.OK
    assert "and 196 more" in result.message


def test_a_tcp_answer_that_breaks_off_is_told() -> None:
    with name_server(lambda question: [answer(question, truncated=True)], silent) as server:
        assert "gives an answer that cannot be read: it breaks off" in check(server).message


@pytest.mark.parametrize(
    ("tail", "reason"),
    [
        (b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x05\x01\x02\x03\x04\x05", "an address has the wrong length"),
        (b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\xff\xff\x01", "it breaks off"),
        (b"\xc0\xff", "points forwards or at itself"),
        (b"\x80", "of an unknown kind"),
        (b"", "it breaks off"),
    ],
)
def test_nonsense_is_told_and_nothing_breaks(tail: bytes, reason: str) -> None:
    def nonsense(question: bytes) -> list[bytes]:
        bare = bytearray(answer(question))
        bare[7] = 1  # promises one record
        return [bytes(bare) + tail]

    with name_server(nonsense) as server:
        result = check(server)
    assert result.status is CheckStatus.CRITICAL
    assert reason in result.message


def test_the_time_is_held_against_its_levels() -> None:
    with name_server(always(("A", "192.0.2.80"))) as server:
        result = check(
            server, clock=TickingClock(0.3), timeout=Duration(300), warning=Duration(0.1), critical=Duration(100)
        )
    assert result.status is CheckStatus.WARNING
    assert (result.metrics[0].warn, result.metrics[0].crit) == (0.1, 100)


def test_the_servers_of_this_machine_are_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("# nameserver 9.9.9.9\nsearch example.org\nnameserver 192.0.2.53\nnameserver\n  nameserver ::1 \n")
    assert system_servers(str(file)) == ("192.0.2.53", "::1")
    file.write_text("options edns0\n")
    with pytest.raises(OSError, match="names no server"):
        system_servers(str(file))


def test_broken_dns_in_a_machine_of_its_own_is_critical_for_every_name() -> None:
    with namespace() as inside:
        config = Config(targets=(WWW, Target("db.example.org")), servers=(HostPort("192.0.2.53"),), timeout=Duration(1))
        result = inside.run(Driver(config, FakeHost()).check)
    assert result.status is CheckStatus.CRITICAL
    assert result.message.count("192.0.2.53: cannot be reached: this machine has no route to its network") == 2


def test_settings_that_do_not_fit_are_problems() -> None:
    def problems(*names: str, **more: Any) -> list[str]:
        return Config(targets=tuple(map(Target, names)), **more).problems()

    assert problems("a..b") == ["'a..b' is no name: a part of it is empty or longer than 63 bytes"]
    assert problems("x" * 64)
    assert problems(".".join(["x" * 60] * 5)) == [
        f"{'.'.join(['x' * 60] * 5)!r} is no name: it is longer than 255 bytes"
    ]
    assert problems("bücher.example", "_dmarc.example.org.", "1.2.0.192.in-addr.arpa") == []
    assert "ns1 is no address" in problems("a", servers=(HostPort("ns1"),))[0]
    assert "more than 100 questions" in problems(*map(str, range(60)), servers=(HostPort("::1"), HostPort("::2")))[0]
