"""CONSOLE: the message as text on the terminal srvmaint was started from.

No settings, no network: what somebody sees who has configured nothing yet. Logging is not done here.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import queue
import threading
from dataclasses import dataclass
from typing import Final, TextIO

from srvmaint.errors import PermanentError, TransientError
from srvmaint.model import Message, Severity
from srvmaint.notify import Receipt, Tools
from srvmaint.notify._render import renderer
from srvmaint.notify._text import plain

RESET: Final = "\x1b[0m"
COLOURS: Final = {Severity.CRITICAL: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m", Severity.INFO: "\x1b[1;36m"}
"""ECMA-48 SGR: https://ecma-international.org/publications-and-standards/standards/ecma-48/"""
CALM: Final = "\x1b[1;32m"
_GONE: Final = frozenset({errno.EPIPE, errno.EIO, errno.EBADF, errno.ENXIO})
_SIMPLER: Final = str.maketrans({"·": "-", "…": "...", "•": "*", "–": "-"})


@dataclass(frozen=True, slots=True)
class Config:
    """The console has no settings."""


class Driver:
    """Writes to the terminal it is lent."""

    def __init__(self, config: Config, tools: Tools) -> None:
        del config
        self._terminal = tools.terminal
        self._writer = _Writer(tools.terminal)
        self._render = renderer("console.txt.j2", plain)
        self._coloured = _wants_colour(tools)

    async def send(self, message: Message, key: str) -> Receipt:
        """Write the whole message at once, so that two messages never mix.

        Raises:
            PermanentError: the terminal is gone; it does not come back.
            TransientError: writing failed in another way (a full disk behind a redirection).
        """
        del key
        text = self._render(message)
        if self._coloured:
            first, rest = text.split("\n", 1)
            colour = CALM if message.status == "resolved" else COLOURS[message.severity]
            text = f"{colour}{first}{RESET}\n{rest}"
        try:
            await self._writer.write(f"{_encodable(text, self._terminal.encoding)}\n\n")
        except ValueError:
            raise PermanentError("cannot write to the terminal: it is closed") from None
        except OSError as error:
            kind = PermanentError if error.errno in _GONE else TransientError
            raise kind(f"cannot write to the terminal: {error.strerror}") from None
        return Receipt()


class _Writer:
    """Writes in a thread of its own: a terminal stopped with Ctrl-S must stop neither the daemon nor its end.

    What nobody waits for any more is not written: it is going to be sent again.
    """

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal
        self._queue: _Queue = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def write(self, text: str) -> None:
        """Write and flush; raises what the terminal raises."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=_work, args=(self._queue, self._terminal), name="console", daemon=True
            )
            self._thread.start()
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put((text, written))
        await written

    def __del__(self) -> None:
        """The thread ends with its last user: a reload makes a new one."""
        self._queue.put(None)


_Queue = queue.SimpleQueue[tuple[str, "asyncio.Future[None]"] | None]


def _work(waiting: _Queue, terminal: TextIO) -> None:
    while (entry := waiting.get()) is not None:
        text, written = entry
        if written.cancelled():
            continue
        error: Exception | None = None
        try:
            terminal.write(text)
            terminal.flush()
        except Exception as failure:  # noqa: BLE001 - whatever it is, it belongs to whoever waits for this text
            error = failure
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
            written.get_loop().call_soon_threadsafe(_settle, written, error)


def _settle(written: asyncio.Future[None], error: Exception | None) -> None:
    if written.done():
        return
    if error is None:
        written.set_result(None)
    else:
        written.set_exception(error)


def _wants_colour(tools: Tools) -> bool:
    """A terminal, unless the person said no: https://no-color.org/."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    try:
        return tools.terminal.isatty()
    except ValueError:
        return False


def _encodable(text: str, encoding: str | None) -> str:
    """`text` in what the terminal can show: simpler signs where there are some, escapes for the rest."""
    encoding = encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_SIMPLER).encode(encoding, "backslashreplace").decode(encoding)
    return text
