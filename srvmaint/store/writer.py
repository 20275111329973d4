"""The one thread that writes.

It owns the only write connection. Operations wait in lanes; the thread drains whatever is there, runs it in one
`BEGIN IMMEDIATE` transaction with a savepoint for each operation, commits once, and hands all results back to the event
loop in one call. There is no batching window for anything that somebody waits for: the commit in flight is the window.

An operation is a plain function `(connection, *args) -> result` that does SQL only. Awaited operations are answered
after the commit, never before. When the disk refuses, intake is refused too, while the operations of runs wait and
are tried again: what was promised is kept. When the database is damaged every waiter is told and `on_fatal` ends the
process.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from srvmaint.clock import Clock
from srvmaint.errors import StoreError, StoreUnavailableError
from srvmaint.store.batch import Connection, Lane, Op, apply
from srvmaint.store.codes import is_unavailable

R = TypeVar("R")
A = TypeVar("A")
log = logging.getLogger(__name__)

MAX_OPS: Final = 256
MAX_ROWS: Final = 2000
MAX_WAITING_OPS: Final = 2000
MAX_WAITING_BYTES: Final = 16 * 1024 * 1024
MAX_WAITING_SECONDS: Final = 2.0
PROBE_SECONDS: Final = 1.0
COMPANY_SECONDS: Final = 0.005
"""How long results that nobody waits for look for company. Under load they go along with the next body, for nothing."""


class Writer:
    """Submits operations from the event loop to the writer thread.

    Args:
        connection: the write connection; from now on only the thread uses it.
        clock: measures how long intake has been waiting.
        on_fatal: called once, on the event loop, when the database can no longer be used.
    """

    def __init__(self, connection: Connection, clock: Clock, on_fatal: Callable[[StoreError], None]) -> None:
        self._connection = connection
        self._clock = clock
        self._on_fatal = on_fatal
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[Op | None] = queue.SimpleQueue()
        self._lanes: tuple[deque[Op], deque[Op], deque[Op]] = (deque(), deque(), deque())
        self._intake: deque[Op] = deque()
        self._intake_bytes = 0
        self._closing = False
        self._ended = asyncio.Event()
        self._stopped = False
        self._fatal: StoreError | None = None
        self.trouble: str | None = None
        """Why the last transaction could not be written; None when writing works."""
        self._thread = threading.Thread(target=self._work, name="srvmaint-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Intake operations submitted and not yet answered."""
        return len(self._intake)

    def admit(self, size: int) -> None:
        """See that there is room for one more body of `size` bytes.

        Raises:
            StoreUnavailableError: not now; the sender is asked to come again.
        """
        if self.trouble is not None:
            raise StoreUnavailableError(f"cannot store alerts now: {self.trouble}")
        if len(self._intake) >= MAX_WAITING_OPS or self._intake_bytes + size > MAX_WAITING_BYTES:
            raise StoreUnavailableError("cannot store alerts now: too many are waiting to be written", retry_after=2)
        if self._intake and self._clock.monotonic() - self._intake[0].submitted > MAX_WAITING_SECONDS:
            raise StoreUnavailableError("cannot store alerts now: the disk is slower than the senders", retry_after=2)

    def submit(
        self, function: Callable[..., R], *args: Any, lane: Lane = Lane.RUN, rows: int = 1, size: int = 0
    ) -> asyncio.Future[R]:
        """Queue an operation; the future is done after COMMIT. Cancelling it does not undo the operation."""
        future: asyncio.Future[R] = self._loop.create_future()
        self._put(Op(function, args, lane, rows, size, future, self._clock.monotonic()))
        return future

    def submit_grouped(
        self,
        function: Callable[[Any, Sequence[A]], Sequence[R]],
        argument: A,
        *,
        lane: Lane = Lane.RUN,
        rows: int = 1,
        size: int = 0,
        patient: bool = False,
    ) -> asyncio.Future[R]:
        """Queue an operation that is cheaper done together with its neighbours: `function` is given all of theirs.

        Each still succeeds or fails by itself: when the group fails, its members are tried one by one. A `patient` one
        may wait `COMPANY_SECONDS` for something that cannot wait.
        """
        future: asyncio.Future[R] = self._loop.create_future()
        now = self._clock.monotonic()
        self._put(Op(function, (argument,), lane, rows, size, future, now, patient, grouped=True))
        return future

    def post_grouped(self, function: Callable[[Any, Sequence[A]], Sequence[object]], argument: A) -> None:
        """Queue such an operation of a run that nobody waits for."""
        self._put(Op(function, (argument,), Lane.RUN, 1, 0, None, 0.0, patient=True, grouped=True))

    def post(self, function: Callable[..., object], *args: Any) -> None:
        """Queue an operation of a run that nobody waits for; it is written after everything queued before it."""
        self._put(Op(function, args, Lane.RUN, 1, 0, None, 0.0, patient=True))

    async def close(self) -> None:
        """Write what is queued, then close the connection. What cannot be written fails with StoreUnavailableError."""
        self._stopped = True
        self._queue.put(None)
        await self._ended.wait()  # not by a thread of the loop's pool: whatever hangs there must not hold up the end
        self._connection.close()

    def _put(self, op: Op) -> None:
        if self._fatal is not None or self._stopped:
            error = self._fatal or StoreUnavailableError("cannot write: srvmaint is stopping")
            if op.future is None:
                raise error
            op.future.set_exception(error)
            return
        if op.lane is Lane.INTAKE:
            self._intake.append(op)
            self._intake_bytes += op.size
        self._queue.put(op)

    # ---- in the writer thread -------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while batch := self._collect():
                if batch[0].lane is Lane.MAINTENANCE:
                    self._maintain(batch[0])
                else:
                    self._write(batch)
            self._finish()
        except BaseException as error:  # noqa: BLE001 - whatever it is, nobody may wait for this thread for ever
            self._die(error)
        finally:
            with contextlib.suppress(RuntimeError):  # the loop has been closed: nobody waits
                self._loop.call_soon_threadsafe(self._ended.set)

    def _collect(self) -> list[Op]:
        """Everything that waits, up to the caps; empty when it is time to stop."""
        while True:
            self._drain()
            if self.trouble is None or self._probe():
                self._await_company()
                batch = self._take()
                if batch or self._closing:
                    return batch
                self._sort(self._queue.get())
            elif self._closing:
                return []
            else:
                with contextlib.suppress(queue.Empty):
                    self._sort(self._queue.get(timeout=PROBE_SECONDS))

    def _await_company(self) -> None:
        """Let what nobody acts on wait a moment for what somebody does, so that both cost one commit."""
        waiting = self._lanes[Lane.RUN]
        until = time.monotonic() + COMPANY_SECONDS
        while waiting and all(op.patient for op in waiting) and not (self._closing or self._lanes[Lane.INTAKE]):
            left = until - time.monotonic()
            if left <= 0:
                return
            with contextlib.suppress(queue.Empty):
                self._sort(self._queue.get(timeout=left))
                self._drain()

    def _drain(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._sort(self._queue.get_nowait())

    def _sort(self, op: Op | None) -> None:
        if op is None:
            self._closing = True
        else:
            self._lanes[op.lane].append(op)

    def _take(self) -> list[Op]:
        batch: list[Op] = []
        rows = 0
        for lane in (Lane.RUN, Lane.INTAKE):
            waiting = self._lanes[lane]
            while waiting and len(batch) < MAX_OPS and rows < MAX_ROWS:
                batch.append(waiting.popleft())
                rows += batch[-1].rows
        if not batch and self._lanes[Lane.MAINTENANCE]:
            batch.append(self._lanes[Lane.MAINTENANCE].popleft())
        return batch

    def _write(self, batch: list[Op]) -> None:
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            apply(connection, batch)
            connection.execute("COMMIT")
        except BaseException as error:
            self._queue_again(batch)  # whatever happens next, none of them is forgotten
            self._roll_back()
            if not is_unavailable(error):
                raise
            self._refuse(batch, error)
            return
        self.trouble = None
        self._hand_back(batch)

    def _refuse(self, batch: Sequence[Op], error: BaseException) -> None:
        """The disk said no to the first in their lanes: intake is told, runs wait."""
        if self.trouble is None:
            log.error("cannot write to the database: %s. Accepting no alerts until it works again.", error)
        self.trouble = str(error)
        refused = [op for op in batch if op.lane is not Lane.RUN]
        for op in refused:
            self._lanes[op.lane].popleft()
            op.error = StoreUnavailableError(f"cannot store alerts now: {error}")
        self._hand_back(refused)

    def _probe(self) -> bool:
        """Whether writing works again: a write of nothing, committed."""
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            connection.execute(f"PRAGMA user_version = {version}")
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            if not is_unavailable(error):
                raise
            self._refuse([*self._lanes[Lane.INTAKE], *self._lanes[Lane.MAINTENANCE]], error)
            return False
        log.warning("the database can be written again")
        self.trouble = None
        return True

    def _maintain(self, op: Op) -> None:
        """Maintenance manages its own transactions (VACUUM cannot run inside one)."""
        try:
            op.value = op.function(self._connection, *op.args)
        except Exception as error:
            self._queue_again([op])
            self._roll_back()
            if isinstance(error, sqlite3.Error) and not is_unavailable(error):
                raise
            self._lanes[Lane.MAINTENANCE].popleft()
            op.error = error
            if is_unavailable(error):
                op.error = StoreUnavailableError(f"cannot tidy the database now: {error}")
        self._hand_back([op])

    def _roll_back(self) -> None:
        """End a transaction that failed; the disk's refusal may have ended it already."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _queue_again(self, batch: list[Op]) -> None:
        for op in reversed(batch):
            self._lanes[op.lane].appendleft(op)

    def _finish(self) -> None:
        left = [op for lane in self._lanes for op in lane]
        for op in left:
            op.error = StoreUnavailableError(f"cannot write before stopping: {self.trouble}")
        self._hand_back(left)
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            log.warning("cannot empty the write-ahead log while stopping: %s. Nothing is lost.", error)

    def _hand_back(self, ops: list[Op]) -> None:
        if ops:
            with contextlib.suppress(RuntimeError):  # the loop has been closed: nobody is left to tell
                self._loop.call_soon_threadsafe(self._settle, ops)

    def _die(self, cause: BaseException) -> None:
        reason = str(cause) or repr(cause)
        log.critical("the database cannot be used any more: %s", reason)
        error = StoreError(f"cannot use the database any more: {reason}. Run `srvmaint db check`.")
        error.__cause__ = cause
        self._drain()
        waiting = [op for lane in self._lanes for op in lane]
        for op in waiting:
            op.error = error
        self._hand_back(waiting)
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._condemn, error)

    # ---- back on the event loop -----------------------------------------------------------------------------------

    def _settle(self, ops: list[Op]) -> None:
        for op in ops:
            if op.lane is Lane.INTAKE:
                self._intake.remove(op)
                self._intake_bytes -= op.size
            future = op.future
            if future is None or future.done():
                continue
            if op.error is not None:
                future.set_exception(op.error)
            else:
                future.set_result(op.value)

    def _condemn(self, error: StoreError) -> None:
        self._fatal = error
        self._drain()
        late = [op for lane in self._lanes for op in lane if op.future is not None and not op.future.done()]
        for op in late:
            op.error = error
        self._settle(late)
        self._on_fatal(error)
