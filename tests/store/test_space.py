"""Stopping before the disk is full, and getting out again."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from srvmaint.errors import StoreUnavailableError
from srvmaint.host.filesystem import Room
from srvmaint.store.space import BALLAST_MOST, MIB, WATERMARK_LEAST, WATERMARK_MOST, Space
from srvmaint.store.store import Store
from tests.fakes import FakeClock
from tests.store.given import fire, opened
from tests.store.test_rejected import reject

GIB = 1024 * MIB


class Disk:
    """A disk of a given size; the ballast really takes its room."""

    def __init__(self, folder: Path, total: int, taken: int = 0) -> None:
        self.ballast = folder / "srvmaint.db.ballast"
        self.total = total
        self.taken = taken
        self.looks = 0

    def room(self, _folder: Path) -> Room:
        """What the file system would answer."""
        self.looks += 1
        ballast = self.ballast.stat().st_size if self.ballast.exists() else 0
        return Room(self.total, self.total - self.taken - ballast)


def watched(folder: Path, disk: Disk) -> tuple[Space, FakeClock]:
    clock = FakeClock()
    space = Space(folder / "srvmaint.db", clock, disk.room)
    space.start()
    return space, clock


@pytest.mark.parametrize(
    ("total", "ballast"),
    [
        (GIB, int(GIB * 0.02) // 2),
        (100 * GIB, BALLAST_MOST),
        (100 * MIB, WATERMARK_LEAST // 2),
        (24 * MIB, 3 * MIB),
    ],
)
def test_a_reserve_is_taken_that_fits_the_disk(tmp_path: Path, total: int, ballast: int) -> None:
    disk = Disk(tmp_path, total)
    space, _ = watched(tmp_path, disk)
    assert space.refusal() is None
    assert disk.ballast.stat().st_size == ballast


def test_alerts_are_refused_below_the_watermark_and_the_reserve_is_given_up(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 100 * GIB)
    space, clock = watched(tmp_path, disk)
    disk.taken = disk.total - WATERMARK_MOST - BALLAST_MOST
    clock.advance(1)
    assert space.refusal() is None
    disk.taken += 1
    clock.advance(1)
    assert space.refusal() == "the disk is nearly full (255 MiB left)"
    assert not disk.ballast.exists()


def test_the_room_the_reserve_made_does_not_count_as_room(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 100 * GIB)
    space, clock = watched(tmp_path, disk)
    disk.taken = disk.total - WATERMARK_MOST - 1
    for _ in range(5):
        clock.advance(1)
        assert space.refusal() is not None
    disk.taken = disk.total - WATERMARK_MOST - BALLAST_MOST + 1
    clock.advance(1)
    assert space.refusal() is not None
    disk.taken -= 1
    clock.advance(1)
    assert space.refusal() is None
    assert disk.ballast.exists()


def test_the_disk_is_looked_at_once_a_second_at_most(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 100 * GIB)
    space, clock = watched(tmp_path, disk)
    for _ in range(100):
        space.refusal()
    assert disk.looks == 1
    clock.advance(1)
    space.refusal()
    assert disk.looks == 2


def test_a_disk_that_was_nearly_full_before_the_start_is_refused_from_the_start(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 100 * GIB, taken=100 * GIB - MIB)
    space, _ = watched(tmp_path, disk)
    assert space.refusal() is not None
    assert not disk.ballast.exists()


def test_a_reserve_that_cannot_be_taken_is_done_without(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 100 * GIB)
    folder = tmp_path / "gone"
    space = Space(folder / "srvmaint.db", FakeClock(), disk.room)
    space.start()
    assert space.refusal() is None


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 24 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a tmpfs")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a tmpfs cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def trouble(store: Store) -> str | None:
    return store.trouble


async def refused(store: Store, clock: FakeClock) -> str:
    """Fill the disk with bodies until they are refused; why they are."""
    for _ in range(200):
        clock.advance(2)
        try:
            store.admit(MIB)
            await reject(store, clock, os.urandom(MIB))
        except StoreUnavailableError as error:
            return str(error)
    raise AssertionError("the disk never became full")


@pytest.mark.root
async def test_a_real_disk_that_fills_up_refuses_alerts_keeps_reading_and_recovers(small_disk: Path) -> None:
    clock = FakeClock()
    async with opened(small_disk / "srvmaint.db", clock) as store:
        await fire(store, clock)
        assert "the disk is nearly full" in await refused(store, clock)
        clock.advance(2)
        assert trouble(store)
        assert len(await store.reader.rows("SELECT id FROM alert")) == 1
        await store.heartbeat()
        clock.advance(7200)
        assert await store.tidy(3600, clock.now()) > 0
        clock.advance(2)
        assert not trouble(store)
        store.admit(1)
        await fire(store, clock, "b")


@pytest.mark.root
async def test_a_disk_somebody_else_has_filled_to_the_last_byte_loses_nothing_that_was_accepted(
    small_disk: Path,
) -> None:
    clock = FakeClock()
    async with opened(small_disk / "srvmaint.db", clock) as store:
        await fire(store, clock)
        await asyncio.to_thread(fill, small_disk / "else")
        with pytest.raises(StoreUnavailableError):
            await reject(store, clock, os.urandom(MIB))
        assert trouble(store)
        run = asyncio.ensure_future(store.heartbeat())
        await asyncio.to_thread((small_disk / "else").unlink)
        await run
        clock.advance(2)
        assert not trouble(store)
        await fire(store, clock, "b")
        assert len(await store.reader.rows("SELECT id FROM alert")) == 2
        assert await store.reader.rows("PRAGMA integrity_check") == [("ok",)]


def fill(file: Path) -> None:
    """Write until there is no room left."""
    with file.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(4096))
        except OSError:
            return
