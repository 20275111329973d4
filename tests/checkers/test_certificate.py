"""Certificates made here, shown by real TLS servers on loopback or written to files."""

from __future__ import annotations

import datetime as dt
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from srvmaint.checkers._address import HostPort
from srvmaint.checkers.certificate import Config, Driver, Target
from srvmaint.clock import Clock
from srvmaint.model import CheckResult, CheckStatus
from srvmaint.settings import Duration
from tests.certificates import Made, make, real_now, serving, written
from tests.checkers.hosts import FakeHost
from tests.config.written import as_a_user
from tests.fakes import START
from tests.servers import hangs, refused_port, says, tcp_server

NOW = dt.datetime.fromtimestamp(START / 1000, dt.UTC)
"""The fake clock's time, for certificates in files; servers' are held against the real time by OpenSSL."""


@pytest.fixture
def authority() -> Made:
    return make("Test CA", is_ca=True, now=real_now())


@contextmanager
def server(folder: Path, leaf: Made, *chain: Made) -> Iterator[int]:
    context = serving(folder, leaf, *chain)
    asked: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)

    def behave(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            wrapped.recv(1)

    with tcp_server(behave) as port:
        yield port
    names.extend(asked)


names: list[str | None] = []


def check(*targets: Target, files: tuple[str, ...] = (), clock: Clock | None = None, **settings: Any) -> CheckResult:
    config = Config(targets=targets, files=files, **settings)
    assert config.problems() == []
    host = FakeHost()
    if targets:
        host.clock = clock or Clock()
    return Driver(config, host).check()


def at(port: int, host: str = "localhost", name: str = "", ca: str = "") -> Target:
    return Target(HostPort.parse(f"{host}:{port}"), name, ca)


def test_a_good_certificate_is_ok_with_the_days_it_has_left(tmp_path: Path, authority: Made) -> None:
    leaf = make("web", ["localhost"], by=authority, now=real_now(), ends=90.5)
    with server(tmp_path, leaf) as port:
        result = check(at(port, ca=written(tmp_path, authority)))
    assert result.status is CheckStatus.OK, result.message
    assert f"localhost:{port} expires in 90 days, on 20" in result.message
    assert result.message.endswith("(issued by Test CA)")
    [metric] = result.metrics
    assert (metric.name, metric.warn, metric.crit, metric.low) == (f"days_left:localhost:{port}", 14, 7, True)
    assert 90 <= metric.value <= 91


@pytest.mark.parametrize(
    ("ends", "status", "text"),
    [
        (15.5, CheckStatus.OK, "expires in 15 days"),
        (13.5, CheckStatus.WARNING, "expires in 13 days"),
        (6.5, CheckStatus.CRITICAL, "expires in 6 days"),
        (1.5, CheckStatus.CRITICAL, "expires in 1 day,"),
        (0.5, CheckStatus.CRITICAL, "expires in less than a day"),
    ],
)
def test_the_days_left_are_held_against_the_levels(
    tmp_path: Path, authority: Made, ends: float, status: CheckStatus, text: str
) -> None:
    with server(tmp_path, make("web", ["localhost"], by=authority, now=real_now(), ends=ends)) as port:
        result = check(at(port, ca=written(tmp_path, authority)))
    assert result.status is status
    assert text in result.message


def test_an_expired_certificate_says_since_when_and_nothing_else(tmp_path: Path, authority: Made) -> None:
    with server(tmp_path, make("web", ["localhost"], by=authority, now=real_now(), ends=-2.5)) as port:
        result = check(at(port, ca=written(tmp_path, authority)))
    assert result.status is CheckStatus.CRITICAL
    assert result.message.startswith(f"localhost:{port} expired 2 days ago, on ")
    assert result.metrics[0].value == pytest.approx(-2.5, abs=0.1)


def test_one_from_the_future_is_critical(tmp_path: Path, authority: Made) -> None:
    with server(tmp_path, make("web", ["localhost"], by=authority, now=real_now(), begins=2)) as port:
        result = check(at(port, ca=written(tmp_path, authority)))
    assert result.status is CheckStatus.CRITICAL
    assert f"localhost:{port} is not valid before 20" in result.message


def test_a_wrong_name_is_named_with_the_names_there_are(tmp_path: Path, authority: Made) -> None:
    leaf = make("web", [f"{letter}.example.org" for letter in "abcdef"], by=authority, now=real_now())
    with server(tmp_path, leaf) as port:
        result = check(at(port, ca=written(tmp_path, authority)))
    assert result.status is CheckStatus.CRITICAL
    assert (
        "shows a certificate for a.example.org, b.example.org, c.example.org, d.example.org and 2 more and not for "
        "localhost; it expires in 89 days"
    ) in result.message


def test_the_name_asked_for_may_be_another_than_the_address(tmp_path: Path, authority: Made) -> None:
    names.clear()
    with server(tmp_path, make("mail", ["mail.example.org"], by=authority, now=real_now())) as port:
        good = check(at(port, "127.0.0.1", "mail.example.org", written(tmp_path, authority)))
        bad = check(at(port, "127.0.0.1", "imap.example.org", written(tmp_path, authority)))
    assert good.status is CheckStatus.OK, good.message
    assert good.message.startswith(f"127.0.0.1:{port} (mail.example.org) expires in ")
    assert "and not for imap.example.org" in bad.message
    assert set(names) == {"mail.example.org", "imap.example.org"}


def test_one_signed_by_itself_and_for_another_name_has_both_faults_named(tmp_path: Path) -> None:
    with server(tmp_path, make("old", ["old.example.org"], now=real_now())) as port:
        message = check(at(port)).message
    assert "shows a certificate for old.example.org and not for localhost" in message
    assert "is signed by itself and not trusted here" in message


def test_a_missing_intermediate_is_named(tmp_path: Path, authority: Made) -> None:
    middle = make("Middle CA", by=authority, is_ca=True, now=real_now())
    leaf = make("web", ["localhost"], by=middle, now=real_now())
    trusted = written(tmp_path, authority)
    with server(tmp_path, leaf) as port:
        result = check(at(port, ca=trusted))
    assert result.status is CheckStatus.CRITICAL
    assert "shows a chain that is broken at Middle CA: the server does not send that certificate" in result.message
    with server(tmp_path, leaf, middle) as port:
        assert check(at(port, ca=trusted)).status is CheckStatus.OK


def test_an_expired_intermediate_is_not_blamed_on_the_certificate(tmp_path: Path, authority: Made) -> None:
    middle = make("Middle CA", by=authority, is_ca=True, now=real_now(), ends=-1)
    leaf = make("web", ["localhost"], by=middle, now=real_now())
    with server(tmp_path, leaf, middle) as port:
        message = check(at(port, ca=written(tmp_path, authority))).message
    assert "shows a chain of which another certificate is out of its time; it expires in 89 days" in message


def test_an_authority_nobody_trusts_here_is_named(tmp_path: Path, authority: Made) -> None:
    leaf = make("web", ["localhost"], by=authority, now=real_now())
    other = make("Other CA", is_ca=True, now=real_now())
    with server(tmp_path, leaf, authority) as port:
        message = check(at(port, ca=written(tmp_path, other))).message
    assert "ends in an authority that is not trusted here" in message


def test_no_tls_nobody_there_and_silence_are_critical() -> None:
    gone = refused_port()
    with tcp_server(says(b"220 mail ESMTP\r\n" * 100)) as plain, tcp_server(hangs) as silent:
        result = check(at(plain), at(silent), at(gone), timeout=Duration(0.4))
    assert result.status is CheckStatus.CRITICAL
    assert f"localhost:{plain} cannot agree on TLS: " in result.message
    assert f"localhost:{silent} does not answer within 0.4 s" in result.message
    assert f"localhost:{gone} refuses the connection" in result.message


def test_files_are_read_and_the_first_to_end_decides(tmp_path: Path) -> None:
    ca = make("Test CA", is_ca=True, now=NOW, ends=1000)
    soon = make("soon.example.org", by=ca, now=NOW, ends=5.5)
    late = make("late.example.org", by=ca, now=NOW, ends=50.5)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "fullchain.pem").write_bytes(late.key_pem + late.pem + ca.pem)
    (tmp_path / "b" / "fullchain.pem").write_bytes(ca.pem + soon.pem)
    result = check(files=(f"{tmp_path}/*/fullchain.pem",))
    assert result.status is CheckStatus.CRITICAL
    assert result.message == (
        f"{tmp_path}/b/fullchain.pem: soon.example.org expires in 5 days, on 2025-10-14 (issued by Test CA)"
    )
    assert [metric.name for metric in result.metrics] == [
        f"days_left:{tmp_path}/b/fullchain.pem",
        f"days_left:{tmp_path}/a/fullchain.pem",
    ]
    (tmp_path / "b" / "fullchain.pem").write_bytes(late.pem)
    fine = check(files=(f"{tmp_path}/*/fullchain.pem",))
    assert fine.status is CheckStatus.OK
    assert fine.message.startswith("all 2 certificates are good, first to end: ")


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (None, CheckStatus.CRITICAL, "does not exist, or matches no file"),
        (
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            CheckStatus.CRITICAL,
            "holds no certificate",
        ),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", CheckStatus.CRITICAL, "that can be read"),
        (b"", CheckStatus.CRITICAL, "holds no certificate"),
    ],
)
def test_a_file_without_a_certificate_says_so(
    tmp_path: Path, content: bytes | None, status: CheckStatus, words: str
) -> None:
    file = tmp_path / "x.pem"
    if content is not None:
        file.write_bytes(content)
    result = check(files=(str(file),))
    assert result.status is status
    assert str(file) in result.message
    assert words in result.message


def test_a_file_that_may_not_be_read_is_unknown() -> None:
    with as_a_user() as folder:
        file = folder / "x.pem"
        file.write_bytes(b"")
        file.chmod(0)
        result = check(files=(str(file),))
    assert result.status is CheckStatus.UNKNOWN
    assert "cannot be read: permission denied" in result.message


def test_a_fifo_holds_up_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.pem")
    assert "holds no certificate" in check(files=(f"{tmp_path}/x.pem",)).message


def test_settings_that_do_not_fit_are_problems() -> None:
    assert "there is nothing to look at" in Config().problems()[0]
    assert Config(files=("x.pem",)).problems() == ["file 'x.pem' must be absolute: start it with /"]
    assert Config(files=("/x",), warning=7, critical=7).problems() == [
        "warning (7 days left) must be above critical (7 days left)"
    ]
    assert Config(targets=(at(1), at(1))).problems() == ["targets has localhost:1 twice: remove one"]
    assert Config(targets=(at(1), at(1, name="other"))).problems() == []
