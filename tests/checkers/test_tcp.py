from __future__ import annotations

import socket
from typing import Any

import pytest

from srvmaint.checkers._address import HostPort
from srvmaint.checkers.tcp import Config, Driver, Target
from srvmaint.clock import Clock
from srvmaint.model import CheckResult, CheckStatus
from srvmaint.settings import Duration
from tests.checkers.hosts import FakeHost
from tests.fakes import TickingClock
from tests.servers import hangs, refused_port, says, tcp_server


def check(*targets: Target, clock: Clock | None = None, **settings: Any) -> CheckResult:
    config = Config(targets=targets, **settings)
    assert config.problems() == []
    host = FakeHost()
    host.clock = clock or Clock()
    return Driver(config, host).check()


def at(port: int, send: str = "", expect: str = "", host: str = "127.0.0.1") -> Target:
    return Target(HostPort.parse(f"{host}:{port}"), send, expect)


def test_a_service_that_takes_the_connection_is_ok() -> None:
    with tcp_server(hangs) as port:
        result = check(at(port))
    assert result.status is CheckStatus.OK
    assert result.message.startswith(f"127.0.0.1:{port} answers in ")
    assert [(metric.name, metric.unit) for metric in result.metrics] == [(f"time:127.0.0.1:{port}", "s")]


def test_ipv6_is_reached_by_address_in_brackets() -> None:
    with tcp_server(hangs, "::1") as port:
        assert check(at(port, host="[::1]")).status is CheckStatus.OK


def test_the_second_address_of_a_name_is_tried_when_the_first_refuses() -> None:
    with tcp_server(hangs, "127.0.0.1") as port:  # localhost may be ::1 first, where nobody listens
        assert check(at(port, host="localhost")).status is CheckStatus.OK


def test_a_refusal_is_critical_and_never_hidden_by_those_that_answer() -> None:
    gone = refused_port()
    with tcp_server(hangs) as port:
        result = check(at(port), at(gone))
    assert result.status is CheckStatus.CRITICAL
    assert result.message == f"127.0.0.1:{gone} refuses the connection"
    assert len(result.details) == 2


def test_what_is_expected_is_waited_for_across_packets() -> None:
    def slowly(connection: socket.socket) -> None:
        assert connection.recv(100) == b"PING\r\n"
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in (b"noise +P", b"O", b"NG\r\n"):
            connection.sendall(part)

    with tcp_server(slowly) as port:
        assert check(at(port, "PING\r\n", "+PONG")).status is CheckStatus.OK


@pytest.mark.parametrize(
    ("said", "trouble"),
    [
        (b"-ERR go away\r\n\x1b[2J", "says '-ERR go away   [2J' and not '+PONG'"),
        (b"", "ends the connection without a word"),
        (b"\xff\x00" * 50, "and not '+PONG'"),
        (b"x" * 70000, f"says '{'x' * 60}...' and not '+PONG'"),
    ],
)
def test_a_service_that_says_something_else_is_critical_and_quoted_harmlessly(said: bytes, trouble: str) -> None:
    with tcp_server(says(said)) as port:
        result = check(at(port, expect="+PONG"))
    assert result.status is CheckStatus.CRITICAL
    assert trouble in result.message
    assert result.message.isprintable()


def test_one_that_says_too_little_is_waited_for_until_its_time_is_up() -> None:
    def half(connection: socket.socket) -> None:
        connection.sendall(b"220 ")
        hangs(connection)

    with tcp_server(half) as port:
        result = check(at(port, expect="ESMTP"), timeout=Duration(0.3))
    assert result.message.endswith("says '220' and not 'ESMTP'")


def test_one_that_says_nothing_does_not_answer() -> None:
    with tcp_server(hangs) as port:
        result = check(at(port, expect="ESMTP"), timeout=Duration(0.2))
    assert result.message.endswith("does not answer within 0.2 s")
    assert result.status is CheckStatus.CRITICAL


@pytest.mark.parametrize(
    ("critical", "status"), [("1m", CheckStatus.WARNING), ("200ms", CheckStatus.CRITICAL), (None, CheckStatus.WARNING)]
)
def test_the_time_is_held_against_its_levels(critical: str | None, status: CheckStatus) -> None:
    level = Duration.parse(critical) if critical else None
    with tcp_server(hangs) as port:
        result = check(at(port), clock=TickingClock(0.3), timeout=Duration(300), warning=Duration(0.1), critical=level)
    assert result.status is status
    assert result.metrics[0].warn == 0.1


def test_many_in_trouble_are_counted_and_not_all_named() -> None:
    ports = [refused_port() for _ in range(12)]
    result = check(*(at(port) for port in dict.fromkeys(ports)))
    assert result.message.count("refuses") == 5
    assert result.message.endswith(f"and {len(dict.fromkeys(ports)) - 5} more")
    assert len(result.details) == 10


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("db1:5432", "db1", 5432),
        ("[2001:db8::1]:443", "2001:db8::1", 443),
        ("2001:db8::1", "2001:db8::1", None),
        ("[::1]", "::1", None),
        ("mail", "mail", None),
    ],
)
def test_an_address_is_taken_apart(text: str, host: str, port: int | None) -> None:
    assert (HostPort.parse(text).host, HostPort.parse(text).port) == (host, port)


@pytest.mark.parametrize(
    "bad", ["", "a:", ":1", "a:0", "a:65536", "a:x", "http://a", "a b:1", "[::1", "[::1]x", "[a]:1", "u@a:1", 5, "a:²"]
)
def test_what_is_no_address_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="host:port"):
        HostPort.parse(bad)


def test_settings_that_do_not_fit_are_problems() -> None:
    web = Target(HostPort.parse("web"))
    assert Config(targets=(web,)).problems() == ["web has no port: write host:port"]
    assert Config(targets=()).problems() == ['targets is empty: name at least one, such as { address = "db1:5432" }']
    twice = Config(targets=(at(1), at(1)))
    assert twice.problems() == ["targets has 127.0.0.1:1 twice: remove one"]
    assert Config(targets=(at(1), at(1, expect="x"))).problems() == []
    assert Config(targets=(at(1),), warning=Duration(3), critical=Duration(1)).problems() == [
        "warning (3s) must be below critical (1s)"
    ]
    assert "at most 100" in Config(targets=tuple(map(at, range(1, 102)))).problems()[0]
