from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from srvmaint.checkers._evidence import Evidence
from srvmaint.checkers._run import Runner
from srvmaint.errors import UsageError
from srvmaint.model import CheckResult, CheckStatus
from tests.fakes import FakeClock


class Counting:
    """Counts its checks; each waits at the gate."""

    def __init__(self) -> None:
        self.count = 0
        self.gate = threading.Event()
        self.gate.set()

    def check(self) -> CheckResult:
        """Count, wait, answer."""
        self.count += 1
        self.gate.wait()
        return CheckResult("counting", CheckStatus.OK, f"check {self.count}")


@pytest.fixture
def checker() -> Iterator[Counting]:
    checker = Counting()
    yield checker
    checker.gate.set()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def evidence(checker: Counting, clock: FakeClock) -> Iterator[Evidence]:
    skip = {"skipped": "CHECKERS_SKIP"}
    made = Evidence(Runner({"counting": checker}, clock=clock, timeout=10, skip=skip), clock=clock, reuse=5)
    yield made
    made.close()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_result_is_given_again_until_it_is_too_old(
    evidence: Evidence, checker: Counting, clock: FakeClock
) -> None:
    first = await evidence.gather(["counting"])
    clock.advance(4.9)
    assert await evidence.gather(["counting"]) == first
    clock.advance(0.2)
    assert await evidence.gather(["counting"]) != first
    assert checker.count == 2


async def test_a_caller_may_insist_on_something_fresher(evidence: Evidence, checker: Counting) -> None:
    await evidence.gather(["counting"])
    await evidence.gather(["counting"], max_age=0)
    assert checker.count == 2


async def test_what_is_recent_is_given_without_letting_anybody_else_run(evidence: Evidence) -> None:
    await evidence.gather(["counting"])
    waiting = evidence.gather(["counting"])
    with pytest.raises(StopIteration):
        waiting.send(None)


async def test_concurrent_callers_share_the_check_under_way(evidence: Evidence, checker: Counting) -> None:
    checker.gate.clear()
    callers = [asyncio.create_task(evidence.gather(["counting"])) for _ in range(50)]
    await settle()
    checker.gate.set()
    results = await asyncio.gather(*callers)
    assert checker.count == 1
    assert len(set(results)) == 1


async def test_a_caller_that_is_cancelled_does_not_cancel_the_others_check(
    evidence: Evidence, checker: Counting
) -> None:
    checker.gate.clear()
    leaving = asyncio.create_task(evidence.gather(["counting"]))
    staying = asyncio.create_task(evidence.gather(["counting"]))
    await settle()
    leaving.cancel()
    await settle()
    assert leaving.cancelled()
    checker.gate.set()
    [result] = await staying
    assert result.message == "check 1"


async def test_a_hung_check_is_unknown_at_its_deadline_and_the_loop_goes_on(
    evidence: Evidence, checker: Counting, clock: FakeClock
) -> None:
    checker.gate.clear()
    caller = asyncio.create_task(evidence.gather(["counting", "skipped"]))
    await settle()
    assert not caller.done()
    clock.advance(10)
    hung, skipped = await caller
    assert hung.message == "counting timed out after 10 s"
    assert skipped.status is CheckStatus.SKIPPED
    clock.advance(60)
    [again] = await evidence.gather(["counting"])
    assert "still hanging since" in again.message
    assert checker.count == 1


async def test_results_come_in_the_order_asked(evidence: Evidence) -> None:
    results = await evidence.gather(["skipped", "counting"])
    assert [result.checker for result in results] == ["skipped", "counting"]


async def test_a_checker_nobody_has_is_a_mistake_of_the_caller(evidence: Evidence) -> None:
    with pytest.raises(UsageError, match="there is no checker"):
        await evidence.gather(["nobody"])
