"""The naive twin: aiohttp and aiosqlite, one durable transaction for each request."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator

import aiosqlite
from aiohttp import web

from tests.benchmarks.twin_bare import serve

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE incident (group_key TEXT PRIMARY KEY, title TEXT, changed_at INTEGER);
CREATE TABLE alert (fingerprint TEXT PRIMARY KEY, labels TEXT, annotations TEXT, times_seen INTEGER);
CREATE TABLE payload (id INTEGER PRIMARY KEY, body BLOB);
"""
_DATABASE = web.AppKey("database", aiosqlite.Connection)
_LOCK = web.AppKey("lock", asyncio.Lock)


async def receive(request: web.Request) -> web.Response:
    """Write the body, its alerts and their incidents; answer after the commit."""
    raw = await request.read()
    alerts = json.loads(raw)["alerts"]
    database = request.app[_DATABASE]
    async with request.app[_LOCK]:
        await database.execute("BEGIN IMMEDIATE")
        await database.execute("INSERT INTO payload (body) VALUES (?)", (raw,))
        for alert in alerts:
            labels = alert["labels"]
            await database.execute(
                "INSERT INTO incident VALUES (?, ?, 0) ON CONFLICT DO UPDATE SET changed_at = changed_at + 1",
                (f"{labels['alertname']}|{labels['instance']}", labels["alertname"]),
            )
            await database.execute(
                "INSERT INTO alert VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET times_seen = times_seen + 1",
                (alert["fingerprint"], json.dumps(labels), json.dumps(alert["annotations"])),
            )
        await database.execute("COMMIT")
    return web.json_response({"status": "accepted", "received": len(alerts)}, status=202)


async def opened(app: web.Application) -> AsyncIterator[None]:
    """Have the database as long as the app runs."""
    async with aiosqlite.connect(sys.argv[1], isolation_level=None) as database:
        await database.executescript(_SCHEMA)
        app[_DATABASE], app[_LOCK] = database, asyncio.Lock()
        yield


if __name__ == "__main__":
    naive = web.Application()
    naive.router.add_post("/alerts/webhook/", receive)
    naive.cleanup_ctx.append(opened)
    serve(naive)
