"""Opening the file: whose it is, where it may lie, and what is in the way."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from srvmaint.errors import NotFoundError, StoreError, StoreLockedError
from srvmaint.host.filesystem import filesystem_type
from srvmaint.store.db import NETWORK_FILESYSTEMS, FileLock, open_writer, prepare_directory
from srvmaint.store.reader import Reader
from srvmaint.store.store import Store
from tests.fakes import FakeClock
from tests.store.given import fire, opened

HOLDER = """
import sys
from pathlib import Path
from srvmaint.store.db import FileLock
lock = FileLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the database."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "srvmaint.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


async def test_a_second_process_is_refused_and_told_who_has_it(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(StoreLockedError, match=rf"another srvmaint \(process {holder.pid}\) has it. Stop that one"):
        await Store.open(tmp_path / "srvmaint.db", FakeClock(), on_fatal=lambda _error: None)


def test_the_lock_goes_with_a_process_that_is_killed(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    lock = FileLock(tmp_path / "srvmaint.db")
    lock.release()


async def test_the_lock_goes_when_the_store_cannot_be_opened(tmp_path: Path) -> None:
    file = tmp_path / "srvmaint.db"
    file.write_bytes(b"this is no database, and it is long enough to be sure of that\n" * 100)
    before = set(threading.enumerate())
    for _ in range(2):
        with pytest.raises(StoreError, match=r"cannot open .*: file is not a database\."):
            await Store.open(file, FakeClock(), on_fatal=lambda _error: None)
    for left in set(threading.enumerate()) - before:
        left.join(10)
        assert not left.is_alive()
    file.unlink()
    async with opened(file, FakeClock()):
        pass


def test_a_lock_that_cannot_be_opened_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "srvmaint.db.lock").mkdir()
    with pytest.raises(StoreError, match=r"cannot open .*lock: Is a directory"):
        FileLock(tmp_path / "srvmaint.db")


def test_the_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    prepare_directory(tmp_path / "new" / "srvmaint.db")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot make .*: Not a directory. Set \[storage\] path"):
        prepare_directory(tmp_path / "file" / "sub" / "srvmaint.db")


@pytest.mark.parametrize("kind", sorted(NETWORK_FILESYSTEMS))
def test_a_network_file_system_is_refused(tmp_path: Path, kind: str) -> None:
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text(
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        f"40 22 0:35 / {tmp_path} rw shared:2 master:1 - {kind} server:/export rw\n"
    )
    with pytest.raises(StoreError, match=rf"network file system \({kind}\)"):
        prepare_directory(tmp_path / "data" / "srvmaint.db", partial(filesystem_type, mountinfo=mountinfo))


def test_a_local_file_system_below_a_network_one_is_fine(tmp_path: Path) -> None:
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text(f"22 1 0:35 / / rw - nfs4 server:/ rw\n40 22 8:1 / {tmp_path} rw - ext4 /dev/sda1 rw\n")
    prepare_directory(tmp_path / "data" / "srvmaint.db", partial(filesystem_type, mountinfo=mountinfo))


def modes_in(folder: Path) -> dict[str, int]:
    return {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in folder.iterdir()}


async def test_everything_beside_the_database_is_its_owners_alone(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        async with opened(tmp_path / "srvmaint.db", FakeClock()) as store:
            await fire(store, FakeClock())
            modes = modes_in(tmp_path)
    finally:
        os.umask(mask)
    assert {"srvmaint.db", "srvmaint.db-wal", "srvmaint.db-shm", "srvmaint.db.lock"} <= modes.keys()
    readable = {name for name, mode in modes.items() if mode & 0o077 and not name.endswith(".ballast")}
    assert readable == set()


@pytest.mark.parametrize(("durability", "level"), [("full", 2), ("normal", 1)])
def test_what_was_promised_to_survive_is_asked_of_sqlite(tmp_path: Path, durability: str, level: int) -> None:
    connection = open_writer(tmp_path / "srvmaint.db", durability=durability)
    found = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("synchronous", "journal_mode", "auto_vacuum", "foreign_keys", "busy_timeout")
    }
    connection.close()
    assert found == {
        "synchronous": level,
        "journal_mode": "wal",
        "auto_vacuum": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }


async def test_a_reader_cannot_write(tmp_path: Path) -> None:
    async with opened(tmp_path / "srvmaint.db", FakeClock()) as store:
        with pytest.raises(StoreError, match="readonly"):
            await store.reader.rows("DELETE FROM run")


async def test_a_reader_of_nothing_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="Start `srvmaint serve` first"):
        await Reader.open(tmp_path / "srvmaint.db")


async def test_a_reader_of_rubbish_says_so_and_leaves_no_thread_behind(tmp_path: Path) -> None:
    file = tmp_path / "srvmaint.db"
    file.write_bytes(b"this is no database, and it is long enough to be sure of that\n" * 100)
    before = set(threading.enumerate())

    async def read() -> None:
        reader = await Reader.open(file)
        try:
            await reader.rows("SELECT * FROM run")
        finally:
            await reader.close()

    with pytest.raises(StoreError, match="cannot read"):
        await read()
    for left in set(threading.enumerate()) - before:
        left.join(10)
        assert not left.is_alive()


async def test_a_path_with_signs_that_mean_something_in_a_uri_is_just_a_path(tmp_path: Path) -> None:
    async with opened(tmp_path / "50%?a#b c" / "srvmaint.db", FakeClock()) as store:
        assert await store.reader.row("SELECT count(*) FROM run") == (0,)


async def test_a_closed_store_leaves_one_file_that_anybody_can_open(tmp_path: Path) -> None:
    file = tmp_path / "srvmaint.db"
    async with opened(file, FakeClock()) as store:
        await fire(store, FakeClock())
    assert not file.with_name("srvmaint.db-wal").exists()
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT count(*) FROM run").fetchone() == (1,)
    connection.close()
