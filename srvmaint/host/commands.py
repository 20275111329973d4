"""Runs another program and gives its answer: no shell, no surprises of PATH or language, never longer than agreed.

The one place that starts a process. Everything it is given is a constant of a checker or a unit's name: no text of an
alert ever becomes an argument.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import subprocess

PATH = ("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/bin", "/opt/homebrew/bin")
"""Where programs are looked for, whatever the caller's PATH says."""
_OUTPUT_LIMIT = 8 * 1024 * 1024
_REASON_LIMIT = 200


class Answer(NamedTuple):
    """How a program ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def reason(self) -> str:
        """The last line it wrote to stderr: where programs say why they failed."""
        lines = self.err.strip().splitlines()
        return lines[-1][:_REASON_LIMIT] if lines else "no reason given"


def find(name: str, folders: Sequence[str] = PATH) -> str | None:
    """The program's absolute path; None when it is not installed."""
    for folder in folders:
        path = f"{folder}/{name}"
        if os.access(path, os.X_OK) and not os.path.isdir(path):  # noqa: PTH112 - pathlib costs 7 ms
            return path
    return None


def run(argv: Sequence[str], seconds: float, environ: Mapping[str, str] | None = None) -> Answer:
    """Run a program found by `find` and wait for its end, at most so long; then it and its children are killed.

    Raises:
        TimeoutError: it did not end in time.
        OSError: it could not be started.
    """
    import subprocess  # noqa: PLC0415 - 7 ms of start-up that a check without a program does not pay

    base = {"PATH": ":".join(PATH), "LC_ALL": "C", **(environ or {})}
    process = subprocess.Popen(  # noqa: S603 - argv is absolute and constant, and there is no shell
        [*argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=base,
        cwd="/",
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        _let_go(process)
        raise TimeoutError(errno.ETIMEDOUT, f"{argv[0]} does not answer within {seconds:g} s") from error
    return Answer(
        process.returncode, out[:_OUTPUT_LIMIT].decode(errors="replace"), err[:_OUTPUT_LIMIT].decode(errors="replace")
    )


def _let_go(process: subprocess.Popen[bytes]) -> None:
    """Collect the killed child without waiting for it: in the kernel's D state even SIGKILL has to wait."""
    import threading  # noqa: PLC0415 - only ever needed after a program hung

    threading.Thread(target=process.communicate, name="collect-killed-child", daemon=True).start()
