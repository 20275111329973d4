"""The ways in which an accepted alert could be told to nobody, each closed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from srvmaint.config.load import load
from tests.sink import Answer, Sink
from tests.web.conftest import QUICK, Face, Serve

CRITICAL_ONLY = QUICK + 'match = { severity = "critical" }\n'
DISK = {"name": "disk full", "host": "db1", "id": "d1"}


async def hook(face: Face, **changes: Any) -> dict[str, Any]:
    """Post a body as its sender would and wait for everything it causes."""
    reply = await face.post("/alerts/webhook/generic/", {**DISK, **changes})
    assert reply.status == 202, reply.body
    for run in reply.body["runs"]:
        await face.services.watch.end_of(run["run_id"], 20)
    body: dict[str, Any] = reply.body
    return body


async def reload(face: Face, folder: Path, text: str) -> None:
    """Work by another configuration from now on."""
    file = folder / "srvmaint.toml"
    file.write_text(f'[storage]\npath = "{folder}/state"\n{text}')
    await face.services.reload(load(file, {}))


def told(face: Face) -> list[str]:
    """The first lines of what the console has said."""
    return [line for line in face.terminal.getvalue().splitlines() if line.startswith("[")]


async def test_an_incident_no_pipeline_took_is_told_when_it_gets_bad_enough_for_one(serve: Serve) -> None:
    face = await serve(CRITICAL_ONLY)
    assert (await hook(face, severity="warning"))["runs"] == []
    await hook(face, severity="critical")
    assert [line[:10] for line in told(face)] == ["[CRITICAL]"]


async def test_an_incident_no_pipeline_took_is_told_once_the_configuration_has_one(
    serve: Serve, tmp_path: Path
) -> None:
    face = await serve(CRITICAL_ONLY)
    await hook(face, severity="warning")
    await reload(face, tmp_path, QUICK)
    await hook(face, severity="warning")
    await hook(face, severity="warning")
    assert [line[:9] for line in told(face)] == ["[WARNING]"]


async def test_a_mere_look_at_the_host_does_not_swallow_the_news(face: Face) -> None:
    look = await face.post("/orchestration/pipeline/sync/", {"payload": DISK, "checks_only": True})
    assert (look.status, look.body["state"], look.body["incident_id"]) == (200, "checked", None)
    await hook(face)
    assert len(told(face)) == 1


async def test_a_pipeline_that_tells_nobody_does_not_stand_in_for_the_one_that_would(serve: Serve) -> None:
    quiet = (
        '[[pipelines]]\nname = "quiet"\nmatch = { name = "never" }\n[[pipelines.nodes]]\nid = "a"\ntype = "ingest"\n'
    )
    face = await serve(quiet + QUICK)
    reply = await face.post("/orchestration/pipeline/", {"payload": DISK, "pipeline": "quiet"})
    assert sorted(run["pipeline"] for run in reply.body["runs"]) == ["all", "quiet"]
    for run in reply.body["runs"]:
        await face.services.watch.end_of(run["run_id"], 20)
    assert len(told(face)) == 1


async def test_an_incident_goes_on_by_the_pipelines_there_are_when_its_own_was_renamed(
    serve: Serve, tmp_path: Path
) -> None:
    face = await serve()
    await hook(face, started_at="2026-01-01T00:00:00Z", severity="warning")
    await reload(face, tmp_path, QUICK.replace('"all"', '"renamed"'))
    await hook(face, started_at="2026-01-01T00:00:00Z", severity="critical")
    await hook(face, status="resolved")
    await hook(face, started_at="2026-01-02T00:00:00Z", severity="critical")
    assert [line[:10] for line in told(face)] == ["[WARNING] ", "[CRITICAL]", "[RESOLVED]", "[CRITICAL]"]


async def test_what_fires_on_after_it_was_resolved_by_hand_is_told_again(face: Face) -> None:
    accepted = await hook(face)
    incident_id = accepted["runs"][0]["incident_id"]
    await face.post(f"/incidents/{incident_id}/resolve/")
    (run, _) = (await face.get(f"/orchestration/pipelines/?incident_id={incident_id}")).body["items"]
    await face.services.watch.end_of(run["run_id"], 20)
    again = await hook(face)
    assert again["runs"][0]["incident_id"] == incident_id
    assert [line[:9] for line in told(face)] == ["[WARNING]", "[RESOLVED", "[WARNING]"]


async def test_what_fires_on_with_other_words_after_it_was_resolved_by_hand_is_told_again(face: Face) -> None:
    accepted = await hook(face, description="91 % used")
    await face.post(f"/incidents/{accepted['runs'][0]['incident_id']}/resolve/")
    assert len((await hook(face, description="92 % used"))["runs"]) == 1


async def test_a_new_episode_after_a_resolve_by_hand_is_told_and_the_old_one_stays_over(face: Face) -> None:
    accepted = await hook(face, started_at="2026-01-01T00:00:00Z")
    await face.post(f"/incidents/{accepted['runs'][0]['incident_id']}/resolve/")
    assert (await hook(face, started_at="2026-01-01T00:00:00Z"))["runs"] == []
    assert len((await hook(face, started_at="2026-01-02T00:00:00Z"))["runs"]) == 1


async def test_who_hears_late_that_it_fires_hears_as_well_that_it_is_over(serve: Serve) -> None:
    async with Sink(Answer(400)) as sink:
        channel = f'[[channels]]\nname = "hook"\ndriver = "generic"\nendpoint_url = "{sink.url}"\n'
        face = await serve(channel + QUICK)
        accepted = await hook(face)
        await hook(face, status="resolved")
        run_id = accepted["runs"][0]["run_id"]
        assert (await face.post(f"/orchestration/pipeline/{run_id}/resume/")).status == 202
        await sink.received(3)
        assert [json.loads(request.body)["status"] for request in sink.requests[1:]] == ["firing", "resolved"]


async def test_a_resolved_message_has_the_severity_it_had_in_whatever_order_its_alerts_end(face: Face) -> None:
    pair = [{**DISK, "severity": "critical"}, {**DISK, "id": "d2", "severity": "warning"}]
    await face.post("/alerts/webhook/generic/", {"alerts": pair})
    over = await face.post("/alerts/webhook/generic/", {"alerts": [{**alert, "status": "resolved"} for alert in pair]})
    incident = (await face.get(f"/incidents/{over.body['runs'][0]['incident_id']}/")).body
    assert (incident["status"], incident["severity"]) == ("resolved", "critical")
