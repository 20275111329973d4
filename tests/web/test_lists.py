"""Lists: filters, pages, and queries that make no sense."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import Face

LISTS = ("/alerts/", "/incidents/", "/orchestration/pipelines/", "/deliveries/", "/rejected/")


async def every(face: Face, path: str, limit: int) -> list[Any]:
    """All items of a list, page by page."""
    items: list[Any] = []
    cursor = ""
    while True:
        page = (await face.get(f"{path}?limit={limit}{cursor}")).body
        assert 0 < len(page["items"]) <= limit
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = f"&cursor={page['next']}"


async def test_every_list_pages_through_everything_once_newest_first(face: Face) -> None:
    for number in range(7):
        await face.told({"name": f"alert-{number}"})
        await face.post("/alerts/webhook/", {"hello": number})
    names = [f"alert-{number}" for number in reversed(range(7))]
    for limit in (1, 3, 7, 500):
        assert [item["name"] for item in await every(face, "/alerts/", limit)] == names
        assert [item["title"] for item in await every(face, "/incidents/", limit)] == names
        for path, key in (("/orchestration/pipelines/", "run_id"), ("/deliveries/", "id"), ("/rejected/", "id")):
            ids = [item[key] for item in await every(face, path, limit)]
            assert len(ids) == 7
            assert ids == sorted(ids, reverse=True)


async def test_alerts_can_be_filtered_by_everything_they_are_looked_for_by(face: Face) -> None:
    await face.told({"name": "disk", "id": "d1", "severity": "critical", "status": "firing", "source": "cron"})
    await face.told({"name": "cpu", "severity": "info"})
    await face.told({"name": "disk", "id": "d1", "severity": "critical", "status": "resolved", "source": "cron"})
    for query in ("status=resolved", "severity=critical", "source=cron", "name=disk", "fingerprint=d1"):
        assert [item["name"] for item in (await face.get(f"/alerts/?{query}")).body["items"]] == ["disk"], query
    assert (await face.get("/alerts/?status=resolved&name=cpu")).body == {"items": [], "next": None}
    received = (await face.get("/alerts/?name=cpu")).body["items"][0]["received_at"]
    assert "cpu" in {item["name"] for item in (await face.get(f"/alerts/?since={received}")).body["items"]}
    assert (await face.get("/alerts/?since=2099-01-01T00:00:00Z")).body["items"] == []


async def test_an_alert_has_all_its_fields_and_its_history(face: Face) -> None:
    body = {"name": "disk", "host": "db1", "severity": "critical", "description": "full", "labels": {"a": "b"}}
    await face.told({**body, "id": "d1", "started_at": "2026-03-02T02:31:08Z", "url": "https://x.example/y"})
    (item,) = (await face.get("/alerts/")).body["items"]
    alert = (await face.get(f"/alerts/{item['id']}/")).body
    history = alert.pop("history")
    assert alert == item
    assert (alert["name"], alert["status"], alert["severity"]) == ("disk", "firing", "critical")
    assert alert["labels"] == {"a": "b", "instance": "db1"}
    assert (alert["starts_at"], alert["generator_url"]) == ("2026-03-02T02:31:08Z", "https://x.example/y")
    assert (alert["fingerprint"], alert["times_seen"], alert["source"]) == ("d1", 1, "generic")
    assert [(line["event"], line["changes"]) for line in history] == [("created", None)]
    await face.told({**body, "id": "d1", "severity": "warning"})
    changed = (await face.get(f"/alerts/{item['id']}")).body["history"][-1]
    assert changed["event"] == "severity_changed"
    assert changed["changes"]["severity"] == ["critical", "warning"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=-1",
        "limit=1.5",
        "limit=many",
        "limit=" + "9" * 40,
        "limit=",
        "cursor=",
        "cursor=%20",
        "cursor=" + "9" * 40,
        "colour=red",
        "Limit=1",
    ],
)
async def test_a_query_that_makes_no_sense_is_400(face: Face, path: str, query: str) -> None:
    reply = await face.get(f"{path}?{query}")
    assert (reply.status, reply.body["error"]) == (400, "bad_request")
    assert reply.body["message"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("/alerts/?status=fireing", "did you mean 'firing'?"),
        ("/alerts/?severity=bad", "there is critical, info, warning"),
        ("/alerts/?since=yesterday", "2026-01-31T12:00:00Z"),
        ("/incidents/?status=opne", "did you mean 'open'?"),
        ("/incidents/?unrouted=perhaps", "true or false"),
        ("/orchestration/pipelines/?state=done", "there is analyzed"),
        ("/deliveries/?state=deads", "did you mean 'dead'?"),
    ],
)
async def test_a_filter_that_can_never_match_says_what_would(face: Face, query: str, said: str) -> None:
    reply = await face.get(query)
    assert reply.status == 400
    assert said in reply.body["message"]


@pytest.mark.parametrize("path", ["/", "/nothing/", "/alerts/x/y/", "/api/v2/alerts", "/favicon.ico"])
async def test_an_unknown_path_is_404_as_json(face: Face, path: str) -> None:
    reply = await face.get(path)
    assert (reply.status, reply.body["error"]) == (404, "not_found")


@pytest.mark.parametrize("path", [*LISTS, "/healthz", "/readyz", "/metrics", "/orchestration/definitions/"])
async def test_every_get_works_with_and_without_its_slash_and_as_head_and_not_as_post(face: Face, path: str) -> None:
    bare = path.rstrip("/")
    for variant in (bare, f"{bare}/"):
        assert (await face.get(variant)).status == 200
        assert (await face.request("HEAD", variant)).status == 200
        assert (await face.post(variant)).status == 405
