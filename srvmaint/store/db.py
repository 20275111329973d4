"""Opening the database file: pragmas, the lock that makes it ours, and the file systems it may not live on.

Only this package imports sqlite3 and aiosqlite, and there is one SQLite library in the process.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

import aiosqlite

from srvmaint.errors import StoreError, StoreLockedError
from srvmaint.host.filesystem import filesystem_type

OLDEST_SQLITE: Final = (3, 37, 0)
"""STRICT tables need 3.37 (https://sqlite.org/stricttables.html), RETURNING 3.35."""
NETWORK_FILESYSTEMS: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "fuse.glusterfs", "fuse.sshfs", "lustre", "afs"}
)
"""SQLite's WAL needs shared memory, which these do not have (https://sqlite.org/wal.html)."""
CACHE_KIB: Final = 12 * 1024
READER_CACHE_KIB: Final = 4 * 1024
_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = OFF",  # built in by some, and then deleting writes as much as it deletes
    "PRAGMA busy_timeout = 5000",
    "PRAGMA temp_store = MEMORY",
    f"PRAGMA cache_size = -{CACHE_KIB}",
    "PRAGMA wal_autocheckpoint = 4000",
    f"PRAGMA journal_size_limit = {64 * 1024 * 1024}",
)


class FileLock:
    """Says that the database is ours; it goes with the process, however that ends."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"cannot open {self._path}: {error.strerror}. Give it to the user srvmaint runs as, or delete it."
            ) from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._fd)
            raise StoreLockedError(
                f"cannot open {database}: another srvmaint (process {holder}) has it. "
                "Stop that one, or give this one its own [storage] path."
            ) from error
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the database up."""
        os.close(self._fd)


def prepare_directory(database: Path, kind_of: Callable[[Path], str] = filesystem_type) -> None:
    """Make the folder and see that SQLite can live in it.

    Args:
        database: the file that is to lie in it.
        kind_of: says what kind of file system a folder is on.

    Raises:
        StoreError: it cannot be made, cannot be written, or is on a network file system.
    """
    folder = database.parent
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreError(
            f"cannot make {folder}: {error.strerror}. Set [storage] path to a folder this user can write."
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreError(
            f"cannot write to {folder}: permission denied. Set [storage] path to a folder this user can write."
        )
    kind = kind_of(folder)
    if kind in NETWORK_FILESYSTEMS:
        raise StoreError(
            f"cannot keep the database in {folder}: it is on a network file system ({kind}), where SQLite is not safe. "
            "Set [storage] path to a local disk."
        )


def open_writer(database: Path, *, durability: str = "full") -> sqlite3.Connection:
    """The one connection that writes. It is used by the writer thread alone; transactions are manual.

    Raises:
        StoreError: the file is not a database, is damaged, or SQLite is too old.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE))
        raise StoreError(
            f"cannot use SQLite {sqlite3.sqlite_version}: at least {wanted} is needed. Use a newer Python."
        )
    with contextlib.suppress(OSError):  # SQLite says better what is wrong with the file
        database.touch(mode=0o600)  # the write-ahead log is given the mode that the file has when it is made
    try:
        connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False, cached_statements=256)
    except sqlite3.Error as error:
        raise _unusable(database, error) from error
    try:
        if not connection.execute("PRAGMA page_count").fetchone()[0]:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # once, before the first table; it writes
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        connection.execute(f"PRAGMA synchronous = {'FULL' if durability == 'full' else 'NORMAL'}")
    except sqlite3.Error as error:
        connection.close()
        raise _unusable(database, error) from error
    return connection


def _unusable(database: Path, error: sqlite3.Error) -> StoreError:
    return StoreError(f"cannot open {database}: {error}. If the file is damaged, move it away and restore a backup.")


async def open_reader(database: Path) -> aiosqlite.Connection:
    """A connection that can only read, with its own cache and its own (non-daemon) thread: close it."""
    connection = await aiosqlite.connect(
        f"file:{quoted(database)}?mode=ro", uri=True, isolation_level=None, cached_statements=128
    )
    try:
        for pragma in (
            "query_only = ON",
            "busy_timeout = 5000",
            f"cache_size = -{READER_CACHE_KIB}",
            "temp_store = MEMORY",
        ):
            await connection.execute_fetchall(f"PRAGMA {pragma}")
    except BaseException:
        await connection.close()  # or its thread would keep the process alive
        raise
    return connection


def quoted(path: Path) -> str:
    """The path inside an SQLite URI: https://sqlite.org/uri.html escapes `?`, `#` and `%`."""
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
