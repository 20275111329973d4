"""Against real servers on loopback, with and without TLS."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from srvmaint.checkers.http import Config, Driver, Target, Url
from srvmaint.clock import Clock
from srvmaint.model import CheckResult, CheckStatus
from srvmaint.settings import Duration, Secret
from tests.certificates import Made, make, real_now, serving, written
from tests.checkers.hosts import FakeHost
from tests.fakes import TickingClock
from tests.servers import Behaviour, hangs, refused_port, says, tcp_server


class Web:
    """A server that keeps what it was asked and answers each path its own way."""

    def __init__(self, **pages: bytes | Behaviour) -> None:
        self.pages = pages
        self.asked: list[str] = []

    def __call__(self, connection: socket.socket) -> None:
        """One connection, one request."""
        head = b""
        while b"\r\n\r\n" not in head:
            more = connection.recv(4096)
            if not more:
                return
            head += more
        self.asked.append(head.decode())
        page = self.pages[head.split()[1].decode().partition("?")[0].strip("/") or "root"]
        if callable(page):
            page(connection)
        else:
            connection.sendall(page)


def page(status: int = 200, body: bytes = b"all is well", *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def at(port: int, path: str = "/", scheme: str = "http", host: str = "127.0.0.1", **more: Any) -> Target:
    return Target(Url.parse(f"{scheme}://{host}:{port}{path}"), **more)


def check(*targets: Target, clock: Clock | None = None, **settings: Any) -> CheckResult:
    config = Config(targets=targets, **settings)
    assert config.problems() == []
    assert [problem for target in targets for problem in target.problems()] == []
    host = FakeHost()
    host.clock = clock or Clock()
    return Driver(config, host).check()


def test_a_page_is_ok() -> None:
    with tcp_server(Web(root=page())) as port:
        result = check(at(port))
    assert result.status is CheckStatus.OK
    assert result.message.startswith(f"http://127.0.0.1:{port}/ answers 200 in ")
    assert [(metric.name, metric.unit) for metric in result.metrics] == [(f"time:http://127.0.0.1:{port}/", "s")]


@pytest.mark.parametrize(
    ("answer", "settings", "words"),
    [
        (page(503), {}, "answers 503"),
        (page(404), {"status": (200, 204)}, "answers 404, expected 200 or 204"),
        (page(), {"status": (401,)}, "answers 200, expected 401"),
        (page(), {"text": "all systems go"}, "answers 200, but without 'all systems go'"),
        (page(), {"text_not": "well"}, "answers 200, but with 'well'"),
        (page(302, b"", "Location: /elsewhere?token=s3cr3t"), {}, "answers 302 and sends on to /elsewhere"),
        (page(302, b"", "Location: /\x1b[2Jx"), {}, "answers 302 and sends on to / [2Jx"),
    ],
)
def test_an_answer_that_is_not_as_it_should_be_is_critical(answer: bytes, settings: dict[str, Any], words: str) -> None:
    with tcp_server(Web(root=answer)) as port:
        result = check(at(port, **settings))
    assert result.status is CheckStatus.CRITICAL
    assert result.message == f"http://127.0.0.1:{port}/ {words}"


@pytest.mark.parametrize(
    ("answer", "settings"),
    [
        (page(404), {"status": (200, 404)}),
        (page(), {"text": "is well", "text_not": "ill"}),
        (page(204, b""), {}),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", {"method": "HEAD"}),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nall \r\n7\r\nis well\r\n0\r\n\r\n",
            {"text": "all is"},
        ),
        (b"HTTP/1.0 200 OK\r\n\r\nall is well", {"text": "all is well"}),
        (page(200, "gr\u00fcn".encode("latin-1"), "Content-Type: text/plain; charset=latin-1"), {"text": "grün"}),
        (page(200, b"x", "Content-Type: text/plain; charset=no-such"), {}),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_200_000, {"text": "x" * 1000}),
    ],
)
def test_an_answer_that_is_as_it_should_be_is_ok(answer: bytes, settings: dict[str, Any]) -> None:
    with tcp_server(Web(root=answer)) as port:
        assert check(at(port, **settings)).status is CheckStatus.OK


@pytest.mark.parametrize(
    ("behave", "words"),
    [
        (says(b"220 mail.example.org ESMTP\r\n"), "does not speak HTTP: "),
        (Web(root=b""), " closes the connection without an answer"),
        (Web(root=b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf"), "does not speak HTTP: the answer breaks off"),
        (Web(root=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf"), "the answer breaks off"),
        (Web(root=b"HTTP/1.1 200 OK\r\n" + b"x" * 70000), "does not speak HTTP: "),
        (Web(root=b"HTTP/1.1 oops\x1b[2J\r\n\r\n"), "does not speak HTTP: "),
        (hangs, "does not answer within 0.3 s"),
    ],
)
def test_a_server_that_misbehaves_is_critical_and_told_in_words(behave: Behaviour, words: str) -> None:
    with tcp_server(behave) as port:
        result = check(at(port), timeout=Duration(0.3))
    assert result.status is CheckStatus.CRITICAL
    assert words in result.message
    assert result.message.isprintable()


def test_a_body_that_drips_is_given_up_at_the_deadline() -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            connection.sendall(b"x")
            if connection.recv(1) == b"":
                return

    with tcp_server(Web(root=drip)) as port:
        assert "does not answer within 0.3 s" in check(at(port), timeout=Duration(0.3)).message


def test_nobody_there_is_critical_beside_one_that_is() -> None:
    gone = refused_port()
    with tcp_server(Web(root=page())) as port:
        result = check(at(port), at(gone))
    assert result.message == f"http://127.0.0.1:{gone}/ refuses the connection"
    assert len(result.details) == 2


def test_what_is_sent_is_what_was_set_and_nothing_secret_is_shown() -> None:
    web = Web(login=page(403))
    secret = Secret("Bearer s3cr3t-canary")
    with tcp_server(web) as port:
        result = check(
            at(
                port,
                "/login?key=s3cr3t-canary",
                method="POST",
                body="{}",
                headers={"Authorization": secret, "X-A": Secret("b")},
            )
        )
    [asked] = web.asked
    assert asked.startswith("POST /login?key=s3cr3t-canary HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{port}\r\n" in asked
    assert "Authorization: Bearer s3cr3t-canary\r\n" in asked
    assert "X-A: b\r\n" in asked
    assert "Content-Length: 2\r\n" in asked
    assert "canary" not in repr(result)
    assert result.message == f"http://127.0.0.1:{port}/login answers 403"


def test_redirects_are_followed_only_where_they_are_wanted() -> None:
    web = Web(root=page(301, b"", "Location: next"), next=page(307, b"", "Location: /last?x=1"), last=page())
    with tcp_server(web) as port:
        assert "answers 301 and sends on to next" in check(at(port)).message
        followed = check(at(port, follow_redirects=True, text="all is well"))
    assert followed.status is CheckStatus.OK
    assert [asked.split()[1] for asked in web.asked] == ["/", "/", "/next", "/last?x=1"]


def test_redirects_in_a_circle_and_to_elsewhere_end() -> None:
    web = Web(root=page(302, b"", "Location: /"), away=page(302, b"", "Location: file:///etc/passwd"))
    with tcp_server(web) as port:
        assert "sends on more than 5 times" in check(at(port, follow_redirects=True)).message
        away = check(at(port, "/away", follow_redirects=True))
    assert "sends on to file:, which is no web address" in away.message


def test_headers_do_not_follow_a_redirect_to_another_server() -> None:
    second = Web(there=page())
    with tcp_server(second) as other:
        first = Web(root=page(302, b"", f"Location: http://127.0.0.1:{other}/there"))
        with tcp_server(first) as port:
            check(at(port, follow_redirects=True, headers={"Authorization": Secret("s3cr3t")}))
    assert "s3cr3t" in first.asked[0]
    assert "s3cr3t" not in second.asked[0]


@pytest.mark.parametrize(("critical", "status"), [("1m", CheckStatus.WARNING), ("200ms", CheckStatus.CRITICAL)])
def test_the_time_is_held_against_its_levels(critical: str, status: CheckStatus) -> None:
    with tcp_server(Web(root=page())) as port:
        result = check(
            at(port),
            clock=TickingClock(0.3),
            timeout=Duration(300),
            warning=Duration(0.1),
            critical=Duration.parse(critical),
        )
    assert result.status is status


@pytest.fixture
def authority() -> Made:
    return make("Test CA", is_ca=True, now=real_now())


@contextmanager
def https(folder: Path, leaf: Made) -> Iterator[int]:
    context = serving(folder, leaf)
    web = Web(root=page())

    def behave(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            web(wrapped)

    with tcp_server(behave) as port:
        yield port


def test_a_certificate_that_holds_is_believed(tmp_path: Path, authority: Made) -> None:
    leaf = make("web", ["localhost"], by=authority, now=real_now())
    with https(tmp_path, leaf) as port:
        good = check(at(port, scheme="https", host="localhost", ca_file=written(tmp_path, authority)))
        assert good.status is CheckStatus.OK, good.message


Leaf = Callable[[Made], Made]


@pytest.mark.parametrize(
    ("leaf", "reason"),
    [
        (lambda ca: make("web", ["localhost"], by=ca, now=real_now(), ends=-1), "certificate has expired"),
        (lambda ca: make("web", ["localhost"], by=ca, now=real_now(), begins=1), "certificate is not yet valid"),
        (lambda ca: make("web", ["elsewhere.example"], by=ca, now=real_now()), "hostname mismatch"),
        (lambda _: make("web", ["localhost"], now=real_now()), "self-signed certificate"),
    ],
)
def test_a_certificate_that_does_not_hold_is_critical_unless_anybody_is_believed(
    tmp_path: Path, authority: Made, leaf: Leaf, reason: str
) -> None:
    with https(tmp_path, leaf(authority)) as port:
        bad = check(at(port, scheme="https", host="localhost", ca_file=written(tmp_path, authority)))
        believed = check(at(port, scheme="https", host="localhost", verify=False))
    assert bad.status is CheckStatus.CRITICAL
    assert "shows a certificate that does not hold: " in bad.message
    assert reason in bad.message.replace("self signed", "self-signed")
    assert believed.status is CheckStatus.OK


def test_plain_http_on_a_tls_port_is_told() -> None:
    with tcp_server(says(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        assert "cannot agree on TLS: " in check(at(port, scheme="https")).message


@pytest.mark.parametrize("content", [None, b"nothing of the kind"])
def test_trusted_certificates_that_cannot_be_used_make_it_unknown(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with tcp_server(hangs) as port:
        result = check(at(port, scheme="https", ca_file=str(file)))
    assert result.status is CheckStatus.UNKNOWN
    assert str(file) in result.message


def test_two_addresses_that_look_the_same_are_told_apart() -> None:
    with tcp_server(Web(root=page())) as port:
        result = check(at(port, "/?a=1"), at(port, "/?a=2"))
    assert {metric.name for metric in result.metrics} == {
        f"time:http://127.0.0.1:{port}/ (1)",
        f"time:http://127.0.0.1:{port}/ (2)",
    }


@pytest.mark.parametrize(
    "bad",
    ["", "example.org", "ftp://x/", "http://", "http://a b/", "http://u:p@x/", "http://x:99999/", "http://x/ü", 5],
)
def test_what_is_no_address_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="must "):
        Url.parse(bad)


def test_settings_that_do_not_fit_are_problems() -> None:
    def problems(**more: Any) -> list[str]:
        return at(1, **more).problems()

    assert problems(status=(99,)) == ["status 99 is none: there are 100 to 599"]
    assert problems(method="HEAD", text="x") == ["text cannot be looked for in the answer to a HEAD: use GET"]
    assert problems(body="x") == ["a GET has no body: use POST"]
    assert problems(headers={"Host": Secret("x")}) == ["headers.Host is set by srvmaint itself. Remove it"]
    assert problems(headers={"a b": Secret("x")}) == ["headers: 'a b' cannot be the name of a header"]
    assert problems(headers={"A": Secret("x\r\ny")}) == ["headers.A has a character that a header cannot carry"]
    assert Config(targets=(at(1), at(1))).problems() == ["targets has http://127.0.0.1:1/ twice: remove one"]
