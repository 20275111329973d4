from __future__ import annotations

from pathlib import Path

import pytest

from srvmaint.host import blocks
from srvmaint.host.linux import LinuxHost
from tests.fakes import FakeClock

DISKSTATS = """   7       0 loop0 5 0 10 1 0 0 0 0 0 1 1
 254       0 vda 100 10 800 50 200 20 1600 150 3 900 200 1 0 8 0 4 2
 254       1 vda1 90 10 700 40 200 20 1600 150 0 800 190
 253       0 dm-0 100 0 800 60 220 0 1600 300 0 950 360
   8       0 short line
"""


def test_a_disks_counters_are_read_and_bytes_are_bytes() -> None:
    found = blocks.disk_times(DISKSTATS)
    assert found["vda"] == blocks.DiskTimes(100, 50, 800 * 512, 200, 150, 1600 * 512, 900)
    assert "short" not in found


@pytest.mark.parametrize(
    ("names", "disks"),
    [
        (("dm-0", "loop0", "md0", "sda", "sr0", "zram0"), ("sda",)),
        (("dm-0", "loop0"), ("dm-0",)),
        (("loop0",), ()),
        (("mmcblk0", "nvme0n1", "vda"), ("mmcblk0", "nvme0n1", "vda")),
    ],
)
def test_what_is_made_of_other_disks_counts_only_where_there_is_nothing_else(
    names: tuple[str, ...], disks: tuple[str, ...]
) -> None:
    assert blocks.disks(names) == disks


def test_partitions_are_no_disks_because_sys_block_has_none(tmp_path: Path) -> None:
    for name in ("vda", "loop0", "dm-0"):
        (tmp_path / "sys/block" / name).mkdir(parents=True)
    (tmp_path / "diskstats").write_text(DISKSTATS)
    found = LinuxHost(FakeClock(), root=str(tmp_path), proc=str(tmp_path)).disks()
    assert list(found.disks) == ["vda"]


def test_this_machine_itself_can_be_read() -> None:
    assert all(times.busy_ms >= 0 for times in LinuxHost(FakeClock()).disks().disks.values())
