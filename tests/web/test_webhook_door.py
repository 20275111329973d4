"""`/alerts/webhook/`: what a sender is answered, and that nothing offered is lost."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from srvmaint import alerts, registry
from tests.web.conftest import QUICK, Face, Serve

EXAMPLES = Path(__file__).parents[2] / "examples" / "webhooks"
GENERIC = json.loads((EXAMPLES / "generic.json").read_text())
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("route", ["/alerts/webhook", "/alerts/webhook/alertmanager"])
async def test_a_body_is_accepted_with_and_without_the_slash_and_the_driver(face: Face, route: str, slash: str) -> None:
    reply = await face.post(route + slash, (EXAMPLES / "alertmanager.json").read_bytes())
    assert reply.status == 202
    (run,) = reply.body.pop("runs")
    assert set(run) == {"run_id", "incident_id", "pipeline", "coalesced"}
    assert len(reply.body.pop("trace_id")) == 32
    assert reply.body == {
        "status": "accepted",
        "driver": "alertmanager",
        "alerts": {"received": 1, "created": 1, "updated": 0, "resolved": 0, "unchanged": 0},
        "errors": [],
    }


async def test_a_sender_can_test_its_connection(face: Face) -> None:
    for path in ("/alerts/webhook", "/alerts/webhook/"):
        assert (await face.get(path)).body == {"status": "ok", "driver": None}
    assert (await face.get("/alerts/webhook/generic")).body == {"status": "ok", "driver": "generic"}
    assert (await face.request("HEAD", "/alerts/webhook/generic/")).status == 200
    unknown = await face.get("/alerts/webhook/zabix/")
    assert (unknown.status, unknown.body["error"]) == (404, "unknown_driver")
    assert "generic" in unknown.body["drivers"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_another_method_is_405_and_names_those_there_are(face: Face, method: str) -> None:
    reply = await face.request(method, "/alerts/webhook/")
    assert (reply.status, reply.body["error"]) == (405, "method_not_allowed")
    assert reply.headers["Allow"] == "GET, HEAD, POST"


UNUSABLE = {
    "empty": (b"", 400, "invalid_json"),
    "text": (b"not json", 400, "invalid_json"),
    "nan": (b'{"name": NaN}', 400, "invalid_json"),
    "binary": (b"\xff\xfe\x00", 400, "invalid_json"),
    "unclosed": (b"[" * 100_000, 400, "invalid_json"),
    "deep": (b'{"a":' * 100 + b"1" + b"}" * 100, 400, "invalid_json"),
    "digits": (b'{"name": ' + b"9" * 5000 + b"}", 400, "invalid_json"),
    "number": (b"5", 422, "undetected"),
    "string": (b'"text"', 422, "undetected"),
    "null": (b"null", 422, "undetected"),
    "nothing": (b"{}", 422, "undetected"),
    "unknown": (b'{"hello": "world"}', 422, "undetected"),
    "nameless": (b'{"name": "", "alerts": [{"status": "firing"}]}', 422, "no_alerts"),
    "many": (json.dumps([{"name": "x"}] * 10_001).encode(), 413, "too_many_alerts"),
}


@pytest.mark.parametrize("case", UNUSABLE)
async def test_a_body_that_cannot_be_used_says_why_and_is_kept(face: Face, case: str) -> None:
    body, status, error = UNUSABLE[case]
    reply = await face.post("/alerts/webhook/", body)
    assert (reply.status, reply.body["error"]) == (status, error)
    assert reply.body["message"]
    kept = (await face.get(f"/rejected/{reply.body['rejected_id']}/")).body
    assert (kept["code"], kept["trace_id"]) == (error, reply.body["trace_id"])
    assert kept["size"] == len(body)


async def test_a_body_for_a_driver_that_does_not_exist_is_kept_too(face: Face) -> None:
    reply = await face.post("/alerts/webhook/zabix/", GENERIC)
    assert (reply.status, reply.body["error"]) == (404, "unknown_driver")
    assert reply.body["drivers"] == list(registry.names(alerts.PACKAGE))
    kept = f"/rejected/{reply.body['rejected_id']}"
    assert (await face.post(f"{kept}/replay/")).status == 404
    assert (await face.get(kept)).body["replayed_at"] is None
    assert (await face.post(f"{kept}/replay/?driver=generic")).status == 202
    assert (await face.get(kept)).body["replayed_at"] is not None


async def test_a_driver_that_is_not_enabled_is_unknown(serve: Serve) -> None:
    face = await serve('[alerts]\ndrivers = ["generic"]\n' + QUICK)
    assert (await face.post("/alerts/webhook/alertmanager/", {})).body["drivers"] == ["generic"]


async def test_an_event_without_an_alert_is_no_error(face: Face) -> None:
    reply = await face.post("/alerts/webhook/", {"version": "4", "status": "firing", "alerts": [], "receiver": "x"})
    assert (reply.status, reply.body["status"]) == (200, "ignored")
    assert reply.body["reason"]


async def test_one_bad_alert_does_not_reject_the_others(face: Face) -> None:
    accepted = await face.accepted([{"name": "one"}, 5, {"name": "two"}, {"severity": "critical"}])
    assert accepted["alerts"]["created"] == 2
    assert [error["index"] for error in accepted["errors"]] == [1, 3]
    assert all(error["message"] for error in accepted["errors"])


async def test_a_body_larger_than_allowed_is_413(serve: Serve) -> None:
    face = await serve('[server]\nmax_body = "1KB"\n' + QUICK)
    assert (await face.post("/alerts/webhook/", b'{"name": "' + b"x" * 900 + b'"}')).status == 202
    for path in ("/alerts/webhook/", "/orchestration/pipeline/"):
        reply = await face.post(path, b'{"name": "' + b"x" * 2000 + b'"}')
        assert (reply.status, reply.body["error"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("GZIP", gzip.compress), ("deflate", zlib.compress)]
)
async def test_a_compressed_body_is_unpacked(face: Face, encoding: str, pack: Any) -> None:
    packed = pack(json.dumps(GENERIC).encode())
    await face.accepted(packed, headers={"Content-Encoding": encoding})
    wrapped = pack(json.dumps({"payload": GENERIC}).encode())
    assert (await face.post("/orchestration/pipeline/", wrapped, headers={"Content-Encoding": encoding})).status == 202


PACKED_BADLY = {
    "not packed": (b"not gzip", "gzip", 400, "invalid_encoding"),
    "cut off": (gzip.compress(json.dumps(GENERIC).encode())[:-9], "gzip", 400, "invalid_encoding"),
    "with a tail": (gzip.compress(b"{}") + b"more", "gzip", 400, "invalid_encoding"),
    "zstd": (b"anything", "zstd", 415, "unsupported_encoding"),
    "br": (b"anything", "br", 415, "unsupported_encoding"),
    "bomb": (gzip.compress(b" " * 20_000_000), "gzip", 413, "too_large"),
}


@pytest.mark.parametrize("case", PACKED_BADLY)
async def test_a_body_that_cannot_be_unpacked_is_refused_and_kept(face: Face, case: str) -> None:
    body, encoding, status, error = PACKED_BADLY[case]
    reply = await face.post("/alerts/webhook/", body, headers={"Content-Encoding": encoding})
    assert (reply.status, reply.body["error"]) == (status, error)
    assert (await face.get(f"/rejected/{reply.body['rejected_id']}")).body["headers"]["Content-Encoding"] == encoding
    reply = await face.post("/orchestration/pipeline/", body, headers={"Content-Encoding": encoding})
    assert (reply.status, reply.body["error"]) == (status, error)


@pytest.mark.parametrize(
    ("traceparent", "is_taken"),
    [
        (f"00-{TRACE}-00f067aa0ba902b7-01", True),
        (f"00-{TRACE.upper()}-00f067aa0ba902b7-01", False),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", False),
        ("nonsense", False),
    ],
)
async def test_the_trace_of_the_sender_is_kept_where_it_is_one(face: Face, traceparent: str, *, is_taken: bool) -> None:
    accepted = await face.accepted(GENERIC, headers={"traceparent": traceparent})
    assert (accepted["trace_id"] == TRACE) == is_taken
    (run,) = (await face.get(f"/orchestration/pipelines/?trace_id={accepted['trace_id']}")).body["items"]
    assert run["run_id"] == accepted["runs"][0]["run_id"]


EVENT: dict[str, Any] = {
    "routing_key": "any",
    "event_action": "trigger",
    "payload": {"summary": "Disk full", "source": "db-1", "severity": "critical"},
}


@pytest.mark.parametrize("key", [None, "disk/db-1"])
async def test_a_client_of_the_events_api_finds_in_the_answer_the_key_that_ends_what_it_began(
    face: Face, key: str | None
) -> None:
    address = "/alerts/webhook/pagerduty/v2/enqueue"
    begun = await face.post(address, EVENT | ({"dedup_key": key} if key else {}))
    assert (begun.status, begun.body["message"]) == (202, "Event processed")
    assert begun.body["dedup_key"]
    assert key in (None, begun.body["dedup_key"])
    for action, status in (("acknowledge", "acknowledged"), ("resolve", "resolved")):
        body = {"routing_key": "any", "event_action": action, "dedup_key": begun.body["dedup_key"]}
        assert (await face.post(address, body)).body["dedup_key"] == begun.body["dedup_key"]
        (alert,) = (await face.get("/alerts/")).body["items"]
        assert (alert["status"], alert["name"]) == (status, "Disk full")


async def test_what_is_no_event_is_answered_there_as_everywhere(face: Face) -> None:
    address = "/alerts/webhook/pagerduty/v2/enqueue/"
    refused = await face.post(address, {"hello": "world"})
    assert (refused.status, refused.body["error"]) == (422, "undetected")
    change = await face.post(address, {"routing_key": "any", "payload": {"summary": "deployed"}})
    assert (change.status, change.body["status"]) == (200, "ignored")
    assert "dedup_key" not in change.body
    assert (await face.get(address)).status == 405
