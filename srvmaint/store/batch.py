"""Operations on the database, and how some of them run in one transaction: each by itself as far as failing goes.

Which ones go together, when, and who is told, is the writer's.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol

from srvmaint.store.codes import concerns_everybody

log = logging.getLogger(__name__)


class Connection(Protocol):
    """As much of `sqlite3.Connection` as the writer uses itself."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        """Run one statement."""

    def close(self) -> None:
        """Close the connection."""


class Lane(IntEnum):
    """Who goes first. Maintenance only runs when the other lanes are empty, and alone."""

    RUN = 0
    INTAKE = 1
    MAINTENANCE = 2


@dataclass(slots=True, eq=False)
class Op:
    """A function `(connection, *args)` that does SQL only, and what came of it."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    lane: Lane
    rows: int
    size: int
    future: asyncio.Future[Any] | None
    submitted: float
    patient: bool = False
    """Nobody acts on it: it may wait for company."""
    grouped: bool = False
    """`function` takes the list of the arguments of neighbouring operations and returns the list of their results."""
    value: Any = None
    error: BaseException | None = None


def apply(connection: Connection, batch: Sequence[Op]) -> None:
    """Run operations in the transaction that is open, in their order; what concerns everybody is raised."""
    for together, ops in itertools.groupby(batch, key=lambda op: op.function if op.grouped else None):
        members = list(ops)
        alone = len(members) == len(batch)
        if together is None or not _apply_group(connection, members, alone=alone):
            for op in members:
                _apply_one(connection, op, alone=len(batch) == 1)


def _apply_one(connection: Connection, op: Op, *, alone: bool) -> None:
    """Run one operation: its own failure is its own, the disk's failure is everybody's."""

    def run() -> None:
        args = [[op.args[0]]] if op.grouped else op.args
        value = op.function(connection, *args)
        op.value = value[0] if op.grouped else value

    op.error = _attempt(connection, run, alone=alone)
    if op.error is not None and op.future is None:
        log.error("cannot record %s: this is a defect, report it", op.function.__name__, exc_info=op.error)


def _apply_group(connection: Connection, ops: list[Op], *, alone: bool) -> bool:
    """Run neighbours together; False when that failed and each has to be tried by itself."""
    if len(ops) == 1:
        return False

    def together() -> None:
        values = ops[0].function(connection, [op.args[0] for op in ops])
        for op, value in zip(ops, values, strict=True):
            op.value, op.error = value, None

    return _attempt(connection, together, alone=alone) is None


def _attempt(connection: Connection, work: Callable[[], None], *, alone: bool) -> Exception | None:
    """Run, and undo it on failure; what concerns everybody is raised. Who is `alone` needs no savepoint."""
    if not alone:
        connection.execute("SAVEPOINT op")
    try:
        work()
    except Exception as error:
        lost = not connection.in_transaction
        if lost or concerns_everybody(error):
            raise
        if alone:
            connection.execute("ROLLBACK")
            connection.execute("BEGIN IMMEDIATE")
        else:
            connection.execute("ROLLBACK TO op")
            connection.execute("RELEASE op")
        # a future does not take a StopIteration
        return RuntimeError(repr(error)) if isinstance(error, StopIteration) else error
    if not alone:
        connection.execute("RELEASE op")
    return None
