"""Other programs: asked something within a time limit, or run in place of this one with their exit code passed on.

A program is looked for in the directories of the system, never in PATH, and never through a shell.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Final

from srvmaint.host import commands
from srvmaint.host.commands import Answer

PLACES: Final = commands.PATH
_PASSED_ON: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
_OF_THE_TERMINAL: Final = (signal.SIGINT, signal.SIGQUIT)
NOT_FOUND: Final = 127
NOT_EXECUTABLE: Final = 126
"""What shells end with in these cases: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html."""
_BY_SIGNAL: Final = 128


class Missing(Exception):  # noqa: N818 - it says what is the case
    """The program is not on this machine."""


def find(name: str) -> str | None:
    """The path of a program of the system, or None."""
    return commands.find(name, PLACES)


def ask(name: str, arguments: Sequence[str], seconds: float) -> Answer:
    """Run a program of the system and read what it says, in English.

    Raises:
        Missing: it is not here.
        TimeoutError: it did not end in time; it has been killed.
    """
    path = find(name)
    if path is None:
        raise Missing(f"there is no {name} on this machine")
    return commands.run([path, *arguments], seconds, {"PATH": ":".join(PLACES)})


def run(command: Sequence[str], environ: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Run a command as a shell would, standard streams and all, and return the exit code a shell would have.

    Signals that are meant for it are passed on to it; those of the terminal it gets by itself. `say` is told why it
    could not be started.
    """
    child: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if number in _OF_THE_TERMINAL:
            return
        if child is None:
            early.append(number)
        else:
            child.send_signal(number)

    # Functions, not SIG_IGN: the command begins with the handling it would have had without us.
    before = {number: signal.signal(number, pass_on) for number in (*_PASSED_ON, *_OF_THE_TERMINAL)}
    try:
        child = subprocess.Popen(list(command), env=dict(environ))  # noqa: S603 - the operator's own command, no shell
        for number in early:
            child.send_signal(number)
        code = child.wait()
    except (FileNotFoundError, NotADirectoryError):
        say(f"cannot run {command[0]}: there is no such command.")
        return NOT_FOUND
    except (OSError, ValueError) as error:
        say(f"cannot run {command[0]}: {(error.strerror or str(error)) if isinstance(error, OSError) else error}.")
        return NOT_EXECUTABLE
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else _BY_SIGNAL - code
