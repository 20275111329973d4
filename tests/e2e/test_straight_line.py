"""An alert goes in over HTTP, one message comes out over HTTP."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.bodies import AGAIN, BEGIN, END, TRACE, TRACEPARENT, alert, body, hook
from tests.e2e.conftest import Start
from tests.e2e.daemon import Daemon
from tests.sink import Received, Sink

ALERT = alert("HighMemoryUsage", "localhost:9100")


def said(request: Received) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(request.body)
    return content


async def told(daemon: Daemon, sink: Sink, payload: dict[str, Any], count: int) -> dict[str, Any]:
    """Post, and read what arrived as the `count`th message and no later."""
    await daemon.accepted(payload)
    requests = await sink.received(count)
    assert len(requests) == count
    return said(requests[count - 1])


async def test_a_firing_alert_is_one_message_with_everything_an_operator_needs(start: Start, sink: Sink) -> None:
    daemon = await start(hook(sink.url))
    accepted = await daemon.accepted(body(ALERT), headers={"traceparent": TRACEPARENT})
    assert accepted["trace_id"] == TRACE
    assert accepted["alerts"] == {"received": 1, "created": 1, "updated": 0, "resolved": 0, "unchanged": 0}
    (request,) = await sink.received()
    message = said(request)
    assert request.headers["Idempotency-Key"]
    assert message["headline"].startswith("[CRITICAL] HighMemoryUsage · localhost · ")
    assert message["title"] == "HighMemoryUsage"
    assert message["host"] == "localhost"
    assert message["verdict"] in {"confirmed", "contradicted"}
    assert message["verdict_reason"]
    assert message["trace_id"] == TRACE
    assert message["started_at"] == BEGIN
    assert message["incident_id"] == accepted["runs"][0]["incident_id"]
    assert message["run_id"] == accepted["runs"][0]["run_id"]
    assert {result["checker"] for result in message["evidence"]} == {"cpu", "memory", "disk"}
    ids = {result["id"] for result in message["evidence"]}
    assert len(ids) == 3
    assert message["recommendations"]
    assert all(set(item["evidence"]) <= ids for item in message["recommendations"])
    run = await daemon.run_ended(message["run_id"])
    assert run["state"] == "notified"
    assert [step["type"] for step in run["steps"]] == ["ingest", "context", "intelligence", "notify"]
    assert [delivery["state"] for delivery in run["deliveries"]] == ["delivered"]
    assert len(sink.requests) == 1


async def test_what_was_told_is_not_told_again_and_its_end_is_told_once(start: Start, sink: Sink) -> None:
    daemon = await start(hook(sink.url))
    assert (await told(daemon, sink, body(ALERT), 1))["kind"] == "firing"
    again = await daemon.accepted(body(ALERT))
    assert again["alerts"]["unchanged"] == 1
    assert again["runs"] == []
    resolved = await told(daemon, sink, body({**ALERT, "status": "resolved", "endsAt": END}), 2)
    assert resolved["kind"] == resolved["status"] == "resolved"
    assert resolved["headline"].startswith("[RESOLVED] HighMemoryUsage")
    assert (await daemon.accepted(body({**ALERT, "status": "resolved", "endsAt": END})))["runs"] == []
    assert (await told(daemon, sink, body(alert("Other")), 3))["title"] == "Other"


async def test_firing_again_reopens_the_incident_and_is_told(start: Start, sink: Sink) -> None:
    daemon = await start(hook(sink.url))
    first = await told(daemon, sink, body(ALERT), 1)
    await told(daemon, sink, body({**ALERT, "status": "resolved", "endsAt": END}), 2)
    again = await told(daemon, sink, body({**ALERT, "startsAt": AGAIN}), 3)
    assert again["incident_id"] == first["incident_id"]
    assert again["reason"] == "refired"
    assert again["started_at"] == AGAIN
    incident = (await daemon.get(f"/incidents/{first['incident_id']}/")).body
    assert incident["status"] == "open"
    assert incident["resolved_at"] is None
    history = (await daemon.get("/alerts/")).body["items"][0]["id"]
    events = [line["event"] for line in (await daemon.get(f"/alerts/{history}/")).body["history"]]
    assert events == ["created", "resolved", "refired"]


async def test_a_worse_or_milder_severity_is_told(start: Start, sink: Sink) -> None:
    daemon = await start(hook(sink.url))
    labels = ALERT["labels"]
    await told(daemon, sink, body({**ALERT, "labels": {**labels, "severity": "warning"}}), 1)
    worse = await told(daemon, sink, body(ALERT), 2)
    assert (worse["kind"], worse["severity"]) == ("severity_changed", "critical")
    milder = await told(daemon, sink, body({**ALERT, "labels": {**labels, "severity": "warning"}}), 3)
    assert (milder["kind"], milder["severity"]) == ("severity_changed", "warning")


async def test_an_alert_that_joins_its_incident_is_told(start: Start, sink: Sink) -> None:
    daemon = await start(hook(sink.url))
    first = await told(daemon, sink, body(alert("DiskFull", mountpoint="/")), 1)
    second = await told(daemon, sink, body(alert("DiskFull", mountpoint="/var")), 2)
    assert second["incident_id"] == first["incident_id"]
    assert (second["reason"], second["alerts_total"]) == ("new_alerts", 2)
    one_left = await daemon.accepted(body(alert("DiskFull", mountpoint="/", ends=END)))
    assert one_left["alerts"]["resolved"] == 1
    over = await told(daemon, sink, body(alert("DiskFull", mountpoint="/var", ends=END)), 3)
    assert over["kind"] == "resolved"


async def test_a_hundred_alerts_of_one_group_are_one_message(start: Start, sink: Sink) -> None:
    daemon = await start('[alerts]\ngroup_by = ["name"]\n' + hook(sink.url))
    storm = body(*(alert("TargetDown", f"web{number}:9100") for number in range(100)))
    message = await told(daemon, sink, storm, 1)
    assert message["alerts_total"] == 100
    assert len(message["alerts"]) == 20
    assert (await daemon.get("/incidents/")).body["items"][0]["alerts"]["firing"] == 100
    assert (await told(daemon, sink, body(alert("Other")), 2))["title"] == "Other"


async def test_a_hundred_alerts_of_a_hundred_groups_are_a_message_each(start: Start, sink: Sink) -> None:
    daemon = await start(hook(sink.url))
    accepted = await daemon.accepted(body(*(alert("TargetDown", f"web{number}:9100") for number in range(100))))
    assert len(accepted["runs"]) == 100
    requests = await sink.received(100)
    assert len({said(request)["host"] for request in requests}) == 100
    assert len({request.headers["Idempotency-Key"] for request in requests}) == len(requests) == 100


async def test_without_any_channel_the_message_is_on_standard_output(start: Start) -> None:
    daemon = await start()
    accepted = await daemon.accepted(body(ALERT))
    await daemon.out.line(f"trace {accepted['trace_id']}")
    assert daemon.out.lines[0].startswith("[CRITICAL] HighMemoryUsage · localhost · ")
    assert any(line.startswith("Evidence on ") for line in daemon.out.lines)
    assert await daemon.stop() == 0
    assert "\x1b" not in daemon.out.text
    assert daemon.err.lines == [line for line in daemon.err.lines if " ready on " in line]


async def test_slack_gets_blocks_and_the_whole_message_as_text(start: Start, sink: Sink) -> None:
    channel = f'[[channels]]\nname = "ops"\ndriver = "slack"\nwebhook_url = "{sink.url}/services/T0/B0/x"\n'
    daemon = await start(channel)
    await daemon.accepted(body(ALERT))
    (request,) = await sink.received()
    message = said(request)
    assert request.path == "/services/T0/B0/x"
    assert message["blocks"][0]["type"] == "header"
    assert "HighMemoryUsage" in message["blocks"][0]["text"]["text"]
    assert "Evidence" in message["text"]


async def test_a_route_chooses_the_channels_and_what_no_route_takes_is_recorded_as_unrouted(
    start: Start, sink: Sink
) -> None:
    route = '[[pipelines]]\nname = "disks"\npreset = "direct"\nmatch = { name = "re:^Disk" }\nchannels = ["disks"]\n'
    daemon = await start(hook(sink.url, "hook") + hook(sink.url, "disks") + route)
    await daemon.err.line("no pipeline matches every alert")
    assert (await daemon.accepted(body(alert("Other"))))["runs"] == []
    message = await told(daemon, sink, body(alert("DiskFull")), 1)
    assert (message["pipeline"], sink.requests[0].path) == ("disks", "/disks")
    assert message["evidence"] == []
    unrouted = (await daemon.get("/incidents/?unrouted=true")).body["items"]
    assert [incident["title"] for incident in unrouted] == ["Other"]
