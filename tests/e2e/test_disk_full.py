"""A disk that fills up: alerts are refused before anything breaks, reads go on, and it mends by itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.caller import DEADLINE
from tests.e2e.bodies import alert, body, hook
from tests.e2e.daemon import Daemon
from tests.e2e.verdict import assert_sound, rows
from tests.sink import Sink

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting a tmpfs needs root"),
]
SIZE = "48m"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own for the database."""
    disk = tmp_path / "state"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", disk], check=False)
    if mounted.returncode != 0:
        pytest.skip("cannot mount a tmpfs here")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.fixture
async def daemon(small_disk: Path, tmp_path: Path, sink: Sink) -> AsyncIterator[Daemon]:
    del small_disk  # it has to be there first
    daemon = Daemon(tmp_path, hook(sink.url))
    await daemon.start()
    yield daemon
    await daemon.close()


def fill(disk: Path, leave: int = 0) -> Path:
    """Use the room up, to the last page."""
    filler = disk / "somebody-elses-file"
    room = os.statvfs(disk)
    left = room.f_bavail * room.f_frsize - leave
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while left > 0:
            left -= file.write(bytes(min(left, 65_536)))
    return filler


async def test_a_full_disk_refuses_alerts_serves_reads_and_recovers_by_itself(
    daemon: Daemon, small_disk: Path, sink: Sink
) -> None:
    await daemon.accepted(body(alert("Before")))
    await sink.received(1)
    filler = fill(small_disk)
    accepted = {"Before", "After", *await refusal(daemon)}
    assert (await daemon.get("/readyz")).status == 503
    assert (await daemon.get("/healthz")).status == 200
    assert [item["name"] for item in (await daemon.get("/alerts/")).body["items"]][-1] == "Before"
    incident = (await daemon.get("/incidents/")).body["items"][0]["id"]
    assert (await daemon.post(f"/incidents/{incident}/acknowledge/")).status == 503
    filler.unlink()
    await daemon.until("/readyz", lambda answer: answer["status"] == "ready")
    await daemon.accepted(body(alert("After")))
    requests = await sink.received(len(accepted))
    assert len(requests) == len(accepted)
    assert await daemon.stop() == 0
    assert_sound(daemon.database)
    assert {row[0] for row in rows(daemon.database, "SELECT name FROM alert")} == accepted


async def test_a_disk_that_fills_under_load_loses_nothing_that_was_accepted(
    daemon: Daemon, small_disk: Path, sink: Sink
) -> None:
    filler = fill(small_disk, leave=8 * 1024 * 1024)
    padding = "x" * 18_000
    accepted, refused = set(), 0
    for number in range(2_000):
        one = alert(f"Alert-{number}")
        one["annotations"]["description"] = padding
        reply = await daemon.post("/alerts/webhook/", body(one))
        if reply.status == 202:
            accepted.add(f"Alert-{number}")
        else:
            assert (reply.status, reply.headers["Retry-After"].isdecimal()) == (503, True)
            refused += 1
            if refused > 20:
                break
    assert refused
    filler.unlink()
    await daemon.until("/readyz", lambda answer: answer["status"] == "ready")
    await daemon.accepted(body(alert("After")))
    await sink.received(len(accepted) + 1)
    await daemon.until("/metrics", lambda text: "srvmaint_runs_pending 0.0" in text)
    await daemon.until("/deliveries/?state=sending", lambda page: page["items"] == [])
    assert await daemon.stop() == 0
    assert_sound(daemon.database)
    assert {row[0] for row in rows(daemon.database, "SELECT name FROM alert")} == {*accepted, "After"}


async def test_a_daemon_on_a_full_disk_can_be_stopped_and_reloaded(daemon: Daemon, small_disk: Path) -> None:
    await daemon.accepted(body(alert("Before")))
    fill(small_disk)
    await refusal(daemon)
    daemon.signal(signal.SIGHUP)
    assert await daemon.stop() == 0


async def refusal(daemon: Daemon) -> set[str]:
    """Post until it is refused, because the disk is looked at once a second; what was accepted before that."""
    accepted: set[str] = set()
    async with asyncio.timeout(DEADLINE):
        while True:
            name = f"Alert-{len(accepted)}"
            reply = await daemon.post("/alerts/webhook/", body(alert(name)))
            if reply.status != 202:
                assert (reply.status, reply.body["error"]) == (503, "unavailable")
                assert int(reply.headers["Retry-After"]) > 0
                return accepted
            accepted.add(name)


async def test_a_daemon_starts_on_a_full_disk_and_serves_what_it_has(daemon: Daemon, small_disk: Path) -> None:
    await daemon.accepted(body(alert("Before")))
    await daemon.kill()
    filler = fill(small_disk)
    await daemon.start()
    assert (await daemon.get("/readyz")).status == 503
    assert "Before" in {item["name"] for item in (await daemon.get("/alerts/")).body["items"]}
    filler.unlink()
    await daemon.until("/readyz", lambda answer: answer["status"] == "ready")
    await daemon.accepted(body(alert("After")))
