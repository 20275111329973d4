"""Writing a run down as it goes, without making it wait.

Progress is gathered and handed to the store as soon as the run gives up the event loop, so a run that never has to wait
costs one transaction: the one that commits what it is about to send.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from srvmaint.model import CheckResult
from srvmaint.store.records import Outgoing, RunEntry, RunUpdate, StepRecord
from srvmaint.store.store import Store


class Journal:
    """The records of one run on their way to the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._steps: dict[int, StepRecord] = {}
        self._evidence: list[CheckResult] = []
        self._update: RunUpdate | None = None
        self._scheduled: asyncio.Handle | None = None

    def note(self, steps: Sequence[StepRecord], update: RunUpdate, evidence: Sequence[CheckResult] = ()) -> None:
        """Remember progress; it is posted when the run next waits for something."""
        self._steps.update((step.seq, step) for step in steps)
        self._evidence.extend(evidence)
        self._update = update
        if self._scheduled is None:
            self._scheduled = asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Post what has been gathered."""
        self._unschedule()
        if self._update is not None:
            self._store.note_run(RunEntry([*self._steps.values()], self._evidence, self._update))
        self._steps, self._evidence, self._update = {}, [], None

    async def commit(self, steps: Sequence[StepRecord], update: RunUpdate, outgoing: Outgoing) -> set[str]:
        """Commit what is about to be sent, with everything gathered before. Returns the deliveries taken."""
        self._unschedule()
        self._steps.update((step.seq, step) for step in steps)
        gathered, evidence = [*self._steps.values()], self._evidence
        self._steps, self._evidence, self._update = {}, [], None
        return await self._store.commit_run(RunEntry(gathered, evidence, update, outgoing))

    def _unschedule(self) -> None:
        if self._scheduled is not None:
            self._scheduled.cancel()
            self._scheduled = None
