from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from srvmaint.host.linux import LinuxHost, _readable
from srvmaint.host.readings import Space, Unmounted, Unreadable
from tests.fakes import FakeClock

PAGE = os.sysconf("SC_PAGE_SIZE")


def make(root: Path, **files: str) -> LinuxHost:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return LinuxHost(FakeClock(), proc=str(root), etc=str(root))


def stat(name: str, ticks: int, pages: int) -> str:
    fields = ["S", *["0"] * 10, str(ticks), "0", *["0"] * 6, "0", "0", str(pages), "0"]
    return f"1 ({name}) {' '.join(fields)}"


def test_processes_that_end_while_they_are_looked_at_are_left_out(tmp_path: Path) -> None:
    host = make(tmp_path, uptime="1000.00 1.0\n", **{"7__stat": stat("java", 500, 10), "self__x": ""})
    (tmp_path / "8").mkdir()
    table = host.processes()
    assert [process.name for process in table.seen] == ["java"]
    assert table.total == 1
    assert table.seen[0].age_s == 1000


def test_only_so_many_processes_are_looked_at(tmp_path: Path) -> None:
    make(tmp_path, uptime="1 1", **{f"{pid}__stat": stat("x", 1, 1) for pid in range(1, 6)})
    table = LinuxHost(FakeClock(), proc=str(tmp_path), process_limit=2).processes()
    assert len(table.seen) == 2
    assert table.total == 5


def test_a_kernel_without_pressure_figures_has_none(tmp_path: Path) -> None:
    assert make(tmp_path).pressure("memory") is None


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="meminfo"):
        make(tmp_path).memory()


def test_a_path_that_does_not_exist_does_not_spoil_the_others(tmp_path: Path) -> None:
    host = make(tmp_path, self__mountinfo="27 1 254:0 / / rw - ext4 /dev/vda rw\n")
    found = host.spaces([str(tmp_path), str(tmp_path / "gone")])
    here = found[str(tmp_path)]
    assert isinstance(here, Space)
    assert here.fstype == "ext4"
    assert found[str(tmp_path / "gone")] == Unreadable("does not exist")


def test_a_link_lies_on_the_filesystem_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    lines = f"1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 8:2 / {tmp_path}/real rw - xfs /dev/b rw\n"
    found = make(tmp_path, self__mountinfo=lines).spaces([str(tmp_path / "link")])[str(tmp_path / "link")]
    assert isinstance(found, Space)
    assert found.fstype == "xfs"


def test_this_machine_itself_can_be_read() -> None:
    host = LinuxHost(FakeClock())
    assert host.cpu().all.total > 0
    assert host.load().cores >= 1
    assert 0 < host.memory().available <= host.memory().total
    assert any(process.pid == 1 for process in host.processes().seen)
    assert isinstance(host.spaces(["/"])["/"], Space)


def test_a_process_that_has_ended_belongs_to_no_service(tmp_path: Path) -> None:
    assert make(tmp_path).unit_of(4711) == ""


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (OSError(errno.ESTALE, "Stale file handle"), Unreadable("stale file handle", is_broken=True)),
        (TimeoutError("does not answer within 3 s"), Unreadable("does not answer within 3 s", is_broken=True)),
        (PermissionError(errno.EACCES, "Permission denied"), Unreadable("permission denied")),
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), Unreadable("does not exist")),
    ],
)
def test_a_filesystem_that_does_not_work_is_told_from_a_path_that_cannot_be_read(
    error: OSError, found: Unreadable
) -> None:
    assert _readable(error) == found


def test_a_filesystem_that_fstab_wants_and_is_not_mounted_is_not_measured(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    fstab = f"/dev/sdb1 {tmp_path}/data ext4 defaults,nofail 0 2\n"
    host = make(tmp_path, self__mountinfo="27 1 254:0 / / rw - ext4 /dev/vda rw\n", fstab=fstab)
    assert host.spaces([f"{tmp_path}/data"]) == {f"{tmp_path}/data": Unmounted(optional=True)}
    assert host.filesystems(remote=False) == ("/", f"{tmp_path}/data")


def test_what_was_swapped_is_counted_in_bytes(tmp_path: Path) -> None:
    host = make(tmp_path, vmstat="pswpin 2\npswpout 3\n")
    found = host.swapping()
    assert found is not None
    assert (found.came_in, found.went_out) == (2 * PAGE, 3 * PAGE)
    assert make(tmp_path, vmstat="pgfault 1\n").swapping() is None
