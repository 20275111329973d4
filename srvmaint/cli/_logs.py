"""Narration on stderr: one line an event, with the priority the journal understands when it is the journal."""

from __future__ import annotations

import logging
import os
import sys
from typing import Final

from srvmaint.clock import SECOND, iso

_PRIORITIES: Final = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
"""syslog levels: https://www.freedesktop.org/software/systemd/man/latest/sd-daemon.html"""
_DEBUG: Final = 7


class _Lines(logging.Formatter):
    """`2026-01-31T12:00:00Z WARNING text`; behind the journal `<4>text`, which has its own clock."""

    def __init__(self, *, for_journal: bool, verbose: bool) -> None:
        super().__init__()
        self._for_journal = for_journal
        self._verbose = verbose

    def format(self, record: logging.LogRecord) -> str:
        """One line, unless a defect is to be looked at in detail."""
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            text += f" ({type(error).__name__}: {error})"
            if self._verbose:
                text += "\n" + self.formatException(record.exc_info)
        if self._for_journal:
            return f"<{_priority(record.levelno)}>" + text
        return f"{iso(int(record.created) * SECOND)} {record.levelname} {text}"


def log_to_stderr(*, verbose: bool) -> None:
    """Send the log to stderr: warnings and worse, everything with -v."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines(for_journal=_is_journal(), verbose=verbose))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.WARNING)
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)  # it logs every statement
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # whatever a port scanner sends is an error to it


def _is_journal() -> bool:
    """Whether stderr is the stream that `$JOURNAL_STREAM` names (systemd.exec(5))."""
    stream = os.environ.get("JOURNAL_STREAM", "")
    try:
        found = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return stream == f"{found.st_dev}:{found.st_ino}"


def _priority(level: int) -> int:
    return next((priority for least, priority in _PRIORITIES if level >= least), _DEBUG)
