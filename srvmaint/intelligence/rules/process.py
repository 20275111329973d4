"""Processes that have to run and do not, or run too large, too often, too young.

An alert about one process is held against that one only.
"""

from __future__ import annotations

from typing import Final

from srvmaint.intelligence._family import Family, Reading, near_level, read_whole
from srvmaint.model import Alert, CheckResult, CheckStatus

_LABELS: Final = ("process", "process_name", "groupname", "proc", "exe", "comm")


def _title(result: CheckResult) -> str:
    if result.metrics and result.metrics[0].value >= 1:
        return "Start what does not run"
    return "A process is not as it should be: see which"


def _actions(result: CheckResult) -> tuple[str, ...]:
    missing = [
        metric.name.partition(":")[2]
        for metric in result.metrics
        if metric.name.startswith("running:") and not metric.value
    ]
    if missing:
        return (
            f"See why it ended: systemctl status {missing[0]}; journalctl -u {missing[0]} -n 50",
            "See whether the kernel killed it: journalctl -k --since -1h | grep -i 'killed process'",
        )
    return ("Look at it: ps -o pid,stat,etime,rss,comm -C NAME", "Read its log for what it says about itself.")


def _read(alert: Alert, result: CheckResult) -> Reading:
    name = next((alert.labels[label] for label in _LABELS if alert.labels.get(label)), "")
    if not name or result.status in (CheckStatus.UNKNOWN, CheckStatus.SKIPPED):
        return read_whole(alert, result)
    own = [metric for metric in result.metrics if metric.name.partition(":")[2] == name]
    if not own:
        return Reading(CheckStatus.UNKNOWN, f"{name} is not among the processes the process checker looks at")
    parts = (*result.details, *result.message.split("; "))
    text = next((part for part in parts if part.startswith(f"{name}: ")), "")
    if text and result.status is not CheckStatus.OK and text in result.message:
        return Reading(result.status, text)
    return Reading(CheckStatus.OK, text or f"{name} runs", near=any(near_level(metric) for metric in own))


FAMILY: Final = Family(
    type="process",
    checker="process",
    words=frozenset({"procstat"}),
    title=_title,
    actions=_actions,
    look=("ps -eo pid,stat,etime,rss,comm", "systemctl --failed"),
    phrases=(
        *("process down", "process is down", "process not running", "process is not running", "process missing"),
        *("process stopped", "process died", "process dead", "process exited", "process crashed", "processes down"),
        *("process restarted", "process restarts", "process count", "number of processes"),
    ),
    open_words=frozenset({"restarted", "restarts", "crashed", "died", "exited", "flapping"}),
    read=_read,
)
