"""`/healthz`, `/readyz`, `/metrics`, and what is answered when the database cannot be written."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from srvmaint import __version__
from srvmaint.store.batch import Connection
from tests.web.conftest import QUICK, Face, Serve


class Disk:
    """A disk that can be full."""

    def __init__(self) -> None:
        self.full = False

    def wrap(self, connection: Connection) -> Connection:
        """Put the write connection on this disk."""
        return _OnDisk(connection, self)


class _OnDisk:
    """A write connection on that disk: committing needs room."""

    def __init__(self, connection: Connection, disk: Disk) -> None:
        self._connection = connection
        self._disk = disk

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        if self._disk.full and sql == "COMMIT":
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return self._connection.execute(sql, parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


async def test_health_says_what_is_running(face: Face) -> None:
    assert (await face.get("/healthz")).body == {"status": "ok", "version": __version__}
    ready = await face.get("/readyz")
    assert (ready.status, ready.body["status"]) == (200, "ready")
    assert ready.body["checks"]["database"] == ready.body["checks"]["workers"] == "ok"


async def test_a_daemon_whose_workers_have_ended_is_not_ready(face: Face) -> None:
    workers = next(loop for loop in face.services.loops if loop.get_name() == "workers")
    workers.cancel()
    await asyncio.wait([workers])
    reply = await face.get("/readyz")
    assert (reply.status, reply.body["checks"]["workers"]) == (503, "not running")
    assert (await face.get("/healthz")).status == 200


async def test_a_disk_that_is_full_refuses_writes_serves_reads_and_recovers_by_itself(serve: Serve) -> None:
    disk = Disk()
    face = await serve(QUICK, wrap=disk.wrap)
    run = await face.told({"name": "before"})
    disk.full = True
    for path, body in (
        ("/alerts/webhook/", {"name": "during"}),
        ("/alerts/webhook/", {"hello": "world"}),
        ("/orchestration/pipeline/", {"payload": {"name": "during"}}),
        (f"/incidents/{run['incident_id']}/acknowledge/", {}),
        (f"/incidents/{run['incident_id']}/resolve/", {}),
        (f"/orchestration/pipeline/{run['run_id']}/resume/", None),
        ("/deliveries/x/retry/", None),
    ):
        reply = await face.post(path, body)
        assert (reply.status, reply.body["error"]) == (503, "unavailable"), path
        assert int(reply.headers["Retry-After"]) > 0
        assert "full" in reply.body["message"]
    ready = await face.get("/readyz")
    assert (ready.status, "full" in ready.body["checks"]["database"]) == (503, True)
    assert [item["name"] for item in (await face.get("/alerts/")).body["items"]] == ["before"]
    assert (await face.get("/metrics")).status == 200
    disk.full = False
    async with asyncio.timeout(20):
        while (await face.get("/readyz")).status != 200:
            pass
    assert (await face.told({"name": "after"}))["state"] == "notified"
    assert {item["name"] for item in (await face.get("/alerts/")).body["items"]} == {"before", "after"}


async def test_prometheus_can_read_the_metrics_and_they_count_what_happened(face: Face) -> None:
    empty = await samples(face)
    assert empty["srvmaint_runs_pending", ()] == 0
    await face.told({"name": "one", "severity": "critical"})
    await face.accepted([{"name": "two"}, {"name": "three"}])
    await face.post("/alerts/webhook/", b"no json")
    await face.told({"name": "four"})
    found = await samples(face)
    assert found["srvmaint_alerts_received_total", (("driver", "generic"),)] == 4
    assert found["srvmaint_bodies_rejected_total", (("reason", "invalid_json"),)] == 1
    assert found["srvmaint_alerts_open", (("severity", "critical"),)] == 1
    assert found["srvmaint_alerts_open", (("severity", "warning"),)] == 3
    assert found["srvmaint_incidents_open", (("status", "open"),)] == 4
    assert found["srvmaint_intake_waiting", ()] == 0
    assert found["srvmaint_pipeline_stage_total", (("event", "started"), ("stage", "notify"))] >= 2
    assert found["srvmaint_notify_deliveries_total", (("channel", "console"), ("result", "delivered"))] >= 2


async def samples(face: Face) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """What a scrape finds: (name, labels) to value."""
    reply = await face.get("/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    families = list(text_string_to_metric_families(reply.body))
    assert all(family.documentation for family in families)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }
