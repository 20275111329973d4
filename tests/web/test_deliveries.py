"""`/deliveries/` and `/rejected/`: what failed, and its second chance."""

from __future__ import annotations

import asyncio

from tests.fakes import FakeClock
from tests.sink import Answer, Sink
from tests.web.conftest import QUICK, Face, Serve


def hook(sink: Sink) -> str:
    return f'[[channels]]\nname = "hook"\ndriver = "generic"\nendpoint_url = "{sink.url}"\n{QUICK}'


async def test_a_dead_message_is_sent_again_when_somebody_says_so(serve: Serve) -> None:
    async with Sink(Answer(400)) as sink:
        face = await serve(hook(sink))
        run = await face.told({"name": "disk full"})
        assert run["state"] == "failed"
        (dead,) = (await face.get("/deliveries/?state=dead")).body["items"]
        assert (dead["channel"], dead["attempts"], dead["run_id"]) == ("hook", 1, run["run_id"])
        assert dead["headline"].startswith("[WARNING] disk full")
        assert dead["reason"] == "first_notification"
        reply = await face.post(f"/deliveries/{dead['id']}/retry/")
        assert (reply.status, reply.body["state"]) == (202, "due")
        first, second = await sink.received(2)
        assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] == dead["idempotency_key"]
        ended = await face.services.watch.end_of(run["run_id"], 20)
        assert ended.state == "notified"
        again = await face.post(f"/deliveries/{dead['id']}/retry")
        assert (again.status, again.body["error"]) == (409, "conflict")
        assert (await face.post("/deliveries/nothing/retry/")).status == 404


async def test_a_failed_run_is_resumed_and_its_dead_message_sent(serve: Serve) -> None:
    async with Sink(Answer(404)) as sink:
        face = await serve(hook(sink))
        run = await face.told({"name": "disk full"})
        reply = await face.post(f"/orchestration/pipeline/{run['run_id']}/resume/")
        assert (reply.status, reply.body["status"], reply.body["trace_id"]) == (202, "queued", run["trace_id"])
        await sink.received(2)
        assert (await face.services.watch.end_of(run["run_id"], 20)).state == "notified"


async def test_an_outage_is_waited_out_with_growing_pauses(serve: Serve) -> None:
    clock = FakeClock()
    async with Sink(Answer(503), Answer(503), Answer(429, {"Retry-After": "20"})) as sink:
        face = await serve(hook(sink), clock=clock)
        accepted = await face.accepted({"name": "disk full"})
        run_id = accepted["runs"][0]["run_id"]
        for attempt, pause in enumerate((2, 4, 20), start=1):
            await sink.received(attempt)
            assert await next_try(face, clock, attempt) == clock.now() + pause * 1000
            clock.advance(pause)
        await sink.received(4)
        run = await face.services.watch.end_of(run_id, 20)
        assert run.state == "notified"
        (delivery,) = (await face.get("/deliveries/")).body["items"]
        assert (delivery["state"], delivery["attempts"], delivery["last_error"]) == ("delivered", 4, None)


async def next_try(face: Face, clock: FakeClock, attempts: int) -> int:
    """When the next attempt is, once so many have failed and the channel sleeps until then."""
    async with asyncio.timeout(20):
        while True:
            row = await face.services.store.reader.row(
                "SELECT next_at, attempts FROM delivery WHERE state = 'retrying'"
            )
            if row is not None and row[1] == attempts and row[0] in {deadline for deadline, _, _ in clock._sleepers}:
                return int(row[0])


async def test_a_rejected_body_is_listed_without_it_shown_with_it_and_replayed_where_it_fits(face: Face) -> None:
    body = b'{"hello": "\xc3\xa9", "name": ""}'
    refused = await face.post("/alerts/webhook/", body, headers={"Authorization": "Bearer hunter2", "X-Odd": "1"})
    (item,) = (await face.get("/rejected/?code=undetected")).body["items"]
    assert item["id"] == refused.body["rejected_id"]
    assert "body" not in item
    assert (item["size"], item["replayed_at"], item["driver"]) == (len(body), None, None)
    shown = await face.get(f"/rejected/{item['id']}/")
    assert shown.body["body"].encode() == body
    assert "hunter2" not in str(shown.body)
    still = await face.post(f"/rejected/{item['id']}/replay/")
    assert (still.status, still.body["rejected_id"]) == (422, item["id"])
    assert len((await face.get("/rejected/")).body["items"]) == 1
    assert (await face.get("/rejected/nothing/")).status == 404
    assert (await face.post("/rejected/nothing/replay/")).status == 404


async def test_a_body_that_was_no_json_is_shown_with_its_bytes_marked(face: Face) -> None:
    refused = await face.post("/alerts/webhook/", b"caf\xe9")
    assert (await face.get(f"/rejected/{refused.body['rejected_id']}/")).body["body"] == r"caf\xe9"
