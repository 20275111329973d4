"""Signals, the service manager, and the one place that knows why the daemon ends."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Coroutine, Iterable
from typing import Final, Literal

from srvmaint.clock import Clock
from srvmaint.errors import StoreUnavailableError
from srvmaint.host.systemd import Manager
from srvmaint.store.store import Store

log = logging.getLogger(__name__)
_STOPPING: Final = (signal.SIGTERM, signal.SIGINT)
Request = Literal["reload", "stop"]


class Supervisor:
    """Collects reasons to reload or to stop. SIGTERM and SIGINT stop, a second one at once; SIGHUP reloads.

    Args:
        manager: the service manager that started us, if any.
        clock: paces the watchdog.
    """

    def __init__(self, manager: Manager, clock: Clock) -> None:
        self._manager = manager
        self._clock = clock
        self._requests: asyncio.Queue[Request] = asyncio.Queue()
        self._stop_asked = asyncio.Event()
        self._forced = asyncio.Event()
        self.failure: BaseException | None = None
        """Why the daemon has to end, when nobody asked it to."""

    def install(self) -> None:
        """Take the process's signals."""
        loop = asyncio.get_running_loop()
        for number in _STOPPING:
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._requests.put_nowait, "reload")

    def stop(self) -> None:
        """Ask for a stop; asking again forces it."""
        if self._stop_asked.is_set():
            log.warning("stopping now")
            self._forced.set()
            self._let_go()
        self._stop_asked.set()
        self._requests.put_nowait("stop")

    def _let_go(self) -> None:
        """A third signal does what it does to any process: even a stop that hangs can be ended."""
        loop = asyncio.get_running_loop()
        for number in _STOPPING:
            loop.remove_signal_handler(number)

    def fail(self, error: BaseException) -> None:
        """End because something is broken that nothing here can mend."""
        self.failure = self.failure or error
        self._stop_asked.set()
        self._forced.set()
        self._requests.put_nowait("stop")

    def watch(self, tasks: Iterable[asyncio.Task[None]]) -> None:
        """See that these tasks go on as long as the daemon does; watching one twice is watching it once."""
        for task in tasks:
            task.remove_done_callback(self._ended)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A task that should have gone on has ended."""
        if not task.cancelled() and not self._stop_asked.is_set():
            error = task.exception() or RuntimeError("it returned")
            log.critical("%s has ended, so the daemon ends too", task.get_name(), exc_info=error)
            self.fail(error)

    async def next_request(self) -> Request:
        """The next thing the daemon is asked to do."""
        return await self._requests.get()

    async def unless_stopped(self, work: Coroutine[None, None, bool]) -> bool:
        """Do the work; False when the daemon was to stop before it was done."""
        return await _unless(self._stop_asked, work)

    async def unless_forced(self, work: Coroutine[None, None, bool]) -> bool:
        """Do the work; False when somebody insisted on stopping before it was done."""
        return await _unless(self._forced, work)

    def ready(self, line: str) -> None:
        """Say that the daemon serves: to the manager and on stderr."""
        self._manager.tell("READY=1", f"STATUS={line}")
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - the ready line is narration for people and scripts

    def stopping(self) -> None:
        """Say that the daemon is on its way out."""
        self._manager.tell("STOPPING=1")

    async def watchdog(self, store: Store) -> None:
        """Give a sign of life, but only when the event loop and the writer are both alive."""
        seconds = self._manager.watchdog_seconds
        if seconds is None:
            await asyncio.Event().wait()
            return
        while True:
            await self._alive(store)
            self._manager.tell("WATCHDOG=1")
            await self._clock.sleep(seconds / 2)

    async def _alive(self, store: Store) -> None:
        """A full disk is trouble, not death: the daemon goes on serving reads and waits for room."""
        if store.trouble is None:
            try:
                await store.heartbeat()
            except StoreUnavailableError as error:
                log.warning("watchdog: %s", error)


async def _unless(event: asyncio.Event, work: Coroutine[None, None, bool]) -> bool:
    task = asyncio.ensure_future(work)
    called_off = asyncio.ensure_future(event.wait())
    await asyncio.wait((task, called_off), return_when=asyncio.FIRST_COMPLETED)
    called_off.cancel()
    if not task.done():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return False
    return task.result()
