"""Check results as text, JSON, a Nagios plugin's output, Checkmk local checks and Prometheus text. Pure.

Each format is a function from results to the lines that go to stdout. Nothing here runs a check, knows a threshold or
touches a terminal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from srvmaint.model import CHECK_ORDER, CheckResult, CheckStatus, Metric

NAGIOS_CODE: Final = {
    CheckStatus.OK: 0,
    CheckStatus.WARNING: 1,
    CheckStatus.CRITICAL: 2,
    CheckStatus.UNKNOWN: 3,
    CheckStatus.SKIPPED: 0,
}
"""https://www.monitoring-plugins.org/doc/guidelines.html#AEN78; a skipped check is nobody's failure."""
_PROMETHEUS_STATE: Final = {**NAGIOS_CODE, CheckStatus.SKIPPED: -1}
_COUNTS: Final = (CheckStatus.OK, CheckStatus.WARNING, CheckStatus.CRITICAL, CheckStatus.UNKNOWN, CheckStatus.SKIPPED)
_NOT_IN_CHECKMK_NAME: Final = re.compile(r"[^A-Za-z0-9_]+")
_NAGIOS_BYTES: Final = 7500
"""NRPE and the servers cut at about 8 KB; cutting ourselves keeps the performance data whole."""


class Origin(NamedTuple):
    """What the results are said to come from, where the caller says so."""

    hostname: str = ""
    labels: Mapping[str, str] = MappingProxyType({})


NOWHERE: Final = Origin()
"""Nothing was said: the reader knows by itself."""


def worst(results: Sequence[CheckResult]) -> CheckStatus:
    """Critical, warning, unknown, ok: in this order. Skipped checks stand apart; nothing but those is ok."""
    statuses = {result.status for result in results} - {CheckStatus.SKIPPED}
    return min(statuses, key=CHECK_ORDER.index, default=CheckStatus.OK)


def exit_code(results: Sequence[CheckResult], fails_from: CheckStatus | None = None) -> int:
    """What the process ends with: Nagios codes, worst first.

    `fails_from` is the mildest status that counts as a failure: WARNING or CRITICAL. None: everything but ok.
    """
    status = worst(results)
    counts = {CheckStatus.CRITICAL: 1, CheckStatus.WARNING: 2}.get(fails_from or CheckStatus.UNKNOWN, len(CHECK_ORDER))
    return NAGIOS_CODE[status] if CHECK_ORDER.index(status) < counts else 0


def as_text(results: Sequence[CheckResult], origin: Origin = NOWHERE) -> str:
    """One line per check and, below it, what a person would ask next."""
    if not results:
        return "no checks"
    width = max(len(result.checker) for result in results)
    lines = []
    for result in results:
        lines.append(f"{result.status.upper():<8}  {result.checker:<{width}}  {result.message}")
        lines += [f"{'':<8}  {'':<{width}}    {detail}" for detail in _more(result)]
    said = [f"{name}={value}" for name, value in (("host", origin.hostname), *origin.labels.items()) if value]
    return "\n".join([*([f"on {', '.join(said)}"] if said else []), *lines])


def _more(result: CheckResult) -> list[str]:
    """The details that the message has not told already."""
    return [detail for detail in result.details if detail not in result.message]


def as_json(results: Sequence[CheckResult], origin: Origin = NOWHERE) -> str:
    """The shape that scripts read; `hostname` and `labels` only where the caller said them."""
    import json  # noqa: PLC0415 - 6 ms of start-up that only this format needs

    summary = {status.value: sum(result.status is status for result in results) for status in _COUNTS}
    summary["total"] = len(results)
    shape: dict[str, Any] = {"results": [_result(result) for result in results], "summary": summary}
    if origin.hostname:
        shape["hostname"] = origin.hostname
    if origin.labels:
        shape["labels"] = dict(origin.labels)
    return json.dumps(shape, ensure_ascii=False)


def _result(result: CheckResult) -> dict[str, Any]:
    return {
        "checker": result.checker,
        "status": result.status.value,
        "message": result.message,
        "metrics": [
            {
                "name": metric.name,
                "value": metric.value,
                "unit": metric.unit,
                "warn": metric.warn,
                "crit": metric.crit,
            }
            for metric in result.metrics
        ],
        "duration_ms": result.duration_ms,
    }


def as_nagios(results: Sequence[CheckResult], origin: Origin = NOWHERE) -> str:
    """`SERVICE STATUS - text | perfdata`, then long text: one plugin, however many checks it ran.

    Its server knows the host by itself.
    """
    del origin
    ran = [result for result in results if result.status is not CheckStatus.SKIPPED]
    service = ran[0].checker.upper() if len(ran) == 1 else "SRVMAINT"
    ranked = sorted(results, key=lambda result: CHECK_ORDER.index(result.status))
    text = _nagios_text("; ".join(result.message for result in ranked)) or "no checks"
    perfdata = " ".join(_perfdata(metric) for result in results for metric in result.metrics)
    first = f"{service} {worst(results).upper()} - {text}" + (f" | {perfdata}" if perfdata else "")
    long_text = [f"{result.checker}: {_nagios_text(detail)}" for result in ranked for detail in _more(result)]
    return _fit([first, *long_text])


def nagios_failure(reason: str) -> str:
    """The line of a plugin that could not even begin."""
    return f"SRVMAINT UNKNOWN - {_nagios_text(reason)}"


def _nagios_text(text: str) -> str:
    return " ".join(text.replace("|", "/").split())


def _perfdata(metric: Metric) -> str:
    # a doubled quote is allowed in a label, and not read by all
    label = "".join(char if char.isprintable() and char not in "='|" else "_" for char in metric.name)
    if not re.fullmatch(r"[\w:/.\-]+", label):
        label = f"'{label}'"
    fields = [_value(metric) + metric.unit, _range(metric.warn, metric), _range(metric.crit, metric)]
    return f"{label}={';'.join(fields)}".rstrip(";")


def _range(level: float | None, metric: Metric) -> str:
    """A level as the plugins' ranges have it: `80` alerts above, `14:` below.

    https://www.monitoring-plugins.org/doc/guidelines.html#THRESHOLDFORMAT
    """
    return number(level, _places(metric)) + (":" if metric.low and level is not None else "")


def _value(metric: Metric) -> str:
    return number(metric.value, _places(metric))


def _places(metric: Metric) -> int:
    """Digits after the point: the times of a network are far below a millisecond."""
    return 6 if metric.unit == "s" else 3


def _fit(lines: list[str]) -> str:
    kept = lines[:1]
    room = _NAGIOS_BYTES - len(lines[0].encode())
    for line in lines[1:]:
        room -= len(line.encode()) + 1
        if room < 0:
            kept.append("...")
            break
        kept.append(line)
    return "\n".join(kept)


def as_checkmk(results: Sequence[CheckResult], origin: Origin = NOWHERE) -> str:
    """Checkmk local checks: one line, one service per check. https://docs.checkmk.com/latest/en/localchecks.html.

    Its server knows the host by itself.
    """
    del origin
    lines = []
    for result in results:
        metrics = "|".join(_checkmk_metric(metric) for metric in result.metrics) or "-"
        text = "\\n".join(" ".join(part.split()) for part in (result.message, *_more(result)))
        lines.append(f'{NAGIOS_CODE[result.status]} "srvmaint {result.checker}" {metrics} {text}')
    return "\n".join(lines)


def _checkmk_metric(metric: Metric) -> str:
    name = _NOT_IN_CHECKMK_NAME.sub(
        "_", metric.name.replace(":/", "_root_", 1) if metric.name.endswith(":/") else metric.name
    )
    has_levels = metric.warn is not None and not metric.low  # a level alone is an upper one
    levels = f";{number(metric.warn, _places(metric))};{number(metric.crit, _places(metric))}" if has_levels else ""
    return f"{name.strip('_')}={_value(metric)}{levels}"


def as_prometheus(results: Sequence[CheckResult], origin: Origin = NOWHERE) -> str:
    """Prometheus text format, as node_exporter's textfile collector reads it."""
    own = {**({"instance": origin.hostname} if origin.hostname else {}), **origin.labels}
    said = "".join(f',{name}="{_label(text)}"' for name, text in own.items())
    state = [
        "# HELP srvmaint_check_status 0 ok, 1 warning, 2 critical, 3 unknown, -1 skipped.",
        "# TYPE srvmaint_check_status gauge",
    ]
    value = ["# HELP srvmaint_check_value What the check measured.", "# TYPE srvmaint_check_value gauge"]
    spent = [
        "# HELP srvmaint_check_duration_seconds How long the check took.",
        "# TYPE srvmaint_check_duration_seconds gauge",
    ]
    for result in results:
        check = f'check="{_label(result.checker)}"{said}'
        state.append(f"srvmaint_check_status{{{check}}} {_PROMETHEUS_STATE[result.status]}")
        spent.append(f"srvmaint_check_duration_seconds{{{check}}} {number(result.duration_ms / 1000, 6)}")
        value += [
            f'srvmaint_check_value{{{check},metric="{_label(metric.name)}",unit="{_label(metric.unit)}"}} '
            f"{_value(metric)}"
            for metric in result.metrics
        ]
    return "\n".join(state + value + spent)


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def number(value: float | None, places: int = 3) -> str:
    """A number without exponent, comma or needless zeros; nothing for nothing."""
    if value is None:
        return ""
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


FORMATS: Final[dict[str, Callable[[Sequence[CheckResult], Origin], str]]] = {
    "text": as_text,
    "json": as_json,
    "nagios": as_nagios,
    "checkmk": as_checkmk,
    "prom": as_prometheus,
}
"""`--format` to the function that writes it."""
