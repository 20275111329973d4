"""Disks that are slow or busy. How full they are is the disk family."""

from __future__ import annotations

from typing import Final

from srvmaint.intelligence._family import INSIDE, Family
from srvmaint.model import CheckResult, CheckStatus


def _title(result: CheckResult) -> str:
    critical = result.status is CheckStatus.CRITICAL
    return "A disk cannot keep up: find who uses it" if critical else "A disk is busy and slow: see with what"


def _actions(result: CheckResult) -> tuple[str, ...]:
    del result
    return (
        "Find who reads and writes: pidstat -d 1 5, or iotop -obn3 as root",
        "See whether the disk itself fails: journalctl -k --since -1d | grep -iE 'i/o error|reset'; smartctl -H",
        "If this work is legitimate, move it to quieter hours, or hold it back with IOWeight= or IOReadBandwidthMax=.",
    )


FAMILY: Final = Family(
    type="io",
    checker="io",
    words=frozenset({"iostat", "diskio"}),
    title=_title,
    actions=_actions,
    look=("iostat -x 1 3", "cat /proc/pressure/io"),
    phrases=(
        *("disk io", "disk i o", "io latency", "io saturation", "io utilization", "io pressure", "disk saturation"),
        *("disk latency", "disk read latency", "disk write latency", "disk busy", "disk is busy", "disk slow"),
    ),
    open_words=INSIDE,
)
