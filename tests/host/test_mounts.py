from __future__ import annotations

import pytest

from srvmaint.host import mounts
from srvmaint.host.readings import Unmounted

MOUNTINFO = r"""27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
30 27 8:1 / /data rw,relatime shared:5 master:1 - ext4 /dev/sdb1 ro,errors=remount-ro
31 27 8:2 / /mnt/my\040disk ro - xfs /dev/sdc1 ro
32 27 8:3 / /boxed ro - ext4 /dev/sdd1 rw
33 27 7:1 / /snap ro - squashfs /dev/loop1 ro
34 27 8:4 / /new rw - ext4 /dev/sde1 rw,emergency_ro
35 27 0:40 / /data/nfs rw - nfs4 filer:/x rw
broken line
"""


@pytest.mark.parametrize(
    ("path", "point"),
    [
        ("/", "/"),
        ("/etc", "/"),
        ("/data", "/data"),
        ("/data/pg", "/data"),
        ("/database", "/"),
        ("/data/nfs/x", "/data/nfs"),
        ("/mnt/my disk", "/mnt/my disk"),
    ],
)
def test_a_path_lies_on_the_innermost_mount(path: str, point: str) -> None:
    mount = mounts.mount_of(path, mounts.mounts(MOUNTINFO))
    assert mount is not None
    assert mount.point == point


def test_a_later_mount_hides_an_earlier_one_on_the_same_point() -> None:
    table = mounts.mounts("1 0 8:1 / / rw - ext4 /dev/a rw\n2 0 8:2 / / rw - xfs /dev/b rw\n")
    mount = mounts.mount_of("/x", table)
    assert mount is not None
    assert mount.fstype == "xfs"


@pytest.mark.parametrize(
    ("point", "turned"),
    [
        ("/", False),
        ("/data", True),
        ("/mnt/my disk", False),
        ("/boxed", False),
        ("/snap", False),
        ("/new", True),
    ],
)
def test_only_a_filesystem_the_kernel_shut_counts_as_turned_read_only(point: str, turned: bool) -> None:  # noqa: FBT001 - a table
    mount = mounts.mount_of(point, mounts.mounts(MOUNTINFO))
    assert mount is not None
    assert mounts.turned_readonly(mount, {}) is turned


def test_inside_a_sandbox_fstab_tells_what_was_meant() -> None:
    [mount] = mounts.mounts("1 0 8:1 / /data ro - ext4 /dev/sdb1 ro\n")
    assert mounts.turned_readonly(mount, mounts.fstab("/dev/sdb1 /data ext4 defaults 0 2\n"))
    assert not mounts.turned_readonly(mount, mounts.fstab("/dev/sdb1 /data ext4 ro,noatime 0 2\n"))
    assert not mounts.turned_readonly(mount, mounts.fstab("# /dev/sdb1 /data ext4 defaults 0 2\n"))


def test_space_is_counted_the_way_df_does() -> None:
    found = mounts.space((4096, 1000, 200, 150, 0, 0, 0), None, turned=False)
    assert (found.used, found.available) == (800 * 4096, 150 * 4096)
    assert (found.inodes_used, found.inodes_available) == (0, 0)


BUSY = r"""21 1 0:20 / /proc rw - proc proc rw
22 1 0:21 / /run rw - tmpfs tmpfs rw
23 22 0:22 / /run/user/1000 rw - tmpfs tmpfs rw
24 1 0:23 / /dev/shm rw - tmpfs tmpfs rw
27 1 8:1 / / rw - ext4 /dev/sda1 rw
28 27 8:2 / /var rw - xfs /dev/mapper/vg-var rw
29 27 8:1 /srv/www /home/www rw - ext4 /dev/sda1 rw
30 27 7:1 / /snap/core ro - squashfs /dev/loop1 ro
31 27 0:40 / /mnt/nfs rw - nfs4 filer:/x rw
32 27 0:41 / /tank rw - zfs tank rw
33 27 0:42 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw
34 27 0:43 / /scratch rw - tmpfs tmpfs rw
35 27 0:44 / /tmp rw - tmpfs tmpfs rw
"""
FSTAB = """# <file system> <mount point> <type> <options>
/dev/sda1 / ext4 defaults 0 1
/dev/sdb1 /backup ext4 defaults,nofail 0 2
/dev/sdc1 /data ext4 defaults 0 2
/dev/sdd1 /usb ext4 noauto 0 0
tmpfs /scratch tmpfs size=1G 0 0
/dev/sda5 none swap sw 0 0
"""


def test_what_can_fill_up_is_worth_watching_each_filesystem_once() -> None:
    found = mounts.worth_watching(mounts.mounts(BUSY), mounts.fstab(FSTAB), remote=False)
    assert found == ("/", "/backup", "/data", "/run", "/scratch", "/tank", "/tmp", "/var")  # noqa: S108 - a mount point


def test_other_machines_filesystems_are_watched_where_it_is_asked_for() -> None:
    assert "/mnt/nfs" in mounts.worth_watching(mounts.mounts(BUSY), {}, remote=True)


def test_the_root_is_watched_whatever_it_is_made_of() -> None:
    assert mounts.worth_watching(mounts.mounts("1 0 0:9 / / rw - overlay overlay rw\n"), {}, remote=False) == ("/",)


def test_what_fstab_wants_and_is_not_mounted_is_missing_unless_it_is_mounted_by_hand() -> None:
    table, wanted = mounts.mounts(BUSY), mounts.fstab(FSTAB)
    assert mounts.unmounted("/data", table, wanted) == Unmounted(optional=False)
    assert mounts.unmounted("/backup", table, wanted) == Unmounted(optional=True)
    assert mounts.unmounted("/usb", table, wanted) is None
    assert mounts.unmounted("/", table, wanted) is None
    assert mounts.unmounted("/never/heard/of", table, wanted) is None


def test_a_superblock_that_is_read_only_is_told_and_a_sandboxs_view_is_not() -> None:
    table = mounts.mounts(MOUNTINFO)
    figures = (4096, 1000, 200, 150, 0, 0, 0)
    by_point = {mount.point: mounts.space(figures, mount, turned=False).readonly for mount in table}
    assert by_point["/data"]
    assert by_point["/mnt/my disk"]
    assert not by_point["/boxed"]
    assert not by_point["/snap"]
    assert not by_point["/"]
