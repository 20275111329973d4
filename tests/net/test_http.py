from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from email.utils import formatdate
from pathlib import Path

import pytest

from srvmaint import __version__
from srvmaint.errors import PermanentError, TransientError
from srvmaint.net.http import MAX_RESPONSE, Client, Response, is_http_url, raise_for_status, redact, retry_after
from tests.sink import Answer, Sink, hang

NOW = 1_760_000_000_000


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    client = Client()
    yield client
    await client.close()


def answered(status: int, body: bytes = b"", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, named, body, "POST", "https://hooks.example.com/services/T0/B0/s3cr3tpath", {}, NOW)


def unused_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


async def test_a_request_arrives_with_its_method_path_headers_body_and_our_name(client: Client) -> None:
    async with Sink(Answer(201, {"X-Id": "7"}, b"made")) as sink:
        url = f"{sink.url}/a/b?c=d"
        response = await client.request("PUT", url, headers={"X-One": "1"}, body=b"\x00hello", timeout_s=5)
    (request,) = sink.requests
    assert (request.method, request.path, request.body) == ("PUT", "/a/b?c=d", b"\x00hello")
    assert request.headers["X-One"] == "1"
    assert request.headers["User-Agent"] == f"srvmaint/{__version__}"
    assert (response.status, response.body, response.headers["x-id"]) == (201, b"made", "7")


async def test_requests_one_after_another_share_a_connection(client: Client) -> None:
    async with Sink() as sink:
        for _ in range(3):
            await client.request("POST", sink.url, body=b"{}", timeout_s=5)
    assert len({request.peer for request in sink.requests}) == 1


async def test_a_client_is_made_without_a_loop_and_closed_twice_and_used_again() -> None:
    client = await asyncio.to_thread(Client)
    await client.close()
    async with Sink() as sink:
        await client.request("GET", sink.url, timeout_s=5)
        await client.close()
        await client.close()
        assert (await client.request("GET", sink.url, timeout_s=5)).status == 200
        await client.close()


async def test_redirects_are_answers_and_are_not_followed(client: Client) -> None:
    async with Sink(Answer(302, {"Location": "http://127.0.0.1:9/elsewhere"})) as sink:
        response = await client.request("POST", sink.url, timeout_s=5)
    assert response.status == 302
    assert len(sink.requests) == 1
    with pytest.raises(PermanentError, match="redirects are not followed"):
        raise_for_status(response)


async def test_proxies_of_the_environment_are_not_used(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_port()}")
    async with Sink() as sink:
        assert (await client.request("POST", sink.url, timeout_s=5)).status == 200


async def test_a_long_answer_is_cut(client: Client) -> None:
    async with Sink(Answer(body=b"x" * (3 * MAX_RESPONSE)), Answer(endless=True), Answer(body=b"x" * 5000)) as sink:
        sizes = [len((await client.request("GET", sink.url, timeout_s=5)).body) for _ in range(3)]
    assert sizes == [MAX_RESPONSE, MAX_RESPONSE, 5000]


async def test_a_compressed_answer_is_not_unpacked(client: Client) -> None:
    async with Sink(Answer(headers={"Content-Encoding": "gzip"}, body=b"\x1f\x8bnot really")) as sink:
        response = await client.request("GET", sink.url, timeout_s=5)
    assert response.body == b"\x1f\x8bnot really"
    assert sink.requests[0].headers["Accept-Encoding"] == "identity"


async def test_a_receiver_that_does_not_answer_in_time_is_worth_another_try(client: Client) -> None:
    async with Sink(hang()) as sink:
        with pytest.raises(TransientError, match=r"no answer within 0\.05 s"):
            await client.request("POST", sink.url, timeout_s=0.05)
        await sink.left.wait()


async def test_a_refused_connection_is_worth_another_try(client: Client) -> None:
    with pytest.raises(TransientError, match=r"cannot POST http://127\.0\.0\.1:\d+/…: Connection refused"):
        await client.request("POST", f"http://127.0.0.1:{unused_port()}/hook", timeout_s=5)


async def test_a_name_that_does_not_resolve_is_worth_another_try(client: Client) -> None:
    with pytest.raises(TransientError, match="host name cannot be resolved"):
        await client.request("POST", "http://receiver.invalid/hook", timeout_s=5)


async def test_an_answer_that_breaks_off_is_worth_another_try(client: Client) -> None:
    async with Sink(Answer(broken=True)) as sink:
        with pytest.raises(TransientError, match="broke off"):
            await client.request("POST", sink.url, timeout_s=5)


async def test_a_server_that_speaks_no_http_is_worth_another_try(client: Client) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 mail.example.com ESMTP\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(TransientError):
            await client.request("POST", f"http://127.0.0.1:{port}/s3cr3t", timeout_s=5)


async def test_tls_with_a_server_that_has_none_is_worth_another_try(client: Client) -> None:
    async with Sink() as sink:
        with pytest.raises(TransientError, match="TLS"):
            await client.request("POST", sink.url.replace("http:", "https:"), timeout_s=5)


async def test_a_refused_certificate_is_worth_another_try_because_certificates_are_renewed(
    client: Client, tmp_path: Path
) -> None:
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout key.pem -out cert.pem"
    await asyncio.to_thread(subprocess.run, command.split(), cwd=tmp_path, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    async with Sink(tls=context) as sink:
        with pytest.raises(TransientError, match=r"certificate was refused: self.signed certificate"):
            await client.request("POST", sink.url, timeout_s=5)
    assert sink.requests == []


@pytest.mark.parametrize(
    "url", ["", "hooks", "/path", "ftp://h/s3cr3t", "http://", "http://h:99999/s3cr3t", f"http://{'x' * 70}.com/s3cr3t"]
)
async def test_a_url_that_cannot_be_used_is_not_tried_again_and_not_shown(client: Client, url: str) -> None:
    with pytest.raises(PermanentError, match=r"is not (valid|http)") as caught:
        await client.request("POST", url, timeout_s=5)
    assert "s3cr3t" not in str(caught.value)


async def test_a_header_that_would_smuggle_another_one_in_is_refused(client: Client) -> None:
    async with Sink() as sink:
        with pytest.raises(PermanentError, match="header") as caught:
            await client.request("POST", sink.url, headers={"X-A": "s3cr3t\r\nX-B: 1"}, timeout_s=5)
    assert "s3cr3t" not in str(caught.value)
    assert sink.requests == []


async def test_a_cancelled_request_gives_its_connection_back(client: Client) -> None:
    async with Sink(hang()) as sink:
        task = asyncio.create_task(client.request("POST", sink.url, timeout_s=60))
        await sink.received()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        await sink.left.wait()
        assert (await client.request("POST", sink.url, timeout_s=5)).status == 200


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_success(status: int) -> None:
    raise_for_status(answered(status))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 507, 599])
def test_what_may_pass_is_worth_another_try(status: int) -> None:
    with pytest.raises(TransientError):
        raise_for_status(answered(status))


@pytest.mark.parametrize("status", [300, 301, 304, 307, 308, 400, 401, 403, 404, 405, 410, 413, 422])
def test_what_does_not_pass_is_not_tried_again(status: int) -> None:
    with pytest.raises(PermanentError):
        raise_for_status(answered(status))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("1.5", 1.5),
        ("999999999", 86_400.0),
        ("9" * 400, 86_400.0),
        (formatdate(NOW / 1000 + 90, usegmt=True), 90.0),
        (formatdate(NOW / 1000 - 90, usegmt=True), 0.0),
        (formatdate(NOW / 1000 + 9e6, usegmt=True), 86_400.0),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("1e3", None),
        ("١٢", None),
        ("Thu, 99 Foo 2025 99:99:99 GMT", None),
    ],
)
def test_retry_after_is_understood_bounded_and_never_believed_blindly(value: str, seconds: float | None) -> None:
    assert retry_after(answered(429, Retry_After=value)) == seconds


def test_a_retry_after_date_is_measured_on_the_receivers_own_clock() -> None:
    an_hour_ahead = NOW / 1000 + 3600
    response = answered(
        503,
        Date=formatdate(an_hour_ahead, usegmt=True),
        Retry_After=formatdate(an_hour_ahead + 30, usegmt=True),
    )
    assert retry_after(response) == 30.0
    with pytest.raises(TransientError) as caught:
        raise_for_status(response)
    assert caught.value.retry_after == 30.0


def test_the_error_quotes_the_receiver_on_one_line_without_control_characters() -> None:
    with pytest.raises(PermanentError) as caught:
        raise_for_status(answered(404, b"no_service\r\n\x1b[31m\x00 really \xff"))
    assert (
        str(caught.value)
        == "cannot POST https://hooks.example.com/…: the answer was 404: no_service [31m really \ufffd"
    )


def test_the_error_quotes_no_more_than_200_characters() -> None:
    with pytest.raises(PermanentError) as caught:
        raise_for_status(answered(400, b"word " * 1000))
    assert len(str(caught.value).partition("400: ")[2]) == 200


@pytest.mark.parametrize(
    "body",
    [
        b"Cannot POST /services/T0/B0/s3cr3tpath",
        b'{"path":"\\/services\\/T0\\/B0\\/s3cr3tpath"}',
        b"unknown token S3CR3TPATH",
        b"bad query: k3y-of-query and k3y of query",
        b"hello us3r:passw0rd",
        b"Authorization was: Bearer t0ken-in-header",
        b"x" * 190 + b" s3cr3tpath",
        b"s3cr3\x00tpath",
    ],
)
def test_a_secret_the_receiver_echoes_is_not_quoted(body: bytes) -> None:
    url = "https://us3r:passw0rd@hooks.example.com/services/T0/B0/s3cr3tpath?key=k3y%2Dof-query&other=k3y%20of%20query"
    response = Response(400, {}, body, "POST", url, {"Authorization": "Bearer t0ken-in-header"}, NOW)
    with pytest.raises(PermanentError) as caught:
        raise_for_status(response)
    shown = f"{caught.value}{response!r}".replace(repr(body), "").lower()
    for secret in ("s3cr3", "k3y", "us3r", "passw0rd", "t0ken"):
        assert secret not in shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hooks.slack.com/services/T0/B0/xyz", "https://hooks.slack.com/…"),
        ("http://user:pass@host.example:8080/x?token=1#f", "http://host.example:8080/…"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443/…"),
        ("https://münchen.example/x", "https://münchen.example/…"),
        ("https://hooks.slack.com\\services\\T0", "an unreadable URL"),
        ("https:/hooks.slack.com/services/T0", "an unreadable URL"),
        ("xoxb-token-pasted-by-mistake", "an unreadable URL"),
        ("http://[::1", "an unreadable URL"),
        ("http://host:port/x", "an unreadable URL"),
    ],
)
def test_a_url_is_shown_as_its_host_alone(url: str, shown: str) -> None:
    assert redact(url) == shown


@pytest.mark.parametrize(
    ("url", "usable"),
    [
        ("https://example.com/hook?x=1", True),
        ("http://127.0.0.1:8080", True),
        ("http://[::1]/x", True),
        ("HTTPS://EXAMPLE.COM", True),
        ("ftp://example.com", False),
        ("example.com/hook", False),
        ("https:///hook", False),
        ("http://host:99999", False),
        ("http://[::1", False),
        ("http://host/\r\nX: 1", False),
        ("http://host/\x00", False),
        ("", False),
    ],
)
def test_only_absolute_http_urls_are_usable(url: str, *, usable: bool) -> None:
    assert is_http_url(url) is usable
