"""Filesystems: full, out of inodes, gone read-only, gone. How quick the disks are is a family of its own.

An alert about one mount point is held against that mount point only: a full `/` says nothing about `/data`.
"""

from __future__ import annotations

import re
from typing import Final

from srvmaint.intelligence._family import INSIDE, Family, Reading, near_level, read_whole
from srvmaint.model import Alert, CheckResult, CheckStatus, Metric

WORDS: Final = frozenset({"disk", "disks", "diskspace", "filesystem", "filesystems", "fs", "rootfs", "inode", "inodes"})
_GONE: Final = ("broken:", "unmounted:")
_PATH_LABELS: Final = ("mountpoint", "mount_point", "mount", "path")
_PATH_IN_NAME: Final = re.compile(r"(?:^|[\s\[(\"'=])(/[\w.\-/]*)")


def _title(result: CheckResult) -> str:
    if any(metric.name.startswith("readonly:") for metric in result.metrics):
        return "A filesystem has gone read-only: find the I/O error"
    if any(metric.name.startswith(_GONE) for metric in result.metrics):
        return "A filesystem is gone or hangs: bring it back"
    critical = result.status is CheckStatus.CRITICAL
    return "Make room before writes fail" if critical else "A filesystem is filling up: see with what"


def _actions(result: CheckResult) -> tuple[str, ...]:
    path = next((metric.name.partition(":")[2] for metric in result.metrics if _is_bad(metric)), "/")
    if any(metric.name.startswith(_GONE) for metric in result.metrics):
        return (
            f"See why: journalctl -k --since -1h; systemctl status $(systemd-escape -p --suffix=mount {path})",
            f"If its server or disk is back: umount -l {path}, then mount {path}; restart what still waits for it.",
        )
    if any(metric.name.startswith("readonly:") for metric in result.metrics):
        return (
            "Read the kernel's reason first: journalctl -k --since -1d | grep -iE 'i/o error|remount|ext4|xfs'",
            f"Save what matters from {path}, then check the disk (smartctl -H) before fsck and remounting.",
        )
    if any(metric.name.startswith("inodes:") and _is_bad(metric) for metric in result.metrics):
        return (
            f"Find the directory with the most files: du --inodes -xS {path} | sort -n | tail",
            "Usual suspects: session files, mail queues, caches without cleaning.",
        )
    return (
        f"Find what is large: du -xh --max-depth=2 {path} | sort -h | tail -20",
        "Look for deleted files that are still open: lsof +L1",
        "Give back what is safe to give back: journalctl --vacuum-size=200M; the package manager's cache",
    )


def _is_bad(metric: Metric) -> bool:
    return metric.reaches(metric.crit if metric.warn is None else metric.warn)


def _wanted_path(alert: Alert) -> str:
    """The mount point an alert names, in a label or in its name."""
    for label in _PATH_LABELS:
        value = alert.labels.get(label, "")
        if value.startswith("/"):
            return value.rstrip("/") or "/"
    found = _PATH_IN_NAME.search(alert.name)
    return (found[1].rstrip("/") or "/") if found else ""


def _read(alert: Alert, result: CheckResult) -> Reading:
    path = _wanted_path(alert)
    if not path or result.status in (CheckStatus.UNKNOWN, CheckStatus.SKIPPED):
        return read_whole(alert, result)
    own = [metric for metric in result.metrics if metric.name.partition(":")[2] == path]
    if not own:
        return Reading(CheckStatus.UNKNOWN, f"{path} is not among the paths the disk checker looks at")
    text = next((line for line in result.details if line.startswith(f"{path} ")), result.message)
    if any(metric.reaches(metric.crit) for metric in own):
        return Reading(CheckStatus.CRITICAL, text)
    if any(_is_bad(metric) for metric in own):
        return Reading(CheckStatus.WARNING, text)
    return Reading(CheckStatus.OK, text, near=any(near_level(metric) for metric in own))


FAMILY: Final = Family(
    type="disk",
    checker="disk",
    words=WORDS,
    title=_title,
    actions=_actions,
    look=("df -h", "df -i"),
    phrases=("free space", "low space", "space left", "space low", "out of space", "no space", "storage space"),
    not_about=(
        *("latency", "io", "i o", "iops", "iowait", "throughput", "read rate", "write rate"),
        *("smart", "health", "temperature", "raid", "error", "errors", "failure", "failed", "failing"),
        *("address space", "swap space"),
    ),
    open_words=INSIDE | {"will", "predict", "predicted", "prediction", "forecast", "filling", "fills", "soon"},
    read=_read,
    helpers=("disk_linux", "disk_common", "disk_macos"),
)
