"""`/incidents/`: what people do about them."""

from __future__ import annotations

import pytest

from srvmaint.store.incidents import MOST_NOTES
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
    assert {**listed, "timeline": incident["timeline"]} == incident


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


@pytest.mark.parametrize("action", ["acknowledge", "resolve", "close"])
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


async def test_only_what_is_over_can_be_closed_and_then_it_stays_closed(face: Face) -> None:
    incident_id = await incident_of(face)
    early = await face.post(f"/incidents/{incident_id}/close/")
    assert (early.status, early.body["error"]) == (409, "conflict")
    assert "Resolve it first" in early.body["message"]
    await face.post(f"/incidents/{incident_id}/resolve/")
    closed = await face.post(f"/incidents/{incident_id}/close/", {"by": "ann"})
    assert (closed.status, closed.body["status"], closed.body["notes"][-1]["by"]) == (200, "closed", "ann")
    again = await face.post(f"/incidents/{incident_id}/close", {"by": "bob"})
    assert again.body == closed.body
    for action in ("acknowledge", "resolve"):
        assert (await face.post(f"/incidents/{incident_id}/{action}/")).status == 409


async def test_what_fires_after_its_incident_was_closed_is_a_new_incident(face: Face) -> None:
    incident_id = await incident_of(face)
    await face.told({"name": "disk full", "host": "db1", "id": "d1", "status": "resolved"})
    await face.post(f"/incidents/{incident_id}/close/")
    assert await incident_of(face) != incident_id


async def test_notes_are_kept_in_order_whatever_the_status(face: Face) -> None:
    incident_id = await incident_of(face)
    first = await face.post(f"/incidents/{incident_id}/notes/", {"text": " looked at it ", "by": "ann"})
    assert first.status == 200
    await face.post(f"/incidents/{incident_id}/acknowledge/", {"by": "ann"})
    await face.post(f"/incidents/{incident_id}/resolve/", {"by": "ann"})
    await face.post(f"/incidents/{incident_id}/close/", {"by": "ann"})
    last = await face.post(f"/incidents/{incident_id}/notes", {"text": "it was the log\nrotation"})
    assert [(note["by"], note["text"]) for note in last.body["notes"]] == [
        ("ann", "looked at it"),
        ("ann", "resolved by hand"),
        ("ann", "closed by hand"),
        ("api", "it was the log\nrotation"),
    ]
    assert all(note["at"].endswith("Z") for note in last.body["notes"])


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "  \n"}, {"text": 5}, {"text": "x" * 10_001}])
async def test_a_note_that_says_nothing_or_too_much_is_refused(face: Face, body: dict[str, object]) -> None:
    incident_id = await incident_of(face)
    assert (await face.post(f"/incidents/{incident_id}/notes/", body)).status == 400
    assert (await face.post("/incidents/nothing/notes/", {"text": "x"})).status == 404
    assert (await face.get(f"/incidents/{incident_id}/")).body["notes"] == []


async def test_an_incident_has_only_so_many_notes(face: Face) -> None:
    incident_id = await incident_of(face)
    for number in range(MOST_NOTES):
        await face.services.store.add_note(incident_id, "ann", str(number), 1)
    reply = await face.post(f"/incidents/{incident_id}/notes/", {"text": "one more"})
    assert (reply.status, "1000 already" in reply.body["message"]) == (409, True)


async def test_a_timeline_tells_the_whole_life_in_order(face: Face) -> None:
    incident_id = await incident_of(face)
    await face.post(f"/incidents/{incident_id}/acknowledge/", {"by": "ann"})
    await face.post(f"/incidents/{incident_id}/notes/", {"text": "on my way", "by": "ann"})
    await face.told({"name": "disk full", "host": "db1", "id": "d1", "status": "resolved"})
    await incident_of(face, severity="critical")
    line = (await face.get(f"/incidents/{incident_id}/")).body["timeline"]
    said = [(event["what"], event["text"]) for event in line]
    assert [event["at"] for event in line] == sorted(event["at"] for event in line)
    wanted = [
        ("incident", "opened, pipeline all"),
        ("acknowledged", "ann: acknowledged"),
        ("note", "ann: on my way"),
        ("alert", "disk full resolved (generic): status firing -> resolved"),
        ("alert", "disk full refired (generic): status resolved -> firing"),
    ]
    places = [
        next(at for at, (what, text) in enumerate(said) if (what, text[: len(start)]) == (kind, start))
        for kind, start in wanted
    ]
    assert places == sorted(places)
    messages = [text for what, text in said if what == "message"]
    assert [text.partition(": ")[2] for text in messages] == [
        "[CRITICAL] disk full · db1 · not this host",
        "[RESOLVED] disk full · db1 · not this host",
        "[CRITICAL] disk full · db1 · not this host",
    ]


async def test_an_acknowledgement_that_stands_is_in_the_timeline_once(face: Face) -> None:
    incident_id = await incident_of(face)
    await face.post(f"/incidents/{incident_id}/acknowledge/", {"by": "ann"})
    line = (await face.get(f"/incidents/{incident_id}/")).body["timeline"]
    assert [event["text"] for event in line if "acknowledged" in event["text"]] == ["acknowledged by ann"]
