"""CONSOLE: the message as text on the terminal srvmaint was started from.

No settings, no network: what somebody sees who has configured nothing yet. Logging is not done here.
"""

from __future__ import annotations

import asyncio
import errno
import os
from dataclasses import dataclass
from typing import Final

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
            await asyncio.to_thread(self._write, f"{_encodable(text, self._terminal.encoding)}\n\n")
        except ValueError:
            raise PermanentError("cannot write to the terminal: it is closed") from None
        except OSError as error:
            kind = PermanentError if error.errno in _GONE else TransientError
            raise kind(f"cannot write to the terminal: {error.strerror}") from None
        return Receipt()

    def _write(self, text: str) -> None:
        """In a thread: a terminal stopped with Ctrl-S must not stop the daemon."""
        self._terminal.write(text)
        self._terminal.flush()


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
