"""The clock: kept by nobody, or off."""

from __future__ import annotations

from typing import Final

from srvmaint.intelligence._family import Family
from srvmaint.model import CheckResult, CheckStatus


def _title(result: CheckResult) -> str:
    return "Set the clock right" if result.status is CheckStatus.CRITICAL else "Let something keep the clock"


def _actions(result: CheckResult) -> tuple[str, ...]:
    if "nothing keeps" in result.message:
        return (
            "See what should: timedatectl; systemctl status chrony systemd-timesyncd ntpsec",
            "Where none is installed: apt-get install chrony (or dnf install chrony), which starts it.",
            "If it runs and reaches nobody, UDP port 123 is closed on the way: chronyc sources",
        )
    return (
        "See its sources and whether they agree: chronyc sources -v; chronyc tracking",
        "Step it once when services bear a jump: chronyc makestep (a database may not).",
    )


FAMILY: Final = Family(
    type="timesync",
    checker="timesync",
    words=frozenset({"ntp", "ntpd", "chrony", "chronyd", "timesync", "timesyncd", "clock"}),
    title=_title,
    actions=_actions,
    look=("timedatectl", "chronyc tracking"),
    phrases=("time drift", "time skew", "time sync", "time synchronization", "time not synchronized"),
    not_about=("clock speed", "clock frequency", "o clock"),
)
