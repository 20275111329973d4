"""Waiting for a run to end, without asking again and again."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from srvmaint.model import Run
from srvmaint.store import pages
from srvmaint.store.store import Store


class Watch:
    """Wakes whoever waits for a run when something about it has been written down."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def changed(self, run_id: str) -> None:
        """Something about this run has been written, or is about to be."""
        for event in self._waiting.get(run_id, ()):
            event.set()

    async def end_of(self, run_id: str, seconds: float) -> Run:
        """The run once it has ended, or as it stands after that many seconds.

        Raises:
            NotFoundError: there is no such run.
        """
        event = asyncio.Event()
        self._waiting[run_id].add(event)
        try:
            async with asyncio.timeout(seconds):
                while True:
                    event.clear()
                    await self._store.written()
                    run, _, _ = await pages.run(self._store.reader, run_id)
                    if run.finished_at is not None:
                        return run
                    await event.wait()
        except TimeoutError:
            run, _, _ = await pages.run(self._store.reader, run_id)
            return run
        finally:
            self._waiting[run_id].discard(event)
            if not self._waiting[run_id]:
                del self._waiting[run_id]
