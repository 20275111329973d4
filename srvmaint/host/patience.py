"""Calls that may never return (statvfs on a dead NFS server), made so that only their own answer is missing.

Each call gets a daemon thread, so that a process never waits for it at exit, and a call that still hangs is not made
again: hung threads cannot pile up. Nothing here knows what is being called.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class _Call(Generic[T]):
    """One call under way."""

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self.done = threading.Event()
        self.result: T | None = None
        self.error: OSError | None = None

    def run(self) -> None:
        """Make the call; OSError is its answer too."""
        try:
            self.result = self._function()
        except OSError as error:
            self.error = error
        finally:
            self.done.set()

    def answer(self) -> T | OSError:
        """What came of it, once it is done."""
        if self.error is not None:
            return self.error
        return OSError("gave no answer") if self.result is None else self.result


class Patience(Generic[T]):
    """Makes named calls side by side and waits only so long for all of them together."""

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._hung: dict[str, _Call[T]] = {}

    def gather(self, functions: Mapping[str, Callable[[], T]]) -> dict[str, T | OSError]:
        """Every call's result, or the OSError it raised, or a TimeoutError."""
        calls: dict[str, _Call[T]] = {}
        for name, function in functions.items():
            earlier = self._hung.get(name)
            if earlier is not None and not earlier.done.is_set():
                continue
            call = calls[name] = self._hung[name] = _Call(function)
            threading.Thread(target=call.run, name=f"patience-{name}", daemon=True).start()
        deadline = self._monotonic() + self._seconds
        answers: dict[str, T | OSError] = {}
        for name in functions:
            waiting = calls.get(name)
            if waiting is None:
                answers[name] = TimeoutError("still does not answer")
            elif waiting.done.wait(max(deadline - self._monotonic(), 0)):
                del self._hung[name]
                answers[name] = waiting.answer()
            else:
                answers[name] = TimeoutError(f"does not answer within {self._seconds:g} s")
        return answers
