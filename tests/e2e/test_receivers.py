"""Receivers that are down, slow, or say no: in real time, with the real backoff of at most two seconds."""

from __future__ import annotations

import asyncio
import json

from tests.e2e.bodies import END, alert, body, hook
from tests.e2e.conftest import Start
from tests.sink import Answer, Sink, hang


async def test_a_receiver_that_was_down_for_a_moment_is_told_once(start: Start, sink: Sink) -> None:
    sink.answers.append(Answer(503))
    daemon = await start(hook(sink.url))
    accepted = await daemon.accepted(body(alert("Down")))
    first, second = await sink.received(2)
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    run = await daemon.run_ended(accepted["runs"][0]["run_id"])
    assert run["state"] == "notified"
    assert [(each["state"], each["attempts"]) for each in run["deliveries"]] == [("delivered", 2)]
    assert len(sink.requests) == 2


async def test_a_receiver_that_is_not_there_is_told_when_it_is(start: Start, sink: Sink) -> None:
    port = int(sink.url.rpartition(":")[2])
    await sink.stop()
    daemon = await start(hook(sink.url))
    accepted = await daemon.accepted(body(alert("Down")))
    await daemon.err.line("Connection refused")
    async with Sink(port=port) as back:
        (request,) = await asyncio.wait_for(back.received(), 30)
        assert json.loads(request.body)["title"] == "Down"
        run = await daemon.run_ended(accepted["runs"][0]["run_id"])
        assert run["state"] == "notified"
        assert len(back.requests) == 1


async def test_retry_after_is_waited_for_and_survives_a_restart(start: Start, sink: Sink) -> None:
    sink.answers.append(Answer(429, {"Retry-After": "3"}))
    daemon = await start(hook(sink.url))
    accepted = await daemon.accepted(body(alert("TooMany")))
    run_id = accepted["runs"][0]["run_id"]
    run = await daemon.until(f"/orchestration/pipeline/{run_id}/", lambda run: run["state"] == "retrying")
    (waiting,) = run["deliveries"]
    assert waiting["state"] == "retrying"
    assert waiting["next_at"]
    assert "429" in waiting["last_error"]
    await daemon.kill()
    await daemon.start()
    assert (await daemon.get("/deliveries/")).body["items"][0]["next_at"] == waiting["next_at"]
    assert len(sink.requests) == 1
    await sink.received(2)
    assert (await daemon.run_ended(run_id))["state"] == "notified"


async def test_a_receiver_that_hangs_does_not_hold_up_another(start: Start, sink: Sink) -> None:
    async with Sink(always=hang()) as stuck:
        daemon = await start(hook(stuck.url, "stuck") + hook(sink.url, "well"))
        for number in range(12):
            await daemon.accepted(body(alert("Alert", f"host{number}")))
        requests = await sink.received(12)
        assert {json.loads(request.body)["host"] for request in requests} == {f"host{number}" for number in range(12)}
        await stuck.received(8)


async def test_a_refusal_is_final_until_somebody_retries(start: Start, sink: Sink) -> None:
    sink.answers.extend([Answer(400), Answer(400)])
    daemon = await start(hook(sink.url))
    run_id = (await daemon.accepted(body(alert("Refused"))))["runs"][0]["run_id"]
    run = await daemon.run_ended(run_id)
    assert (run["state"], run["error"]) == ("failed", "1 of 1 deliveries are dead")
    (dead,) = run["deliveries"]
    assert dead["state"] == "dead"
    assert "the answer was 400" in dead["last_error"]
    assert (await daemon.post(f"/deliveries/{dead['id']}/retry/")).status == 202
    await sink.received(2)
    assert (await daemon.run_ended(run_id))["state"] == "failed"
    assert (await daemon.post(f"/orchestration/pipeline/{run_id}/resume/")).status == 202
    requests = await sink.received(3)
    assert (await daemon.run_ended(run_id))["state"] == "notified"
    assert len({request.headers["Idempotency-Key"] for request in requests}) == 1


async def test_what_fired_and_ended_during_an_outage_is_told_in_order(start: Start, sink: Sink) -> None:
    sink.answers.append(Answer(503, {"Retry-After": "1"}))
    daemon = await start(hook(sink.url))
    await daemon.accepted(body(alert("Short")))
    await sink.received()
    ended = await daemon.accepted(body(alert("Short", ends=END)))
    requests = await sink.received(3)
    assert [json.loads(request.body)["kind"] for request in requests] == ["firing", "firing", "resolved"]
    assert (await daemon.run_ended(ended["runs"][0]["run_id"]))["state"] == "notified"
