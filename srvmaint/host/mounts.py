"""Mount tables to readings: which filesystems there are, which are worth watching, which nobody can write to. Pure.

Nothing here touches a mount: only the text the kernel and the administrator wrote about them.
"""

from __future__ import annotations

from typing import NamedTuple

from srvmaint.host.readings import Space, Unmounted

Fstab = dict[str, tuple[str, ...]]
"""Mount point to options."""
_NEVER_WRITABLE = frozenset({"squashfs", "iso9660", "erofs", "udf", "cramfs", "romfs"})
_OWN = frozenset({"zfs", "btrfs", "bcachefs", "ubifs", "jffs2", "simfs", "virtiofs"})
"""Filesystems of this machine whose source need not be a device below /dev."""
_REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "fuse.glusterfs", "fuse.sshfs", "9p", "afs"})
_IN_MEMORY = frozenset({"/tmp", "/run", "/var/tmp"})  # noqa: S108 - mount points to look at, not files to write
"""A tmpfs here stops services when it is full; elsewhere it is somebody's shared memory."""


class Mount(NamedTuple):
    """One line of mountinfo."""

    point: str
    fstype: str
    source: str
    readonly: bool
    """As seen from this process's namespace: a sandbox makes everything read-only."""
    super_readonly: bool
    """As the filesystem itself is."""
    emergency: bool
    """ext4 of newer kernels: shut for writing after an error."""
    device: str = ""
    """`major:minor`: bind mounts and subvolumes of one filesystem share it."""


def mounts(text: str) -> tuple[Mount, ...]:
    """/proc/self/mountinfo, in its order: a later line hides an earlier one on the same point."""
    found = []
    for line in text.splitlines():
        left, dash, right = line.partition(" - ")
        fields, tail = left.split(" "), right.split(" ")
        if not dash or len(fields) < 6 or len(tail) < 3:  # noqa: PLR2004 - the fixed fields of proc(5)
            continue
        super_options = tail[2].split(",")
        found.append(
            Mount(
                point=_unescape(fields[4]),
                fstype=tail[0],
                source=_unescape(tail[1]),
                readonly="ro" in fields[5].split(","),
                super_readonly="ro" in super_options,
                emergency="emergency_ro" in super_options,
                device=fields[2],
            )
        )
    return tuple(found)


def _unescape(text: str) -> str:
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, char)
    return text


def mount_of(path: str, table: tuple[Mount, ...]) -> Mount | None:
    """The mount a resolved path lies on."""
    best: Mount | None = None
    for mount in table:
        inside = path == mount.point or path.startswith(mount.point.rstrip("/") + "/")
        if inside and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def fstab(text: str) -> Fstab:
    """Mount point to options, from /etc/fstab."""
    table = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 4 and fields[1].startswith("/") and not fields[0].startswith("#"):  # noqa: PLR2004 - fstab(5)
            table[_unescape(fields[1])] = tuple(fields[3].split(","))
    return table


def visible(table: tuple[Mount, ...]) -> dict[str, Mount]:
    """What is seen at each mount point: the last mount on it."""
    return {mount.point: mount for mount in table}


def worth_watching(table: tuple[Mount, ...], wanted: Fstab, *, remote: bool) -> tuple[str, ...]:
    """The mount points of filesystems that can fill up, each filesystem once, and those fstab wants and misses."""
    seen: dict[str, str] = {}
    for point, mount in sorted(visible(table).items(), key=lambda item: len(item[0])):
        if _can_fill(mount, wanted, remote=remote):
            seen.setdefault(mount.device, point)  # a bind mount or a subvolume is the same filesystem again
    missing = [point for point in wanted if unmounted(point, table, wanted) is not None]
    return tuple(sorted({*seen.values(), *missing}))


def _can_fill(mount: Mount, wanted: Fstab, *, remote: bool) -> bool:
    if mount.point == "/":
        return True
    if mount.fstype in _NEVER_WRITABLE:
        return False
    if mount.fstype == "tmpfs":
        return mount.point in _IN_MEMORY or mount.point in wanted
    if mount.fstype in _REMOTE:
        return remote
    return mount.source.startswith("/dev/") or mount.fstype in _OWN


def unmounted(path: str, table: tuple[Mount, ...], wanted: Fstab) -> Unmounted | None:
    """Whether fstab wants a filesystem mounted at just this path and there is none."""
    options = wanted.get(path)
    if options is None or "noauto" in options or any(mount.point == path for mount in table):
        return None
    return Unmounted(optional="nofail" in options)


def turned_readonly(mount: Mount, wanted: Fstab) -> bool:
    """Whether the kernel stopped writing to a filesystem that was meant to be written to.

    After an error the superblock is read-only while the mount is still read-write. Mounted read-only on purpose, both
    are. Inside a sandbox every mount is read-only whatever the superblock says: then only fstab tells what was meant.
    """
    if mount.fstype in _NEVER_WRITABLE:
        return False
    if mount.emergency:
        return True
    if not mount.super_readonly:
        return False
    options = wanted.get(mount.point)
    return not mount.readonly or (options is not None and "ro" not in options)


def space(stat: tuple[int, int, int, int, int, int, int], mount: Mount | None, *, turned: bool) -> Space:
    """Filesystem figures the way df counts them: what root keeps for itself is neither used nor available.

    `stat` is f_frsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_favail.
    """
    unit, blocks, free, available, files, files_free, files_available = stat
    return Space(
        used=max(blocks - free, 0) * unit,
        available=max(available, 0) * unit,
        inodes_used=max(files - files_free, 0) if files else 0,
        inodes_available=max(files_available, 0) if files else 0,
        fstype=mount.fstype if mount else "",
        source=mount.source if mount else "",
        turned_readonly=turned,
        readonly=mount is not None and mount.fstype not in _NEVER_WRITABLE and (turned or mount.super_readonly),
    )
