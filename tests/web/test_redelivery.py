"""A delivery that its sender makes again is the same delivery, whatever has happened in between."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from srvmaint.store import heard
from tests.web.conftest import QUICK, Face, Serve

EXAMPLES = Path(__file__).parents[2] / "examples" / "webhooks"
PAGERDUTY = "/alerts/webhook/pagerduty/"


def incident(status: str) -> dict[str, Any]:
    """A webhook of PagerDuty about one incident."""
    body: dict[str, Any] = json.loads((EXAMPLES / "pagerduty.json").read_text())
    verb = {"triggered": "triggered", "acknowledged": "acknowledged", "resolved": "resolved"}[status]
    body["event"]["event_type"] = f"incident.{verb}"
    body["event"]["data"]["status"] = status
    return body


async def statuses(face: Face) -> list[tuple[str, int]]:
    return [(alert["status"], alert["times_seen"]) for alert in (await face.get("/alerts/")).body["items"]]


async def test_an_old_word_that_comes_again_does_not_turn_the_alert_back(serve: Serve) -> None:
    face = await serve(QUICK)
    first = await face.post(PAGERDUTY, incident("triggered"), headers={"X-Webhook-Id": "one"})
    await face.post(PAGERDUTY, incident("acknowledged"), headers={"X-Webhook-Id": "two"})
    again = await face.post(PAGERDUTY, incident("triggered"), headers={"X-Webhook-Id": "one"})
    assert (first.status, again.status) == (202, 202)
    assert "duplicate" not in first.body
    assert again.body["duplicate"] is True
    assert again.body["alerts"] == {"received": 1, "created": 0, "updated": 0, "resolved": 0, "unchanged": 1}
    assert again.body["runs"] == []
    assert await statuses(face) == [("acknowledged", 2)]


async def test_the_same_delivery_twice_at_once_is_taken_in_once(serve: Serve) -> None:
    face = await serve(QUICK)
    replies = await asyncio.gather(
        *(face.post(PAGERDUTY, incident("triggered"), headers={"X-Webhook-Id": "one"}) for _ in range(20))
    )
    assert [reply.status for reply in replies] == [202] * 20
    assert sum(reply.body["alerts"]["created"] for reply in replies) == 1
    assert sum("duplicate" in reply.body for reply in replies) == 19
    assert await statuses(face) == [("firing", 1)]


async def test_the_id_is_its_drivers_and_without_one_nothing_is_a_duplicate(serve: Serve) -> None:
    face = await serve(QUICK)
    own = {"X-Webhook-Id": "one"}
    await face.post(PAGERDUTY, incident("triggered"), headers=own)
    other = await face.post("/alerts/webhook/generic/", {"name": "disk full"}, headers=own)
    assert other.body["alerts"]["created"] == 1
    for _ in range(2):
        reply = await face.post(PAGERDUTY, incident("triggered"))
        assert "duplicate" not in reply.body
        assert reply.body["alerts"]["unchanged"] == 1
    assert sorted(await statuses(face)) == [("firing", 1), ("firing", 3)]


async def test_amazons_message_id_is_in_the_body(serve: Serve) -> None:
    face = await serve(QUICK)

    def alarm(state: str, message_id: str) -> dict[str, Any]:
        inner = {
            "AlarmName": "cpu-high",
            "AWSAccountId": "123456789012",
            "NewStateValue": state,
            "NewStateReason": "Threshold Crossed",
            "StateChangeTime": "2026-03-02T10:02:17.000+0000",
            "Region": "EU (Frankfurt)",
            "OldStateValue": "OK",
        }
        return {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": "arn:aws:sns:eu-central-1:123456789012:alarms",
            "Message": json.dumps(inner),
            "Timestamp": "2026-03-02T10:02:18.000Z",
        }

    for body in (alarm("ALARM", "one"), alarm("OK", "two"), alarm("ALARM", "one")):
        reply = await face.post("/alerts/webhook/generic/", body)
        assert reply.status == 202
    assert reply.body["duplicate"] is True
    [(status, _)] = await statuses(face)
    assert status == "resolved"


async def test_an_id_is_remembered_longer_than_any_sender_tries(serve: Serve) -> None:
    face = await serve(QUICK)
    await face.post(PAGERDUTY, incident("triggered"), headers={"X-Webhook-Id": "one"})
    now = face.services.clock.now()
    store = face.services.store
    await store.tidy(0.0, now + heard.KEPT_MS // 2)
    again = await face.post(PAGERDUTY, incident("triggered"), headers={"X-Webhook-Id": "one"})
    assert again.body["duplicate"] is True
    await store.tidy(0.0, now + 2 * heard.KEPT_MS)
    late = await face.post(PAGERDUTY, incident("triggered"), headers={"X-Webhook-Id": "one"})
    assert "duplicate" not in late.body
