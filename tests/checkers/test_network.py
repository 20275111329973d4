"""Real ICMP, real connections, in network namespaces that the tests break."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from srvmaint.checkers.network import Config, Driver
from srvmaint.clock import Clock
from srvmaint.host import ping
from srvmaint.host.child import find
from srvmaint.model import CheckResult, CheckStatus
from srvmaint.settings import Duration, Percent
from tests.checkers.hosts import FakeHost
from tests.fakes import TickingClock
from tests.namespaces import Namespace, namespace

HERE, GONE, LOSSY = "127.0.0.1", "192.0.2.7", "127.0.0.2"
EVERYBODY, NOBODY = "0 2147483647", "1 0"


@pytest.fixture
def inside() -> Iterator[Namespace]:
    """A machine on 192.0.2.0/24 where everybody may send ICMP."""
    with namespace() as found:
        found.sysctl("net.ipv4.ping_group_range", EVERYBODY)
        found.ip("link", "add", "left", "type", "veth", "peer", "name", "right")
        found.ip("link", "set", "left", "up")
        found.ip("link", "set", "right", "up")
        found.ip("address", "add", "192.0.2.1/24", "dev", "left")
        yield found


def check(inside: Namespace, *hosts: str, clock: Clock | None = None, **settings: Any) -> CheckResult:
    host = FakeHost()
    host.clock = clock or Clock()
    config = Config(hosts=hosts, **{"timeout": Duration(1), "count": 3, **settings})
    assert config.problems() == []
    return inside.run(Driver(config, host).check)


def test_a_host_that_answers_is_ok_and_the_way_is_told(inside: Namespace) -> None:
    result = check(inside, HERE)
    assert result.status is CheckStatus.OK
    assert result.message.startswith("127.0.0.1 answers in ")
    assert result.message.endswith(" ms (icmp socket)")
    loss, time = result.metrics
    assert (loss.name, loss.value, loss.unit, loss.warn, loss.crit) == ("loss:127.0.0.1", 0, "%", 40, 80)
    assert (time.name, time.unit) == ("time:127.0.0.1", "s")


def test_ipv6_is_asked_as_well(inside: Namespace) -> None:
    assert check(inside, "::1").message.startswith("::1 answers in ")


def test_a_host_that_is_not_there_is_critical_and_never_hides_one_that_is(inside: Namespace) -> None:
    result = check(inside, HERE, GONE)
    assert result.status is CheckStatus.CRITICAL
    assert result.message == f"{GONE} does not answer within 1 s (icmp socket)"
    assert result.details[0].startswith(GONE)
    assert result.details[1].startswith(f"{HERE} answers")
    assert result.metrics[0].value == 100


def test_a_network_without_a_route_is_named(inside: Namespace) -> None:
    assert "this machine has no route to its network" in check(inside, "198.51.100.1").message
    inside.ip("route", "add", "unreachable", "198.51.100.0/24")
    assert "cannot be reached: no route to the host" in check(inside, "198.51.100.1").message


def test_a_name_nobody_knows_is_critical_and_says_so() -> None:
    host = FakeHost()
    result = Driver(Config(hosts=("nobody.invalid",)), host).check()
    assert result.status is CheckStatus.CRITICAL
    assert result.message.startswith("nobody.invalid cannot be found: ")


@contextmanager
def answering_only(inside: Namespace, *numbers: int) -> Iterator[None]:
    """A kernel that answers no ICMP, and somebody who answers some of the requests in its place."""
    inside.sysctl("net.ipv4.icmp_echo_ignore_all", "1")
    raw = inside.run(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))

    def answer() -> None:
        while True:
            packet, sender = raw.recvfrom(2048)
            icmp = packet[20:]
            kind, _, _, identity, number = struct.unpack_from("!BBHHH", icmp)
            if kind == 13:  # a timestamp request is how the test says it is over
                return
            if kind == 8 and number in numbers:
                bare = struct.pack("!BBHHH", 0, 0, 0, identity, number) + icmp[8:]
                raw.sendto(struct.pack("!BBHHH", 0, 0, checksum(bare), identity, number) + icmp[8:], sender)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield
    finally:
        raw.sendto(struct.pack("!BBHHH", 13, 0, checksum(struct.pack("!BBHHH", 13, 0, 0, 0, 0)), 0, 0), (HERE, 0))
        thread.join()
        raw.close()


def checksum(data: bytes) -> int:
    """https://www.rfc-editor.org/rfc/rfc1071."""
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    total = (total >> 16) + (total & 0xFFFF)
    return int(~(total + (total >> 16)) & 0xFFFF)


def test_what_gets_lost_is_counted_and_held_against_the_levels(inside: Namespace) -> None:
    with answering_only(inside, 0, 2):
        result = check(inside, HERE, count=4, warning=Percent(40), critical=Percent(60))
    assert result.status is CheckStatus.WARNING
    assert ", 50 % lost (icmp socket)" in result.message
    assert result.metrics[0].value == 50


def test_one_lost_of_five_is_no_news(inside: Namespace) -> None:
    with answering_only(inside, 0, 1, 2, 4):
        result = check(inside, HERE, count=5)
    assert result.status is CheckStatus.OK
    assert ", 20 % lost" in result.message


@pytest.mark.parametrize(
    ("level", "status"), [(("50ms", "10s"), CheckStatus.WARNING), (("50ms", "80ms"), CheckStatus.CRITICAL)]
)
def test_a_slow_answer_is_held_against_its_own_levels(
    inside: Namespace, level: tuple[str, str], status: CheckStatus
) -> None:
    warning, critical = map(Duration.parse, level)
    result = check(
        inside,
        HERE,
        clock=TickingClock(0.1),
        timeout=Duration(300),
        latency_warning=warning,
        latency_critical=critical,
    )
    assert result.status is status
    assert (result.metrics[1].warn, result.metrics[1].crit) == (float(warning), float(critical))


@pytest.mark.skipif(find("ping") is None, reason="no ping here: apt-get install iputils-ping")
def test_without_an_icmp_socket_the_ping_command_is_used_and_told(inside: Namespace) -> None:
    inside.sysctl("net.ipv4.ping_group_range", NOBODY)
    result = check(inside, HERE, GONE, timeout=Duration(2))
    assert result.details[0] == f"{GONE} does not answer within 2 s (ping command)"
    assert result.details[1].startswith(f"{HERE} answers in ")
    assert result.details[1].endswith("(ping command)")


@pytest.mark.skipif(find("ping") is None, reason="no ping here: apt-get install iputils-ping")
def test_the_ping_command_counts_what_gets_lost(inside: Namespace) -> None:
    inside.sysctl("net.ipv4.ping_group_range", NOBODY)
    with answering_only(inside, 1, 3):  # the command counts from 1
        seen = inside.run(lambda: ping.ping(HERE, 4, 3, Clock().monotonic))
    assert (seen.how, seen.sent, len(seen.times), seen.loss) == ("ping command", 4, 2, 50)
    assert seen.passed == ("no icmp socket: this group is not in net.ipv4.ping_group_range",)


def test_without_either_a_connection_will_do_and_a_refusal_is_an_answer(
    inside: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("srvmaint.host.child.PLACES", ())
    inside.sysctl("net.ipv4.ping_group_range", NOBODY)
    result = check(inside, HERE, GONE)
    assert result.details[0] == f"{GONE} does not answer within 1 s (tcp ports 443, 80, 22)"
    assert result.details[1].startswith(f"{HERE} answers in ")
    assert result.details[1].endswith("(tcp port 443)")


def test_what_cannot_be_a_host_is_a_problem() -> None:
    for odd in ("", "-c", "http://x/", "db1:22", "a b", "[::1]"):
        assert any("is no host name" in problem for problem in Config(hosts=(odd,)).problems()), odd
    assert Config(hosts=("fe80::1%eth0", "::1", "db-1.example.org")).problems() == []
    assert Config(hosts=()).problems() == ['hosts is empty: name at least one, such as "192.0.2.1"']
    assert Config(hosts=("a", "b", "a")).problems() == ["hosts has a twice: remove one"]
    assert Config(hosts=("a",), warning=Percent(80), critical=Percent(40)).problems()
    assert Config(hosts=("a",), latency_warning=Duration(2), latency_critical=Duration(1)).problems() == [
        "latency_warning (2s) must be below latency_critical (1s)"
    ]
