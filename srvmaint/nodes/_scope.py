"""What names mean in expressions and transforms: what a run has found out so far, as plain data.

    incident        its fields: severity, status, title, labels.<key>, alerts.firing, ...; null without one
    alert           the worst alert: name, source, severity, status, labels.<key>, annotations.<key>, ...
    run             pipeline, source, environment, changes (opened, severity_changed, resolved, ...)
    severity        the incident's; without an incident, what the checks amount to
    verdict         what this host says about the alerts: confirmed, contradicted, not this host, unverified
    checks          everything looked at so far: checks.disk.status, checks.cpu.load1, checks.worst
    recommendations a list, with `recommendations.count`
    <node id>       what that node wrote down, with `ran`, `has_errors` and `error`; of a context node also `context`,
                    its own checks: metrics.context.cpu.load

A node's id comes before a name of this list. A metric can be named without its checker's name, without `_percent` and
without its number: `load` is `load1`. Pure; nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from srvmaint.intelligence._verdict import judge
from srvmaint.model import CHECK_ORDER, CheckResult, CheckStatus, Severity
from srvmaint.nodes import Context
from srvmaint.nodes._expression import Path

NAMES: Final = ("incident", "alert", "run", "severity", "verdict", "checks", "recommendations")
_SEVERITIES: Final = {
    CheckStatus.CRITICAL: Severity.CRITICAL,
    CheckStatus.WARNING: Severity.WARNING,
    CheckStatus.UNKNOWN: Severity.WARNING,
}


class Scope:
    """The names of one run at one moment."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def value(self, path: Path) -> Any:
        """What is at `path`; None when nothing is."""
        node = owner(path, self._context.ids)
        if node is not None:
            return find(self.node(node), path[len(node.split(".")) :])
        return find(self._named(path[0]), path[1:])

    def node(self, node_id: str) -> dict[str, Any]:
        """What a node of the run has written down."""
        context = self._context
        output = context.outputs.get(node_id)
        error = context.failures.get(node_id)
        view: dict[str, Any] = {**output} if isinstance(output, Mapping) else {}
        if "evidence" in view:
            own = set(view["evidence"])
            view["context"] = _checks(result for result in context.evidence if result.id in own)
        return view | {"ran": output is not None, "has_errors": error is not None, "error": error}

    def _named(self, name: str) -> Any:
        context = self._context
        match name:
            case "incident":
                return msgspec.to_builtins(context.incident)
            case "alert":
                return msgspec.to_builtins(context.alerts[0].alert) if context.alerts else None
            case "run":
                return msgspec.to_builtins(context.run)
            case "severity":
                return context.incident.severity if context.incident else severity_of(context.evidence)
            case "verdict":
                judgement = context.judgement
                return (judgement or judge(context.parsed_alerts, context.evidence, context.is_this_host))[0]
            case "checks":
                return _checks(context.evidence)
            case "recommendations":
                return msgspec.to_builtins(context.recommendations)
        return None


def owner(path: Path, ids: Iterable[str]) -> str | None:
    """The node whose id a path begins with; the longest where there are several."""
    known = frozenset(ids)
    beginnings = (".".join(path[:length]) for length in range(len(path), 0, -1))
    return next((beginning for beginning in beginnings if beginning in known), None)


def find(value: Any, path: Iterable[str]) -> Any:
    """Follow a path through tables and lists; None where it leads nowhere."""
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list | tuple):
            value = _of_list(value, part)
        else:
            return None
    return value


def severity_of(evidence: Iterable[CheckResult]) -> Severity:
    """How bad the worst of what was looked at is; what nobody could find out is a warning."""
    worst = worst_of(evidence)
    return _SEVERITIES.get(worst, Severity.INFO) if worst is not None else Severity.INFO


def worst_of(evidence: Iterable[CheckResult]) -> CheckStatus | None:
    """The worst status there is; None when nothing was looked at."""
    return min((result.status for result in evidence), key=CHECK_ORDER.index, default=None)


def _of_list(value: list[Any] | tuple[Any, ...], part: str) -> Any:
    if part == "count":
        return len(value)
    return value[int(part)] if part.isdecimal() and len(part) < 6 and int(part) < len(value) else None  # noqa: PLR2004 - no list is that long


def _checks(evidence: Iterable[CheckResult]) -> dict[str, Any]:
    found = list(evidence)
    return {result.checker: _check(result) for result in found} | {"worst": worst_of(found)}


def _check(result: CheckResult) -> dict[str, Any]:
    view: dict[str, Any] = {"status": result.status, "message": result.message}
    for metric in result.metrics:
        view.setdefault(metric.name, metric.value)
    for metric in result.metrics:
        view.setdefault(metric.name.removeprefix(f"{result.checker}_").removesuffix("_percent"), metric.value)
        view.setdefault(metric.name.rstrip("0123456789"), metric.value)
    return view
