"""Whatever is sent, nothing is ever 5xx, nobody else waits, and the log calls nothing a defect."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.conftest import Face

FILES = sorted((Path(__file__).parents[2] / "examples" / "webhooks").glob("*.json"))
EXAMPLES = {file.stem: json.loads(file.read_text()) for file in FILES}
ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**30,
    1e300,
    "",
    "\x00",
    "\u202e\U0001f600" * 50,
    "x" * 70_000,
    [],
    {},
    [[]],
    {"": {"": [None]}},
)
RAW = (
    b'{"name": "\\ud800"}',
    b'{"name": "\xed\xa0\x80"}',
    b'{"name": "x", "name": "y"}',
    b'{"name": 1e999}',
    b'{"payload": {"name": "x", "n": 123456789012345678901234567890}}',
    b'{"payload": [[[[[[]]]]]]}',
    b'{"payload": "' + b"\\u0000" * 1000 + b'"}',
    b'{"payload": ' + b"[" * 500 + b"]" * 500 + b"}",
    b'{"by": null, "payload": null}',
    b'{"by": "' + b"x" * 1000 + b'"}',
    b"[1]",
)
PATHS = (
    "/alerts/webhook/",
    "/alerts/webhook/generic/",
    "/alerts/webhook/alertmanager/",
    "/alerts/webhook/%00/",
    "/orchestration/pipeline/",
    "/orchestration/pipeline/sync/?timeout=5",
    "/orchestration/definitions/full/validate/",
    "/orchestration/definitions/direct/execute/",
    "/incidents/x/acknowledge/",
    "/incidents/%ED%A0%80/resolve/",
    "/rejected/x/replay/",
    "/deliveries/x/retry/",
)


def variants(body: Any) -> Iterator[Any]:
    """The body with each of its parts in turn replaced by each odd value, or left out."""
    for path in list(places(body)):
        for odd in ODD:
            changed = copy.deepcopy(body)
            holder = changed
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = odd
            yield changed


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the parts of a JSON value are."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in steps:
        yield (*path, step)
        yield from places(part, (*path, step))


def defects(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("example", EXAMPLES)
async def test_no_part_of_a_webhook_can_be_replaced_so_that_it_fails(
    face: Face, example: str, caplog: pytest.LogCaptureFixture
) -> None:
    for body in variants(EXAMPLES[example]):
        reply = await face.post("/alerts/webhook/", body)
        assert reply.status in {200, 202, 400, 422}, (body, reply.body)
    assert defects(caplog) == []


@pytest.mark.parametrize("path", PATHS)
async def test_no_body_makes_a_post_fail(face: Face, path: str, caplog: pytest.LogCaptureFixture) -> None:
    bodies = [*RAW, *(json.dumps(odd).encode() for odd in ODD), *(json.dumps({"payload": odd}).encode() for odd in ODD)]
    for body in bodies:
        reply = await face.post(path, body)
        assert reply.status < 500, (body[:100], reply.body)
        assert reply.status < 400 or reply.body["message"]
    assert defects(caplog) == []


ODD_TEXTS = {
    "nul": "%00",
    "half a character": "%ED%A0%80",
    "dots": "..",
    "coded dots": "%2e%2e%2f",
    "long": "a" * 3000,
    "emoji": "%F0%9F%98%80",
    "percent": "%",
    "no code": "%zz",
    "digits": "9" * 40,
}


@pytest.mark.parametrize("case", ODD_TEXTS)
async def test_no_id_and_no_filter_makes_a_get_fail(face: Face, case: str, caplog: pytest.LogCaptureFixture) -> None:
    odd = ODD_TEXTS[case]
    for path in ("/alerts", "/incidents", "/rejected", "/orchestration/pipeline", "/orchestration/definitions"):
        reply = await face.get(f"{path}/{odd}")
        assert reply.status in {200, 400, 404}, (path, reply.body)
    for path in ("/alerts/", "/incidents/", "/rejected/", "/orchestration/pipelines/", "/deliveries/"):
        for name in ("limit", "cursor", "since", "status", "state", "name", "incident_id", "trace_id", "driver", odd):
            reply = await face.get(f"{path}?{name}={odd}")
            assert reply.status in {200, 400}, (path, name, reply.body)
    assert defects(caplog) == []


async def test_a_slow_sender_holds_up_nobody_and_is_accepted_in_the_end(face: Face) -> None:
    body = b'{"name": "slow"}'
    reader, writer = await connect(face)
    writer.write(b"POST /alerts/webhook/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body))
    writer.write(body[:5])
    await writer.drain()
    await face.accepted({"name": "quick"})
    writer.write(body[5:])
    assert await reader.readline() == b"HTTP/1.1 202 Accepted\r\n"
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("body", [b'{"name":', b"5\r\nnotto\r\nZZ\r\n"], ids=["length", "chunks"])
async def test_a_sender_that_breaks_off_is_no_defect(face: Face, body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    chunked = body.startswith(b"5")
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 5000"
    reader, writer = await connect(face)
    writer.write(b"POST /alerts/webhook/ HTTP/1.1\r\nHost: localhost\r\n" + length + b"\r\n\r\n" + body)
    await writer.drain()
    if not chunked:
        writer.write_eof()
    assert await asyncio.wait_for(reader.read(), 20) is not None
    writer.close()
    await writer.wait_closed()
    await face.accepted({"name": "next"})
    assert [text for text in defects(caplog) if "defect" in text] == []


@pytest.mark.parametrize(("odd", "status"), [(b"Content-Type: text/\xff", b"400"), (b"Content-Encoding: \xff", b"415")])
async def test_headers_that_are_no_text_do_not_lose_a_body(face: Face, odd: bytes, status: bytes) -> None:
    reader, writer = await connect(face)
    lines = (b"POST /alerts/webhook/ HTTP/1.1", b"Host: localhost", b"User-Agent: caf\xe9", odd, b"Content-Length: 1")
    writer.write(b"\r\n".join((*lines, b"Connection: close", b"", b"{")))
    assert (await asyncio.wait_for(reader.readline(), 20)).split()[1] == status
    writer.close()
    await writer.wait_closed()
    [kept] = (await face.get("/rejected/")).body["items"]
    assert (kept["headers"]["User-Agent"], kept["size"]) == ("caf\\xe9", 1)
    assert (await face.post(f"/rejected/{kept['id']}/replay/")).status == int(status)


async def connect(face: Face) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = face.url.removeprefix("http://").rpartition(":")
    return await asyncio.open_connection(host, int(port))
