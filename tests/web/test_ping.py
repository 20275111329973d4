"""`/ping/<slug>` over HTTP, and what comes of it: alerts like any other, on a clock moved by hand."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from srvmaint.config.heartbeats import expected
from srvmaint.errors import StoreUnavailableError
from srvmaint.incidents.heartbeat import Beat
from tests.fakes import FakeClock
from tests.opened import configured, opened
from tests.web.conftest import QUICK, Face, Serve

HOUR = 3600
JOBS = '[[heartbeats]]\nslug = "backup"\nevery = "24h"\ngrace = "1h"\nhost = "db-1"\n' + QUICK


async def alert(face: Face, status: str) -> Any:
    """The backup's alert once it is in this status."""
    page = await face.until("/alerts/", lambda body: [each["status"] for each in body["items"]] == [status])
    return page["items"][0]


async def told(face: Face, word: str) -> None:
    """Wait until the console has been told so."""
    async with asyncio.timeout(20):
        while word not in face.terminal.getvalue():
            await face.get("/healthz")


async def test_a_missed_beat_is_an_alert_that_recovers_by_itself(serve: Serve) -> None:
    clock = FakeClock()
    face = await serve(JOBS, clock=clock)
    assert (await face.get("/ping/backup")).body == {"status": "ok", "heartbeat": "backup"}
    clock.advance(25 * HOUR - 1)
    await face.services.heartbeats.settle()
    assert (await face.get("/alerts/")).body["items"] == []
    clock.advance(1)
    fired = await alert(face, "firing")
    assert (fired["source"], fired["name"], fired["severity"]) == ("heartbeat", "Heartbeat backup", "critical")
    assert fired["labels"] == {"heartbeat": "backup", "instance": "db-1"}
    assert "should be every 24 h 0 min (grace 60 min)" in fired["description"]
    await told(face, "[CRITICAL] Heartbeat backup · db-1")
    clock.advance(HOUR)
    await face.get("/ping/backup/")
    assert (await alert(face, "resolved"))["times_seen"] == 2
    await told(face, "[RESOLVED] Heartbeat backup · db-1")


async def test_a_failure_is_told_with_its_exit_code_and_its_output(serve: Serve) -> None:
    face = await serve(JOBS, clock=FakeClock())
    await face.get("/ping/backup/start")
    await face.post("/ping/backup/3?duration=61.5", b"\x00first\n" + b"x" * 9000 + b"\nno room left")
    fired = await alert(face, "firing")
    assert "failed at 2025-10-09 08:53 UTC after 61 s (exit code 3)" in fired["description"]
    assert fired["annotations"]["output"].endswith("x\nno room left")
    assert len(fired["annotations"]["output"]) == 2000
    await face.get("/ping/backup/0")
    await alert(face, "resolved")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize(
    "path", ["/ping/backup", "/ping/backup/", "/ping/backup/start", "/ping/backup/fail/", "/ping/backup/255"]
)
async def test_any_client_can_say_it(serve: Serve, method: str, path: str) -> None:
    face = await serve(JOBS)
    assert (await face.request(method, path)).status == 200
    [row] = await face.services.store.expect_heartbeats([], 0)
    assert [row.ok_at, row.started_at, row.failed_at].count(None) == 2


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/ping/bakup", 404, "there is no heartbeat 'bakup': did you mean 'backup'?"),
        ("GET", "/ping/backup/256", 404, "there is start, fail, or an exit code"),
        ("GET", "/ping/backup/-1", 404, "there is start, fail, or an exit code"),
        ("GET", "/ping/backup/done", 404, "there is start, fail, or an exit code"),
        ("GET", "/ping/backup/0?duration=long", 400, "duration must be a number of seconds"),
        ("PUT", "/ping/backup", 405, "GET, HEAD, POST"),
        ("GET", "/ping/", 404, "there is nothing at"),
    ],
)
async def test_what_cannot_be_meant_is_refused(serve: Serve, method: str, path: str, status: int, words: str) -> None:
    face = await serve(JOBS)
    reply = await face.request(method, path)
    assert reply.status == status
    assert words in reply.body["message"]
    [row] = await face.services.store.expect_heartbeats([], 0)
    assert row.ok_at is None


async def test_a_failure_while_nothing_can_be_stored_is_told_once_it_can(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    face = await serve(JOBS, clock=clock)
    intake, refused = face.services.intake, asyncio.Event()
    accept = intake.accept

    async def refuse(_offer: object) -> None:
        refused.set()
        raise StoreUnavailableError("cannot store alerts now: no room")

    monkeypatch.setattr(intake, "accept", refuse)
    assert (await face.get("/ping/backup/fail")).status == 200
    await asyncio.wait_for(refused.wait(), 20)
    monkeypatch.setattr(intake, "accept", accept)
    await face.services.heartbeats.settle()
    await alert(face, "firing")


async def test_a_job_that_is_taken_out_of_the_configuration_has_its_alert_ended(serve: Serve, tmp_path: Path) -> None:
    face = await serve(JOBS, clock=FakeClock())
    await face.get("/ping/backup/fail")
    await alert(face, "firing")
    await face.services.reload(configured(tmp_path, QUICK))
    await alert(face, "resolved")
    assert (await face.get("/ping/backup")).status == 404
    await face.services.reload(configured(tmp_path, JOBS))
    assert (await face.get("/ping/backup")).status == 200


async def test_a_job_that_is_put_back_while_it_is_let_go_is_expected(tmp_path: Path) -> None:
    config = configured(tmp_path, JOBS)
    async with opened(config, clock=FakeClock()) as services:
        heartbeats = services.heartbeats
        await asyncio.wait_for(heartbeats.looked.wait(), 20)
        for _ in range(10):
            await heartbeats.expect(())
            await asyncio.gather(heartbeats.expect(expected(config, "here")), heartbeats.settle())
            await heartbeats.beat(Beat("backup", services.clock.now()))
            await heartbeats.settle()
            assert len(await services.store.reader.rows("SELECT slug FROM heartbeat")) == 1
        assert services.healthy()


async def test_what_was_due_while_nobody_listened_is_excused_and_what_was_overdue_before_is_not(tmp_path: Path) -> None:
    clock = FakeClock()
    config = configured(tmp_path, JOBS)
    async with opened(config, clock=clock) as services:
        assert expected(config, "here")[0].host == "db-1"
        await services.heartbeats.settle()
    clock.advance(30 * HOUR)
    async with opened(config, clock=clock) as services:
        await asyncio.wait_for(services.heartbeats.looked.wait(), 20)
        assert await firing(services) == 0
        clock.advance(19 * HOUR)  # 49 h: the next turn and its grace
        await services.heartbeats.settle()
        assert await firing(services) == 1
    clock.advance(100 * HOUR)
    async with opened(config, clock=clock) as services:
        await asyncio.wait_for(services.heartbeats.looked.wait(), 20)
        await services.heartbeats.settle()
        assert await firing(services) == 1


async def firing(services: Any) -> int:
    [[count]] = await services.store.reader.rows("SELECT count(*) FROM alert WHERE status = 'firing'")
    return int(count)
