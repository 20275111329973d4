"""Every driver's own pair of bodies in every order a network can make of them; and batches that are good in part."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any, Final

import pytest

from srvmaint import registry
from srvmaint.alerts import PACKAGE
from tests.web.conftest import Face

EXAMPLES: Final = Path(__file__).parents[2] / "examples" / "webhooks"
NAMES: Final = registry.names(PACKAGE)
FIRING, RESOLVED = "", "-resolved"


def body(name: str, which: str = FIRING) -> Any:
    """One of the two."""
    return json.loads((EXAMPLES / f"{name}{which}.json").read_bytes())


async def post(face: Face, name: str, payload: Any) -> dict[str, Any]:
    """Post what is taken in; the answer's counts."""
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    reply = await face.post(f"/alerts/webhook/{name}/", content, headers={"Content-Type": "application/json"})
    assert reply.status == 202, reply.body
    answer: dict[str, Any] = reply.body
    return answer


async def stored(face: Face) -> list[tuple[str, str, str | None]]:
    """Status, severity and end of every alert."""
    found = (await face.get("/alerts/")).body["items"]
    return [(each["status"], each["severity"], each["ends_at"]) for each in found]


async def incidents(face: Face) -> list[str]:
    return [each["status"] for each in (await face.get("/incidents/")).body["items"]]


async def told(face: Face) -> int:
    """How many messages the terminal has, once everything is done."""
    await face.until("/orchestration/pipelines/", lambda page: all(run["finished_at"] for run in page["items"]))
    return face.terminal.getvalue().count("trace ")


@pytest.mark.parametrize("name", NAMES)
async def test_what_comes_again_changes_nothing_and_nobody_is_told_again(face: Face, name: str) -> None:
    for which in (FIRING, RESOLVED):
        first = await post(face, name, body(name, which))
        assert len(first["runs"]) == 1
        before = (await stored(face), await incidents(face), await told(face))
        for _ in range(3):
            again = await post(face, name, body(name, which))
            assert (again["runs"], again["alerts"]["unchanged"]) == ([], 1)
        assert (await stored(face), await incidents(face), await told(face)) == before
    assert (await incidents(face), len(await stored(face)), await told(face)) == (["resolved"], 1, 2)


@pytest.mark.parametrize("name", NAMES)
async def test_a_firing_that_comes_after_its_own_end_opens_nothing(face: Face, name: str) -> None:
    await post(face, name, body(name, RESOLVED))
    for _ in range(2):
        late = await post(face, name, body(name))
        assert (late["runs"], late["alerts"]["unchanged"]) == ([], 1)
    ((status, _, ends_at),) = await stored(face)
    assert (status, await incidents(face), await told(face)) == ("resolved", [], 0)
    assert ends_at is not None


@pytest.mark.parametrize("name", NAMES)
async def test_in_whatever_order_a_pair_comes_twice_it_ends_as_over(face: Face, name: str) -> None:
    ends = set()
    for order in set(itertools.permutations([FIRING, FIRING, RESOLVED, RESOLVED])):
        for which in order:
            await post(face, name, body(name, which))
        ends |= {status for status, _, _ in await stored(face)} | {*await incidents(face)}
        assert await told(face) <= 2
    assert ends == {"resolved"}
    assert len(await stored(face)) == 1


def members(name: str, *entries: Any) -> Any:
    """A batch of these bodies as the sender would make one; entries that are no bodies stand in it as they are."""
    if name in ("alertmanager", "grafana"):
        alerts = [each["alerts"][0] if isinstance(each, dict) and "alerts" in each else each for each in entries]
        return body(name) | {"alerts": alerts}
    if name == "pagerduty":
        return {"messages": [message(each) if isinstance(each, dict) and "event" in each else each for each in entries]}
    return [*entries]


def message(v3: dict[str, Any]) -> dict[str, Any]:
    """A body of version 3 as a member of version 2."""
    event = v3["event"]
    incident = {**event["data"], "incident_number": event["data"]["number"]}
    return {"event": event["event_type"].replace("triggered", "trigger").replace("resolved", "resolve"),
            "incident": incident, "created_on": event["occurred_at"]}  # fmt: skip


BATCHES: Final = ("alertmanager", "generic", "grafana", "pagerduty", "zabbix")
"""Whose senders put several alerts into a body."""


@pytest.mark.parametrize("name", BATCHES)
async def test_the_same_alert_several_times_in_one_body_is_one_alert(face: Face, name: str) -> None:
    answer = await post(face, name, members(name, body(name), body(name), body(name)))
    assert (answer["alerts"]["received"], answer["alerts"]["created"], answer["alerts"]["unchanged"]) == (3, 1, 2)
    assert (len(answer["runs"]), await incidents(face)) == (1, ["open"])
    over = await post(face, name, members(name, body(name, RESOLVED), body(name), body(name, RESOLVED)))
    assert (over["alerts"]["resolved"], over["alerts"]["unchanged"]) == (1, 2)
    assert (len(await stored(face)), await incidents(face), await told(face)) == (1, ["resolved"], 2)


@pytest.mark.parametrize("name", BATCHES)
@pytest.mark.parametrize("bad", [7, None, "text", {}, [], {"status": "firing"}], ids=repr)
async def test_a_batch_with_bad_members_keeps_the_good_ones_and_names_the_bad(face: Face, name: str, bad: Any) -> None:
    for door in (name, ""):
        payload = members(name, bad, body(name), bad, bad)
        reply = await face.post(f"/alerts/webhook/{door}", json.dumps(payload).encode())
        assert reply.status == 202, reply.body
        assert reply.body["driver"] == name
        assert reply.body["alerts"]["received"] == 1
        assert [each["index"] for each in reply.body["errors"]] == [0, 2, 3]
        assert all(each["message"] for each in reply.body["errors"])
    ((status, _, _),) = await stored(face)
    assert status == "firing"


async def test_the_lines_of_a_stream_are_its_members(face: Face) -> None:
    event = (
        '{"clock":1772445737,"ns":1,"value":1,"eventid":%d,"name":"Disk %d","severity":4,"hosts":[{"host":"a",'
        '"name":"A"}],"groups":["G"],"tags":[]}'
    )
    lines = "\n".join([event % (1, 1), "{}", event % (2, 2)]).encode()
    for door in ("zabbix/", ""):
        reply = await face.post(f"/alerts/webhook/{door}", lines, headers={"Content-Type": "application/x-ndjson"})
        assert (reply.status, reply.body["driver"], reply.body["alerts"]["received"]) == (202, "zabbix", 2)
        assert [each["index"] for each in reply.body["errors"]] == [1]
    assert len(await stored(face)) == 2
