from __future__ import annotations

import threading

import pytest

from srvmaint.checkers import Driver
from srvmaint.checkers._run import Runner, build
from srvmaint.checkers.disk import Config
from srvmaint.clock import Clock
from srvmaint.errors import UsageError
from srvmaint.model import CheckResult, CheckStatus
from tests.checkers.hosts import FakeHost
from tests.fakes import START, FakeClock


class Fine:
    """Always well."""

    def check(self) -> CheckResult:
        """All well."""
        return CheckResult("fine", CheckStatus.OK, "all well")


class Broken:
    """Raises what it was given."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def check(self) -> CheckResult:
        """Raise."""
        raise self.error


class Hung:
    """Blocks until the test lets it go."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.entered = threading.Event()
        self.threads: list[threading.Thread] = []

    def check(self) -> CheckResult:
        """Block."""
        self.threads.append(threading.current_thread())
        self.entered.set()
        self.release.wait()
        return CheckResult("hung", CheckStatus.OK, "awake again")


def runner(timeout: float = 10, skip: dict[str, str] | None = None, **drivers: Driver) -> Runner:
    return Runner(drivers, clock=FakeClock(), timeout=timeout, skip=skip)


def test_results_come_in_the_order_asked_with_id_and_time_filled_in() -> None:
    results = runner(fine=Fine(), also=Fine()).run(["fine", "also"])
    assert [result.checker for result in results] == ["fine", "also"]
    assert all(result.at == START and len(result.id) == 16 for result in results)
    assert results[0].id != results[1].id


def test_a_duration_is_measured() -> None:
    clock = FakeClock()

    class Slow:
        def check(self) -> CheckResult:
            clock.advance(1.5)
            return CheckResult("slow", CheckStatus.OK, "")

    [result] = Runner({"slow": Slow()}, clock=clock, timeout=10).run(["slow"])
    assert result.duration_ms == 1500


def test_a_checker_asked_for_twice_runs_once() -> None:
    assert len(runner(fine=Fine()).run(["fine", "fine"])) == 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (FileNotFoundError(2, "No such file or directory", "/proc/stat"), "/proc/stat: no such file or directory"),
        (ValueError("/proc/meminfo has no MemTotal"), "/proc/meminfo has no MemTotal"),
        (ZeroDivisionError(), "ZeroDivisionError"),
    ],
)
def test_whatever_a_checker_raises_is_unknown_with_the_reason(error: Exception, reason: str) -> None:
    [result] = runner(x=Broken(error)).run(["x"])
    assert result.status is CheckStatus.UNKNOWN
    assert result.message == f"cannot check x: {reason}"


def test_a_hung_checker_is_unknown_at_its_deadline_and_the_others_are_not_held_up() -> None:
    hung = Hung()
    try:
        results = Runner({"hung": hung, "fine": Fine()}, clock=Clock(), timeout=0.05).run(["hung", "fine"])
        assert [result.status for result in results] == [CheckStatus.UNKNOWN, CheckStatus.OK]
        assert results[0].message == "hung timed out after 0.05 s"
    finally:
        hung.release.set()


def test_a_hung_checker_never_holds_up_the_exit() -> None:
    hung = Hung()
    try:
        runner(0, hung=hung).run(["hung"])
        assert hung.entered.wait(10)
        assert all(thread.daemon for thread in hung.threads)
    finally:
        hung.release.set()


def test_a_checker_that_still_hangs_is_not_started_again_until_it_is_through() -> None:
    hung = Hung()
    checks = runner(0, hung=hung)
    try:
        checks.run(["hung"])
        assert hung.entered.wait(10)
        [result] = checks.run(["hung"])
        assert result.status is CheckStatus.UNKNOWN
        assert result.message == "hung still hanging since 2025-10-09 08:53 UTC"
    finally:
        hung.release.set()
    for thread in hung.threads:
        thread.join()
    assert len(hung.threads) == 1
    arrived = threading.Event()
    assert checks.start("hung", lambda _: arrived.set()) is not None
    assert arrived.wait(10)


def test_a_result_that_comes_after_the_deadline_is_dropped() -> None:
    hung = Hung()
    results: list[CheckResult] = []
    job = runner(hung=hung).start("hung", results.append)
    assert job is not None
    assert hung.entered.wait(10)
    job.expire()
    hung.release.set()
    for thread in hung.threads:
        thread.join()
    job.expire()
    assert [result.status for result in results] == [CheckStatus.UNKNOWN]


def test_a_skipped_checker_does_not_run_and_says_why() -> None:
    [result] = runner(skip={"x": "CHECKERS_SKIP"}, x=Broken(ValueError())).run(["x"])
    assert result.status is CheckStatus.SKIPPED
    assert result.message == "x skipped: CHECKERS_SKIP"
    assert result.id
    assert result.at == START


def test_a_checker_nobody_has_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(UsageError, match="did you mean 'fine'"):
        runner(fine=Fine()).run(["fnie"])


def test_drivers_are_built_by_name_from_their_own_settings() -> None:
    drivers = build(["disk"], {"disk": Config(paths=("/gone",))}, FakeHost())
    assert drivers["disk"].check().message == "/gone does not exist"
    with pytest.raises(UsageError, match="did you mean 'disk'"):
        build(["dsk"], {}, FakeHost())
