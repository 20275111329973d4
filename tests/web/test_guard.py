"""A listener without tokens answers only to its own names: no page in a browser can use it."""

from __future__ import annotations

import pytest

from tests.web.conftest import QUICK, Face, Serve


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8425", "127.8.9.10", "localhost", "LOCALHOST:1", "srvmaint.localhost", "[::1]:8425"],
)
async def test_loopback_names_are_ours(face: Face, host: str) -> None:
    assert (await face.get("/healthz", headers={"Host": host})).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.com",
        "localhost.evil.example.com",
        "127.0.0.1.evil.example.com",
        "localhost.",
        "10.0.0.1",
        "[2001:db8::1]",
        "[::1",
        "",
    ],
)
async def test_any_other_name_is_refused_whatever_is_asked(face: Face, host: str) -> None:
    for method, path in (("GET", "/alerts/"), ("POST", "/alerts/webhook/"), ("GET", "/nothing")):
        reply = await face.request(method, path, headers={"Host": host})
        assert (reply.status, reply.body["error"]) == (403, "forbidden")
        assert "Host" in reply.body["message"]


@pytest.mark.parametrize(
    "origin", ["http://evil.example.com", "null", "", "https://localhost.evil.example.com", "file://"]
)
async def test_a_page_from_elsewhere_is_refused(face: Face, origin: str) -> None:
    reply = await face.post("/alerts/webhook/", {"name": "x"}, headers={"Origin": origin})
    assert (reply.status, reply.body["error"]) == (403, "forbidden")
    assert "Origin" in reply.body["message"]
    assert (await face.get("/alerts/")).body["items"] == []


async def test_the_public_url_is_ours_as_well(serve: Serve) -> None:
    face = await serve(f'[server]\npublic_url = "https://srvmaint.example.com/base"\n{QUICK}')
    assert (await face.get("/healthz", headers={"Host": "srvmaint.example.com"})).status == 200
    headers = {"Host": "srvmaint.example.com:443", "Origin": "https://srvmaint.example.com"}
    assert (await face.post("/alerts/webhook/", {"name": "x"}, headers=headers)).status == 202
    assert (await face.get("/healthz", headers={"Host": "example.com"})).status == 403


async def test_no_answer_says_more_about_a_failure_than_an_operator_needs(face: Face) -> None:
    for reply in (
        await face.get("/nothing"),
        await face.post("/alerts/webhook/", b"{"),
        await face.get("/alerts/?x=1"),
    ):
        assert set(reply.body) >= {"error", "message"}
        assert "Traceback" not in str(reply.body)
        assert "/srvmaint/" not in str(reply.body)
