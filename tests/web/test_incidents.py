"""`/incidents/`: what people do about them."""

from __future__ import annotations

import pytest

from tests.web.conftest import QUICK, Face, Serve


async def incident_of(face: Face, **changes: str) -> str:
    """An incident that has been told."""
    run = await face.told({"name": "disk full", "host": "db1", "severity": "critical", "id": "d1", **changes})
    incident_id: str = run["incident_id"]
    return incident_id


async def test_an_incident_shows_what_belongs_together(face: Face) -> None:
    incident_id = await incident_of(face)
    await incident_of(face, id="d2", severity="warning")
    incident = (await face.get(f"/incidents/{incident_id}/")).body
    assert incident["title"] == "disk full"
    assert (incident["status"], incident["severity"]) == ("open", "critical")
    assert incident["alerts"] == {"firing": 2, "acknowledged": 0, "resolved": 0}
    assert (incident["pipeline"], incident["unrouted"]) == ("all", False)
    assert incident["group_key"] == 'name="disk full",instance="db1"'
    assert incident["opened_at"].endswith("Z")
    assert incident["resolved_at"] is incident["closed_at"] is incident["acknowledged_at"] is None
    (listed,) = (await face.get("/incidents/")).body["items"]
    assert listed == incident


async def test_acknowledging_says_who_and_the_first_stays(face: Face) -> None:
    incident_id = await incident_of(face)
    first = await face.post(f"/incidents/{incident_id}/acknowledge/", {"by": "ann"})
    assert (first.status, first.body["status"], first.body["acknowledged_by"]) == (200, "acknowledged", "ann")
    second = await face.post(f"/incidents/{incident_id}/acknowledge", {"by": "bob"})
    assert second.body == first.body
    assert (await face.get("/incidents/?status=acknowledged")).body["items"] == [first.body]
    nobody = await incident_of(face, name="other", id="o1")
    assert (await face.post(f"/incidents/{nobody}/acknowledge/")).body["acknowledged_by"] == "api"


async def test_resolving_by_hand_tells_those_who_were_told(face: Face) -> None:
    incident_id = await incident_of(face)
    resolved = await face.post(f"/incidents/{incident_id}/resolve/", {"by": "ann"})
    assert (resolved.status, resolved.body["status"]) == (200, "resolved")
    assert resolved.body["notes"][0]["by"] == "ann"
    run = (await face.get(f"/orchestration/pipelines/?incident_id={incident_id}&limit=1")).body["items"][0]
    assert run["changes"] == ["resolved"]
    await face.services.watch.end_of(run["run_id"], 20)
    assert "[RESOLVED] disk full · db1" in face.terminal.getvalue()
    again = await face.post(f"/incidents/{incident_id}/resolve/")
    assert (again.status, again.body["resolved_at"]) == (200, resolved.body["resolved_at"])
    runs = (await face.get(f"/orchestration/pipelines/?incident_id={incident_id}")).body["items"]
    assert len(runs) == 2
    late = await face.post(f"/incidents/{incident_id}/acknowledge/")
    assert (late.status, late.body["error"]) == (409, "conflict")


@pytest.mark.parametrize("action", ["acknowledge", "resolve"])
async def test_what_is_not_there_or_not_said_well_is_refused(face: Face, action: str) -> None:
    incident_id = await incident_of(face)
    assert (await face.get("/incidents/nothing/")).status == 404
    assert (await face.post(f"/incidents/nothing/{action}/")).status == 404
    for body in (b"[]", b"{", b'{"by": 5}', b'{"by": "' + b"x" * 600 + b'"}'):
        reply = await face.post(f"/incidents/{incident_id}/{action}/", body)
        assert (reply.status, reply.body["error"]) == (400, "bad_request")
    assert (await face.get(f"/incidents/{incident_id}/")).body["status"] == "open"


async def test_an_alert_no_route_takes_is_recorded_and_nobody_is_told(serve: Serve) -> None:
    face = await serve(QUICK + 'match = { severity = "critical" }\n')
    assert (await face.accepted({"name": "small", "severity": "info"}))["runs"] == []
    await face.accepted({"name": "big", "severity": "critical"})
    unrouted = (await face.get("/incidents/?unrouted=1")).body["items"]
    assert [(item["title"], item["pipeline"]) for item in unrouted] == [("small", None)]
    assert [item["title"] for item in (await face.get("/incidents/?unrouted=0")).body["items"]] == ["big"]
    resolved = await face.post(f"/incidents/{unrouted[0]['id']}/resolve/")
    assert resolved.body["status"] == "resolved"
