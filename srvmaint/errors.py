"""Every exception srvmaint raises on purpose, in one tree.

    SrvmaintError                 the text is one phrase for an operator: "cannot do X: reason. Do Y."
    +-- ConfigError               the configuration has problems (all of them, in `problems`); exit 2
    +-- UsageError                the caller asked for something that does not exist or does not fit; exit 2
    +-- NotFoundError             no such alert, incident, run, delivery; HTTP 404
    +-- ConflictError             the thing exists but is in a state that refuses this; HTTP 409
    +-- PayloadError              a webhook body that cannot be used (`code` is the API's error code)
    |   +-- UnauthorizedError     its sender has not shown what its driver asks for; HTTP 401
    +-- StoreError                the database cannot be used at all; the process ends
    |   +-- StoreLockedError      another daemon holds the file
    |   +-- StoreUnavailableError it cannot be used just now (full, overloaded, busy); HTTP 503
    +-- StepError                 work that failed and must be written down
        +-- TransientError        trying again can help; `retry_after` seconds when the other side said so
        +-- PermanentError        trying again cannot help

A caller catches the narrowest class it can do something about. Anything that is not a SrvmaintError is a defect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class SrvmaintError(Exception):
    """Something an operator is told in one phrase."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a configuration or a definition: where, what, what to do."""

    path: str
    message: str
    line: int | None = None
    file: str | None = None

    def __str__(self) -> str:
        where = self.path
        if self.file is not None:
            where = f"{self.file}:{self.line}: {self.path}" if self.line else f"{self.file}: {self.path}"
        return f"{where}: {self.message}" if where else self.message


class ConfigError(SrvmaintError):
    """The configuration cannot be used; `problems` has every reason at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class UsageError(SrvmaintError):
    """The caller asked for something that does not exist or does not fit."""


class NotFoundError(SrvmaintError):
    """There is no such thing in the store."""


class ConflictError(SrvmaintError):
    """The thing is in a state that refuses what was asked."""


class PayloadError(SrvmaintError):
    """A webhook body that cannot become alerts; `code` is what the HTTP answer calls it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class UnauthorizedError(PayloadError):
    """The sender has not shown what the driver asks for; `challenge` is how it may, as WWW-Authenticate has it."""

    def __init__(self, message: str, challenge: str = "") -> None:
        super().__init__("unauthorized", message)
        self.challenge = challenge


class StoreError(SrvmaintError):
    """The database cannot be used; nothing that was promised may be promised any more."""


class StoreLockedError(StoreError):
    """Another process owns the database file."""


class StoreUnavailableError(StoreError):
    """The store refuses work just now; `retry_after` is seconds after which asking again is sensible."""

    def __init__(self, message: str, *, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StepError(SrvmaintError):
    """A step or a delivery failed in a way the engine writes down."""


class TransientError(StepError):
    """Trying again can help; `retry_after` is seconds, when the other side named them."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PermanentError(StepError):
    """Trying again cannot help."""
