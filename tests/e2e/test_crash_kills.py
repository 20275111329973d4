"""kill -9 at random moments under load: every 202 is stored and told, and nothing is left half done."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import aiohttp

from tests.caller import DEADLINE
from tests.e2e.bodies import alert, body, hook
from tests.e2e.conftest import Start
from tests.e2e.daemon import Daemon
from tests.e2e.verdict import assert_only_repeats, assert_sound, in_flight, keys_by_message, rows
from tests.sink import Sink

KILLS: Final = max(6, int(os.environ.get("SRVMAINT_CRASHES", "200")) // 5)
SENDERS: Final = 4
LONGEST_LIFE: Final = 0.4
"""Seconds between the ready line and the kill; every third kill comes before the ready line."""


class Senders:
    """Post distinct alerts one after another, and remember which were accepted."""

    def __init__(self) -> None:
        self.accepted: set[str] = set()
        self.refused: list[str] = []
        self._up = asyncio.Event()
        self._daemon: Daemon | None = None

    def point_at(self, daemon: Daemon) -> None:
        """Post to this one from now on."""
        self._daemon = daemon
        self._up.set()

    def pause(self) -> None:
        """Post nothing until pointed at a daemon again."""
        self._up.clear()

    @asynccontextmanager
    async def posting(self) -> AsyncIterator[None]:
        """Post as fast as it goes."""
        tasks = [asyncio.create_task(self._post(name), name=f"sender {name}") for name in range(SENDERS)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _post(self, sender: int) -> None:
        number = 0
        while True:
            await self._up.wait()
            number += 1
            name = f"Alert-{sender}-{number}"
            if self._daemon is None:
                continue
            try:
                reply = await self._daemon.post("/alerts/webhook/", body(alert(name)))
            except (aiohttp.ClientError, OSError):
                self.pause()
                continue
            if reply.status == 202:
                self.accepted.add(name)
            else:
                self.refused.append(f"{name}: {reply.status} {reply.body}")


async def test_every_accepted_alert_is_told_however_often_the_daemon_is_killed(start: Start, sink: Sink) -> None:
    seed = int(os.environ.get("SRVMAINT_SEED") or time.time_ns() % 10**6)
    print(f"SRVMAINT_SEED={seed}")  # noqa: T201 - shown when the test fails, to repeat it
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    daemon = await start(hook(sink.url))
    senders, were_in_flight = Senders(), Counter[str]()
    async with senders.posting():
        for number in range(KILLS):
            if number % 3 == 2:
                await _live(asyncio.create_task(daemon.err.line(" ready on "), name="ready"), chance.uniform(0.1, 0.6))
            else:
                senders.point_at(daemon)
                await _live(asyncio.create_task(daemon.err.end(), name="end"), chance.uniform(0, LONGEST_LIFE))
            await daemon.kill()
            senders.pause()
            were_in_flight.update(in_flight(daemon.database))
            await (daemon.launch() if (number + 1) % 3 == 2 and number + 1 < KILLS else daemon.start())
    await daemon.until("/metrics", lambda text: "srvmaint_runs_pending 0.0" in text)
    for state in ("due", "sending", "retrying"):
        await daemon.until(f"/deliveries/?state={state}", lambda page: page["items"] == [])
    await daemon.until("/metrics", lambda text: "srvmaint_runs_pending 0.0" in text)
    assert (await daemon.get("/readyz")).status == 200
    assert await daemon.stop() == 0
    counts = f"{len(senders.accepted)} accepted, {len(sink.requests)} received, {were_in_flight.total()} in flight"
    print(f"{KILLS} kills: {counts}")  # noqa: T201 - the same, to see what the figures mean
    assert senders.refused == []
    assert senders.accepted
    assert_sound(daemon.database)
    assert senders.accepted <= {row[0] for row in rows(daemon.database, "SELECT name FROM alert")}
    told = keys_by_message(sink.requests)
    assert senders.accepted <= {title for title, _, _ in told}
    assert {message: keys for message, keys in told.items() if len(keys) > 1} == {}
    assert_only_repeats(sink.requests, were_in_flight)


async def _live(end: asyncio.Task[str], seconds: float) -> None:
    """Let the daemon live for a while, or until it ends by itself."""
    await asyncio.wait([end], timeout=min(seconds, DEADLINE))
    end.cancel()
    with suppress(asyncio.CancelledError):
        await end
