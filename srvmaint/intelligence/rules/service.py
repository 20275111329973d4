"""systemd's units: failed, down, restarted again and again.

The units checker knows every loaded unit: one it does not complain of has not failed. A "service" in an alert is more
often a web service than a unit, so only words that mean systemd count.
"""

from __future__ import annotations

from typing import Final

from srvmaint.intelligence._family import Family, Reading, read_whole
from srvmaint.model import Alert, CheckResult, CheckStatus

_LABELS: Final = ("unit", "systemd_unit", "service_name", "name")
_SUFFIXES: Final = (".service", ".timer", ".mount", ".socket", ".scope", ".path", ".device", ".swap", ".target")
_TOLD: Final = 10
"""Units the checker names; of more than these some are not told."""


def _title(result: CheckResult) -> str:
    if "has given up" in result.message:
        return "systemd has given up on a unit: cure it, reset it, start it"
    return "A unit is not as it should be: read why"


def _actions(result: CheckResult) -> tuple[str, ...]:
    return (*result.details[:3], "See all of them: systemctl --failed")


def _read(alert: Alert, result: CheckResult) -> Reading:
    named = (alert.labels.get(label, "") for label in _LABELS)
    unit = next((name for name in named if name.endswith(_SUFFIXES)), "")
    if not unit or result.status in (CheckStatus.UNKNOWN, CheckStatus.SKIPPED):
        return read_whole(alert, result)
    text = next((part for part in result.message.split("; ") if unit in part.split()), "")
    if text:
        return Reading(result.status, text)
    failed = next((metric.value for metric in result.metrics if metric.name == "failed"), 0.0)
    if failed >= _TOLD:
        return Reading(CheckStatus.UNKNOWN, f"{failed:.0f} units have failed, {unit} may be one of them")
    return Reading(CheckStatus.OK, f"{unit} has not failed here")


FAMILY: Final = Family(
    type="service",
    checker="units",
    words=frozenset({"systemd", "systemctl"}),
    title=_title,
    actions=_actions,
    look=("systemctl --failed", "journalctl -p err --since -1h"),
    phrases=("unit failed", "units failed", "failed unit", "failed units", "unit is failed", "unit is down"),
    open_words=frozenset(
        {"crashed", "crash", "crashlooping", "flapping", "restart", "restarts", "restarted", "restarting", "inactive"}
    ),
    read=_read,
)
