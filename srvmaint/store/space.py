"""Stopping before the disk is full, and a ballast file to get out again.

SQLite can neither delete nor checkpoint on a full disk, so intake stops at a watermark while reads, runs and
deliveries go on. The ballast is given up first, which leaves retention and the write-ahead log room to work.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from srvmaint.clock import Clock
from srvmaint.host.filesystem import Room, room

log = logging.getLogger(__name__)

MIB: Final = 1024 * 1024
WATERMARK_SHARE: Final = 0.02
WATERMARK_LEAST: Final = 16 * MIB
"""The write-ahead log grows by 4 MiB before it is copied into the file, which grows by as much; the rest is spare."""
SMALL_DISK_SHARE: Final = 0.25
"""A disk of less than 64 MiB keeps this much free instead."""
WATERMARK_MOST: Final = 256 * MIB
BALLAST_MOST: Final = 32 * MIB
LOOK_EVERY_SECONDS: Final = 1.0


class Space:
    """Watches the room on the database's file system.

    Args:
        database: the database file; the ballast lies beside it.
        clock: says when it is time to look again.
        room: measures the room where a folder lies.
    """

    def __init__(self, database: Path, clock: Clock, room: Callable[[Path], Room] = room) -> None:
        self._room = room
        self._folder = database.parent
        self._ballast = database.with_name(database.name + ".ballast")
        self._clock = clock
        self._looked_at: float | None = None
        self._refusal: str | None = None
        self._ballast_size = 0

    def start(self) -> None:
        """Take the ballast on, as far as there is room for it."""
        self.refusal()

    def refusal(self) -> str | None:
        """Why no alert can be accepted now; None when there is room. Looks at the disk at most once a second."""
        now = self._clock.monotonic()
        if self._looked_at is None or now - self._looked_at >= LOOK_EVERY_SECONDS:
            self._looked_at = now
            self._look()
        return self._refusal

    def release(self) -> None:
        """Give the ballast up."""
        self._ballast.unlink(missing_ok=True)

    def _look(self) -> None:
        found = self._room(self._folder)
        least = min(WATERMARK_LEAST, found.total * SMALL_DISK_SHARE)
        watermark = int(min(WATERMARK_MOST, max(least, found.total * WATERMARK_SHARE)))
        self._ballast_size = min(BALLAST_MOST, watermark // 2)
        if found.free < watermark:
            self._refuse(found.free, watermark)
        elif not self._ballast.exists() and found.free >= watermark + self._ballast_size:
            self._take_ballast()
            self._accept()
        elif self._ballast.exists():
            self._accept()

    def _refuse(self, free: int, watermark: int) -> None:
        if self._refusal is None:
            log.error(
                "%s has %d MiB left, less than the %d MiB kept free. Accepting no alerts until there is room.",
                self._folder,
                free // MIB,
                watermark // MIB,
            )
        self._refusal = f"the disk is nearly full ({free // MIB} MiB left)"
        self.release()

    def _accept(self) -> None:
        if self._refusal is not None:
            log.warning("%s has room again: accepting alerts", self._folder)
        self._refusal = None

    def _take_ballast(self) -> None:
        try:
            with self._ballast.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._ballast_size)
        except OSError as error:
            log.warning("cannot keep %s in reserve: %s", self._ballast, error.strerror)
            self.release()
