"""What checkers found, kept once and found again."""

from __future__ import annotations

from srvmaint.model import RunState
from srvmaint.store.records import RunEntry, RunUpdate
from srvmaint.store.store import Store
from tests.fakes import FakeClock
from tests.notify.messages import EVIDENCE
from tests.store.given import MINUTE, begun


async def test_evidence_is_read_back_as_it_was_found_in_the_order_asked_for(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    store.note_run(RunEntry([], EVIDENCE, RunUpdate(run.run.id, RunState.CHECKED, clock.now() + MINUTE)))
    wanted = [result.id for result in reversed(EVIDENCE)]
    assert await store.evidence(wanted) == tuple(reversed(EVIDENCE))
    assert await store.evidence([]) == ()


async def test_evidence_several_runs_rest_on_is_kept_once(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    for _ in range(3):
        store.note_run(RunEntry([], EVIDENCE, RunUpdate(run.run.id, RunState.CHECKED, clock.now() + MINUTE)))
    await store.written()
    assert await store.reader.row("SELECT count(*) FROM evidence") == (len(EVIDENCE),)


async def test_evidence_that_is_gone_is_left_out(store: Store, clock: FakeClock) -> None:
    run = await begun(store, clock)
    store.note_run(RunEntry([], EVIDENCE[:1], RunUpdate(run.run.id, RunState.CHECKED, clock.now() + MINUTE)))
    assert await store.evidence([EVIDENCE[0].id, "gone"]) == EVIDENCE[:1]
