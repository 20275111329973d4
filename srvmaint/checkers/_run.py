"""Gives each check a thread and a deadline: one result per check, always, and nobody waits for a hung one.

The core is `Runner.start`: the result arrives through a callback, from whichever thread has it first. The command line
waits for several with `run`; the daemon's event loop does the same in `_evidence`. No asyncio here: importing it would
triple the cost of a check from cron. Daemon threads, so that a check stuck in the kernel never holds up the exit.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from srvmaint import registry
from srvmaint.checkers import PACKAGE, Driver
from srvmaint.checkers._levels import reason_of
from srvmaint.clock import Clock, short_time
from srvmaint.errors import UsageError
from srvmaint.host.readings import Host
from srvmaint.model import CheckResult, CheckStatus

Done = Callable[[CheckResult], None]


def build(names: Iterable[str], configs: Mapping[str, Any], host: Host) -> dict[str, Driver]:
    """Load and construct the named checkers, and no others.

    Raises:
        UsageError: there is no checker of that name.
    """
    drivers: dict[str, Driver] = {}
    for name in names:
        module = registry.load(PACKAGE, name)
        drivers[name] = module.Driver(configs[name], host)
    return drivers


class Job:
    """One check under way. Delivers exactly one result: its own, or the one that says it timed out."""

    def __init__(self, name: str, driver: Driver, clock: Clock, timeout: float, done: Done) -> None:
        self._name = name
        self._driver = driver
        self._clock = clock
        self._timeout = timeout
        self._done = done
        self._id = clock.new_id()
        self._began = clock.monotonic()
        self._lock = threading.Lock()
        self._delivered = False
        self.started_at = clock.now()
        self.finished = False
        """The thread is through with the driver, whoever still waits for the result."""

    def start(self) -> None:
        """Begin, in a thread of its own."""
        threading.Thread(target=self._work, name=f"check-{self._name}", daemon=True).start()

    def expire(self) -> None:
        """The deadline has come: deliver a result that says so, unless the real one is already there."""
        self._deliver(unknown(self._name, f"{self._name} timed out after {self._timeout:g} s"))

    def _work(self) -> None:
        try:
            result = msgspec.structs.replace(self._driver.check(), checker=self._name)
        except Exception as error:  # noqa: BLE001 - whatever a checker raises is its result: UNKNOWN with the reason
            _log_defect(self._name, error)
            result = unknown(self._name, f"cannot check {self._name}: {reason_of(error)}")
        self.finished = True
        self._deliver(result)

    def _deliver(self, result: CheckResult) -> None:
        with self._lock:
            if self._delivered:
                return
            self._delivered = True
        self._done(self._stamp(result))

    def _stamp(self, result: CheckResult) -> CheckResult:
        spent = round((self._clock.monotonic() - self._began) * 1000, 3)
        return msgspec.structs.replace(result, id=self._id, at=self._clock.now(), duration_ms=spent)


class Runner:
    """The checkers of one process: what is skipped, what still hangs, and how to start one.

    `start` is called from one thread; results come from any.
    """

    def __init__(
        self, drivers: Mapping[str, Driver], *, clock: Clock, timeout: float, skip: Mapping[str, str] | None = None
    ) -> None:
        self._drivers = dict(drivers)
        self._clock = clock
        self.timeout = timeout
        self._skip = dict(skip or {})
        self._jobs: dict[str, Job] = {}

    def start(self, name: str, done: Done) -> Job | None:
        """Begin the check called `name`; `done` gets its one result.

        The caller calls `expire` on the returned job when `timeout` seconds have passed. There is no job when the
        result was known at once: skipped, or the previous one still hangs.

        Raises:
            UsageError: there is no such checker here.
        """
        if name in self._skip:
            done(self._now(CheckResult(name, CheckStatus.SKIPPED, f"{name} skipped: {self._skip[name]}")))
            return None
        if name not in self._drivers:
            raise UsageError(f"there is no checker {name!r} here{registry.nearest(name, tuple(self._drivers))}")
        earlier = self._jobs.get(name)
        if earlier is not None and not earlier.finished:
            done(self._now(unknown(name, f"{name} still hanging since {short_time(earlier.started_at)}")))
            return None
        job = Job(name, self._drivers[name], self._clock, self.timeout, done)
        try:
            job.start()
        except RuntimeError as error:  # the system gives no more threads
            done(self._now(unknown(name, f"cannot check {name}: {error}")))
            return None
        self._jobs[name] = job
        return job

    def run(self, names: Iterable[str]) -> list[CheckResult]:
        """Run these side by side and wait for all of them, at most `timeout` seconds; results in the order of names."""
        wanted = list(dict.fromkeys(names))
        arrived: queue.SimpleQueue[CheckResult] = queue.SimpleQueue()
        deadline = self._clock.monotonic() + self.timeout
        jobs = [job for job in (self.start(name, arrived.put) for name in wanted) if job is not None]
        results: dict[str, CheckResult] = {}
        while len(results) < len(wanted):
            result = _next(arrived, deadline - self._clock.monotonic(), jobs)
            results[result.checker] = result
        return [results[name] for name in wanted]

    def _now(self, result: CheckResult) -> CheckResult:
        return msgspec.structs.replace(result, id=self._clock.new_id(), at=self._clock.now())


def _next(arrived: queue.SimpleQueue[CheckResult], patience: float, jobs: list[Job]) -> CheckResult:
    """The next result; at the deadline every job delivers one."""
    try:
        return arrived.get(timeout=max(patience, 0.0))
    except queue.Empty:
        for job in jobs:
            job.expire()
        return arrived.get()


def unknown(name: str, message: str) -> CheckResult:
    """The result of a check that could not be made."""
    return CheckResult(name, CheckStatus.UNKNOWN, message)


def _log_defect(name: str, error: Exception) -> None:
    import logging  # noqa: PLC0415 - 9 ms of start-up, only ever needed when a checker has failed

    logging.getLogger(__name__).debug("the %s checker raised", name, exc_info=error)
