"""`/orchestration/`: runs and definitions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from srvmaint.pipeline.explain import explain
from tests.web.conftest import Face, Serve

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ALERT = {"name": "disk full", "host": "db1", "severity": "critical"}


async def test_a_payload_is_queued_and_can_be_followed(face: Face) -> None:
    reply = await face.post(
        "/orchestration/pipeline/", {"payload": ALERT, "trace_id": TRACE, "source": "ci", "environment": "staging"}
    )
    assert (reply.status, reply.body["status"], reply.body["trace_id"]) == (202, "queued", TRACE)
    await face.services.watch.end_of(reply.body["run_id"], 20)
    run = (await face.get(f"/orchestration/pipeline/{reply.body['run_id']}/")).body
    assert (run["source"], run["environment"], run["trace_id"]) == ("ci", "staging", TRACE)
    assert (run["state"], run["pipeline"], run["error"]) == ("notified", "all", None)
    assert [(step["id"], step["status"], step["attempts"]) for step in run["steps"]] == [
        ("ingest", "succeeded", 1),
        ("notify", "succeeded", 1),
    ]
    assert [(each["channel"], each["state"]) for each in run["deliveries"]] == [("console", "delivered")]
    (listed,) = (await face.get("/orchestration/pipelines/?status=notified&source=ci")).body["items"]
    assert listed == {key: value for key, value in run.items() if key not in {"steps", "deliveries"}}


async def test_a_run_is_wanted_even_if_nothing_changed(face: Face) -> None:
    first, second = await face.told(ALERT), await face.told(ALERT)
    assert first["run_id"] != second["run_id"]
    assert second["deliveries"] == []
    assert second["state"] == "notified"
    (decision,) = second["steps"][-1]["output"]["decisions"]
    assert decision == {"channel": "console", "send": False, "reason": "already_told"}


async def test_sync_gives_up_waiting_when_told_to_and_the_run_goes_on(serve: Serve) -> None:
    face = await serve('[[channels]]\nname = "hook"\ndriver = "generic"\nendpoint_url = "http://127.0.0.1:9/"\n')
    reply = await face.post("/orchestration/pipeline/sync/?timeout=0", {"payload": ALERT})
    assert (reply.status, reply.body["status"]) == (202, "queued")
    assert reply.body["state"] != "notified"
    refused = await face.post(f"/orchestration/pipeline/{reply.body['run_id']}/resume/")
    assert (refused.status, refused.body["error"]) == (409, "conflict")


async def test_checks_only_looks_and_tells_nobody(face: Face) -> None:
    reply = await face.post("/orchestration/pipeline/sync/", {"payload": ALERT, "checks_only": True})
    assert reply.status == 200
    assert [step["type"] for step in reply.body["steps"]] == ["ingest", "context"]
    assert (reply.body["state"], reply.body["deliveries"]) == ("checked", [])
    assert face.terminal.getvalue() == ""


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({}, 400, "payload"),
        ({"payload": ALERT, "colour": "red"}, 400, "colour"),
        ({"payload": ALERT, "trace_id": "short"}, 400, "trace_id"),
        ({"payload": ALERT, "trace_id": TRACE.upper()}, 400, "trace_id"),
        ({"payload": ALERT, "environment": 5}, 400, "environment"),
        ({"payload": ALERT, "checks_only": "no"}, 400, "checks_only"),
        ({"payload": ALERT, "pipeline": "nothing"}, 400, "nothing"),
        ({"payload": ALERT, "driver": "nothing"}, 404, "nothing"),
        ({"payload": {"hello": "world"}}, 422, "hello"),
    ],
)
async def test_what_cannot_be_executed_is_refused_with_the_reason(
    face: Face, body: dict[str, Any], status: int, said: str
) -> None:
    for path in (
        "/orchestration/pipeline/",
        "/orchestration/pipeline/sync",
        "/orchestration/definitions/full/execute/",
    ):
        if "definitions" in path and (not body or "pipeline" in body):
            continue
        reply = await face.post(path, body)
        assert (reply.status, said in reply.body["message"]) == (status, True), reply.body
        assert ("rejected_id" in reply.body) == (status == 422)
    assert (await face.get("/orchestration/pipelines/")).body["items"] == []


@pytest.mark.parametrize("seconds", ["-1", "601", "nan", "inf", "soon", ""])
async def test_a_timeout_that_is_none_is_400(face: Face, seconds: str) -> None:
    reply = await face.post(f"/orchestration/pipeline/sync/?timeout={seconds}", {"payload": ALERT})
    assert (reply.status, (await face.get("/alerts/")).body["items"]) == (400, [])


async def test_resume_is_404_for_no_run_and_409_for_one_that_has_not_failed(face: Face) -> None:
    assert (await face.post("/orchestration/pipeline/nothing/resume/")).status == 404
    assert (await face.get("/orchestration/pipeline/nothing/")).status == 404
    run = await face.told(ALERT)
    reply = await face.post(f"/orchestration/pipeline/{run['run_id']}/resume/")
    assert (reply.status, reply.body["error"]) == (409, "conflict")
    assert "notified" in reply.body["message"]


async def test_definitions_are_listed_shown_and_valid(face: Face) -> None:
    items = (await face.get("/orchestration/definitions/")).body["items"]
    assert {"all", "direct", "health-checked", "ai-analyzed", "full"} <= {item["name"] for item in items}
    for item in items:
        assert (await face.get(f"/orchestration/definitions/{item['name']}/")).body == item
        reply = await face.post(f"/orchestration/definitions/{item['name']}/validate/")
        assert (reply.status, reply.body) == (200, {"valid": True, "problems": []})
        shown = {key: item[key] for key in ("name", "version", "nodes")}
        assert (await face.post(f"/orchestration/definitions/{item['name']}/validate", shown)).body["valid"]
    for path in ("", "validate/", "execute/"):
        reply = await face.request("POST" if path else "GET", f"/orchestration/definitions/nothing/{path}")
        assert (reply.status, reply.body["error"]) == (404, "not_found")


async def test_a_definition_in_the_body_is_validated_with_every_problem_at_once(face: Face) -> None:
    broken = {
        "version": "9",
        "nodes": [
            {"id": "a", "type": "context", "config": {"include": ["dsk"]}, "next": "nowhere"},
            {"id": "a", "type": "magic"},
            5,
        ],
    }
    reply = await face.post("/orchestration/definitions/full/validate/", broken)
    assert (reply.status, reply.body["valid"]) == (200, False)
    paths = {problem["path"] for problem in reply.body["problems"]}
    assert {"version", "nodes[0].config.include", "nodes[1].type", "nodes[2]"} <= paths
    assert all(problem["message"] for problem in reply.body["problems"])


async def test_a_definition_is_executed_by_name(face: Face) -> None:
    queued = await face.post("/orchestration/definitions/direct/execute/", {"payload": ALERT})
    assert (queued.status, queued.body["runs"][0]["pipeline"]) == (202, "direct")
    ended = await face.post("/orchestration/definitions/health-checked/execute/?sync=1", {"payload": {"name": "x"}})
    assert (ended.status, ended.body["pipeline"], ended.body["state"]) == (200, "health-checked", "notified")
    assert (await face.post("/orchestration/definitions/direct/execute/?sync=maybe", {"payload": ALERT})).status == 400


REPORT = {
    "nodes": [{"id": "look", "type": "context", "config": {"include": ["disk"]}}, {"id": "tell", "type": "notify"}]
}


def keep(folder: Path, name: str, data: object) -> None:
    (folder / "pipelines.d").mkdir()
    (folder / "pipelines.d" / f"{name}.json").write_text(json.dumps(data))


async def test_a_definition_of_a_file_is_executed_by_name_and_without_an_alert(serve: Serve, tmp_path: Path) -> None:
    keep(tmp_path, "report", REPORT)
    face = await serve()
    shown = (await face.get("/orchestration/definitions/report/")).body
    assert (shown["name"], shown["pipelines"], shown["channels"]) == ("report", [], ["console"])
    ended = await face.post("/orchestration/definitions/report/execute/?sync=1", {"source": "cron", "trace_id": TRACE})
    assert (ended.status, ended.body["state"], ended.body["incident_id"]) == (200, "notified", None)
    assert (ended.body["source"], ended.body["trace_id"]) == ("cron", TRACE)
    assert "report: " in face.terminal.getvalue()
    queued = await face.post("/orchestration/definitions/report/execute")
    assert (queued.status, queued.body["status"]) == (202, "queued")
    run = await face.services.watch.end_of(queued.body["run_id"], 20)
    assert (run.state, run.source) == ("notified", "api")
    by_name = await face.post("/orchestration/pipeline/sync/", {"pipeline": "report"})
    assert (by_name.status, by_name.body["state"]) == (200, "notified")
    look = await face.post("/orchestration/pipeline/sync/", {"checks_only": True})
    assert (look.status, look.body["state"]) == (200, "checked")
    assert (await face.get("/alerts/")).body["items"] == []


async def test_a_run_without_an_alert_has_a_story_and_ends_in_the_list(serve: Serve, tmp_path: Path) -> None:
    keep(tmp_path, "report", REPORT)
    face = await serve()
    run = (await face.post("/orchestration/definitions/report/execute/?sync=1")).body
    story = await explain(face.services.store.reader, run["run_id"])
    assert any("somebody asked for a run without an alert" in event.text for event in story.events)
    assert [each["pipeline"] for each in (await face.get("/orchestration/pipelines/")).body["items"]] == ["report"]


@pytest.mark.parametrize("body", [{}, [], 5, "full", None, {"nodes": []}])
async def test_a_body_is_validated_whatever_it_is(face: Face, body: object) -> None:
    for name in ("full", "one-that-is-to-be"):
        reply = await face.post(f"/orchestration/definitions/{name}/validate/", json.dumps(body).encode())
        assert (reply.status, reply.body["valid"]) == (200, False)
        assert all(set(problem) == {"path", "message"} for problem in reply.body["problems"])
    good = {"version": "1.0", "nodes": [{"id": "tell", "type": "notify"}]}
    reply = await face.post("/orchestration/definitions/one-that-is-to-be/validate/", good)
    assert reply.body == {"valid": True, "problems": []}
    assert (await face.post("/orchestration/definitions/full/validate/", b"{")).status == 400
