"""Other programs: asked something within a time limit, or run in place of this one with their exit code passed on.

A program is looked for in the directories of the system, never in PATH, and never through a shell.
"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Final, NamedTuple

PLACES: Final = ("/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin")
_PASSED_ON: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
NOT_FOUND: Final = 127
NOT_EXECUTABLE: Final = 126
"""What shells end with in these cases: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html."""
_BY_SIGNAL: Final = 128


class Missing(Exception):  # noqa: N818 - it says what is the case
    """The program is not on this machine."""


class Answer(NamedTuple):
    """How a program ended and what it said."""

    code: int
    out: str
    err: str


def find(name: str) -> str | None:
    """The path of a program of the system, or None."""
    for place in PLACES:
        path = f"{place}/{name}"
        if os.access(path, os.X_OK):
            return path
    return None


def ask(name: str, arguments: Sequence[str], seconds: float) -> Answer:
    """Run a program of the system and read what it says, in English.

    Raises:
        Missing: it is not here.
        TimeoutError: it did not end in time; it has been killed.
    """
    path = find(name)
    if path is None:
        raise Missing(f"there is no {name} on this machine")
    environ = {"PATH": ":".join(PLACES), "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603 - an absolute path and a list: no shell
            [path, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, env=environ, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(errno.ETIMEDOUT, f"{name} did not end within {seconds:.1f} s") from error
    return Answer(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def run(command: Sequence[str], environ: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Run a command as a shell would, standard streams and all, and return the exit code a shell would have.

    Signals that are meant for it are passed on to it. `say` is told why it could not be started.
    """
    try:
        child = subprocess.Popen(list(command), env=dict(environ))  # noqa: S603 - the operator's own command, no shell
    except (FileNotFoundError, NotADirectoryError):
        say(f"cannot run {command[0]}: there is no such command.")
        return NOT_FOUND
    except (OSError, ValueError) as error:
        say(f"cannot run {command[0]}: {error.strerror if isinstance(error, OSError) else error}.")
        return NOT_EXECUTABLE

    def pass_on(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in _PASSED_ON}
    try:
        code = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else _BY_SIGNAL - code
