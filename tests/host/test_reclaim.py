from __future__ import annotations

import itertools
import os
import subprocess
from pathlib import Path

import pytest

from srvmaint.host import mounts, reclaim
from srvmaint.host.linux import LinuxHost
from srvmaint.host.reclaim import Limits, Place, Scanner
from tests.fakes import START, FakeClock

NOW = START / 1000
DAY = 86400
KIB = 1024
PLENTY = Limits(60, 10_000)


def write(path: Path, kib: int = 64, *, days: float = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * kib * KIB)
    stamp = NOW - days * DAY
    os.utime(path, (stamp, stamp))
    return path


def look(place: Place, *, limits: Limits = PLENTY, homes: tuple[str, ...] = (), now: float = NOW) -> reclaim.Found:
    found = Scanner(limits, FakeClock().monotonic, now, ()).look(place, homes, "6.1.0-9-amd64")
    assert found is not None
    return found


def everything(root: Path, kind: str = "all", *, days: int = 0, size: int = 0, keep: int = 0) -> Place:
    return Place(str(root), "things", "tool", kind, days, size, keep)


def test_real_blocks_are_counted_and_not_what_a_sparse_file_pretends_to_be(tmp_path: Path) -> None:
    write(tmp_path / "a/real", 64)
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(10 * 1024**3)
    found = look(everything(tmp_path))
    assert 64 * KIB <= found.size < 1024 * KIB
    assert found.missed == ()


def test_a_file_with_a_name_elsewhere_gives_nothing_back_and_one_with_two_names_here_counts_once(
    tmp_path: Path,
) -> None:
    elsewhere = write(tmp_path / "elsewhere/kept", 64)
    (tmp_path / "cache").mkdir()
    os.link(elsewhere, tmp_path / "cache/kept")
    assert look(everything(tmp_path / "cache")).size == 0
    twice = write(tmp_path / "cache/one", 64)
    os.link(twice, tmp_path / "cache/two")
    assert look(everything(tmp_path / "cache")).size == twice.stat().st_blocks * 512


def test_links_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "outside/big", 640)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/link").symlink_to(tmp_path / "outside")
    (tmp_path / "cache/file").symlink_to(tmp_path / "outside/big")
    assert look(everything(tmp_path / "cache")).size == 0
    (tmp_path / "linked").symlink_to(tmp_path / "outside")
    scanner = Scanner(Limits(60, 100), FakeClock().monotonic, NOW, ())
    assert scanner.look(everything(tmp_path / "linked"), (), "") is None


def test_old_means_old_with_everything_in_it_and_by_its_last_change_of_name_too(tmp_path: Path) -> None:
    write(tmp_path / "fresh", 64, days=30)  # written long ago, but it came here just now
    found = look(everything(tmp_path, "old", days=7), now=tmp_path.stat().st_mtime)
    assert found.size == 0
    later = tmp_path.stat().st_mtime + 10 * DAY
    write(tmp_path / "mixed/old", 64)
    (tmp_path / "mixed/new").touch()
    os.utime(tmp_path / "mixed/new", (later, later))
    found = look(everything(tmp_path, "old", days=7), now=later)
    assert found.files == 1
    assert 64 * KIB <= found.size < 128 * KIB


def test_of_logs_only_those_put_aside_count(tmp_path: Path) -> None:
    for name in ("syslog", "syslog.1", "syslog.2.gz", "app.log-20251001", "app.old", "x.log", "version.10000"):
        write(tmp_path / "sub" / name, 4)
    assert look(everything(tmp_path, "rotated")).files == 4


def test_large_files_are_counted_one_by_one_and_the_largest_is_named(tmp_path: Path) -> None:
    write(tmp_path / "small", 4)
    write(tmp_path / "big", 64)
    write(tmp_path / "bigger", 128)
    found = look(everything(tmp_path, "large", size=64 * KIB))
    assert (found.files, found.largest) == (2, str(tmp_path / "bigger"))


def test_what_its_tool_leaves_is_not_counted(tmp_path: Path) -> None:
    write(tmp_path / "x", 64)
    assert look(everything(tmp_path, keep=60 * KIB)).size < 64 * KIB
    assert look(everything(tmp_path, keep=600 * KIB)).size == 0


def test_kernels_that_neither_run_nor_are_the_newest_could_go(tmp_path: Path) -> None:
    for release in ("6.1.0-3-amd64", "6.1.0-9-amd64", "6.1.0-18-amd64"):
        write(tmp_path / release / "kernel/x.ko", 64)
    found = look(everything(tmp_path, "kernels"))
    assert 64 * KIB <= found.size < 128 * KIB
    (tmp_path / "6.1.0-9-amd64").rename(tmp_path / "6.1.0-7-amd64")
    assert look(everything(tmp_path, "kernels")).size == 0, "the running one is not there: nobody can say what is old"


def test_revisions_of_snaps_that_are_not_current_could_go(tmp_path: Path) -> None:
    snaps = tmp_path / "var/lib/snapd/snaps"
    for name in ("core_1.snap", "core_2.snap", "gone_7.snap"):
        write(snaps / name, 64)
    (tmp_path / "snap/core").mkdir(parents=True)
    (tmp_path / "snap/core/current").symlink_to("2")
    assert look(everything(snaps, "snaps")).files == 1


def test_a_budget_of_entries_that_is_used_up_is_said(tmp_path: Path) -> None:
    for number in range(20):
        write(tmp_path / f"f{number}", 4)
    found = look(everything(tmp_path), limits=Limits(60, 5))
    assert found.files == 5
    assert found.missed == (f"stopped at {tmp_path} after 5 entries",)


def test_a_budget_of_time_that_is_used_up_is_said(tmp_path: Path) -> None:
    for number in range(20):
        write(tmp_path / f"f{number}", 4)
    ticking = itertools.count()
    scanner = Scanner(Limits(6, 1000), lambda: float(next(ticking)), NOW, ())
    found = scanner.look(everything(tmp_path), (), "")
    assert found is not None
    assert found.missed == (f"stopped at {tmp_path} after 6 s",)
    again = scanner.look(everything(tmp_path), (), "")
    assert again is not None
    assert again.missed, "places that come after it are not whole either"


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a tmpfs needs root")
def test_another_filesystem_mounted_inside_is_not_entered(tmp_path: Path) -> None:
    write(tmp_path / "own", 64)
    (tmp_path / "mounted").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", str(tmp_path / "mounted")], check=True)
    try:
        write(tmp_path / "mounted/x", 64)
        assert look(everything(tmp_path)).files == 1
    finally:
        subprocess.run(["umount", str(tmp_path / "mounted")], check=True)


def test_another_machines_filesystem_is_not_even_touched(tmp_path: Path) -> None:
    table = mounts.mounts(f"1 0 0:9 / {tmp_path}/nfs rw - nfs4 filer:/x rw\n")
    scanner = Scanner(Limits(60, 100), FakeClock().monotonic, NOW, table)
    found = scanner.look(everything(tmp_path / "nfs"), (), "")
    assert found is not None
    assert found.missed == (f"{tmp_path}/nfs is on nfs4: not looked at",)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_directory_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0)
    assert look(everything(tmp_path)).missed == (f"{tmp_path}/shut: permission denied",)


def test_a_place_that_is_not_there_is_left_out_and_homes_are_added_up(tmp_path: Path) -> None:
    write(tmp_path / "ann/.cache/x", 64)
    write(tmp_path / "bob/.cache/x", 64)
    place = Place("~/.cache", "caches", "tool")
    assert look(place, homes=(f"{tmp_path}/ann", f"{tmp_path}/bob", f"{tmp_path}/cy")).files == 2
    scanner = Scanner(Limits(60, 100), FakeClock().monotonic, NOW, ())
    assert scanner.look(place, (f"{tmp_path}/cy",), "") is None


def test_root_looks_at_every_persons_home_and_anybody_else_at_their_own() -> None:
    passwd = (
        "root:x:0:0::/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/sh\nwww:x:33:33::/var/www:/usr/sbin/nologin\n"
        "job:x:1001:1001::/srv/job:/usr/sbin/nologin\nnobody:x:65534:65534::/nonexistent:/bin/sh\nbroken\n"
    )
    assert reclaim.homes(passwd, 0, "/root") == ("/home/ann", "/root")
    assert reclaim.homes(passwd, 1000, "/home/ann") == ("/home/ann",)
    assert reclaim.homes(passwd, 33, "~") == ()


def test_the_host_looks_below_its_root(tmp_path: Path) -> None:
    write(tmp_path / "var/cache/apt/archives/x.deb", 64)
    host = LinuxHost(FakeClock(), root=str(tmp_path), proc=str(tmp_path), etc=str(tmp_path))
    [found] = host.reclaimable([Place("/var/cache/apt/archives", "x", "y"), Place("/gone", "x", "y")], Limits(60, 100))
    assert found.files == 1
