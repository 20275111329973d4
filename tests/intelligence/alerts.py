"""Alerts and results the intelligence tests talk about."""

from __future__ import annotations

from srvmaint.model import Alert, AlertStatus, CheckResult, CheckStatus, Metric, Severity

HERE = "web-1:9100"
ELSEWHERE = "db-2:9100"


def is_here(host: str) -> bool:
    """The machine of these tests is web-1."""
    return host in ("web-1", "localhost")


def alert(
    name: str,
    *,
    labels: dict[str, str] | None = None,
    description: str = "",
    status: AlertStatus = AlertStatus.FIRING,
    severity: Severity = Severity.CRITICAL,
) -> Alert:
    """An alert about this machine unless its labels say otherwise."""
    return Alert("test", "f", name, status, severity, description, {"instance": HERE} if labels is None else labels)


def memory(percent: float) -> CheckResult:
    """The memory checker's result."""
    return _result("memory", f"memory {percent:g} % used", Metric("memory_percent", percent, "%", 85, 95))


def cpu(percent: float, *, load: float = 0.1) -> CheckResult:
    """The cpu checker's result."""
    figure = Metric("cpu_percent", percent, "%", 85, 95)
    return _result("cpu", f"cpu {percent:g} % busy", figure, Metric("load1", load), Metric("cores", 2.0))


def disk(**paths: float) -> CheckResult:
    """The disk checker's result; `root` is /, any other name is a directory below it."""
    points = {"/" if name == "root" else f"/{name}": percent for name, percent in paths.items()}
    ranked = sorted(points.items(), key=lambda item: -item[1])
    texts = tuple(f"{point} {percent:g} % used" for point, percent in ranked)
    metrics = [Metric(f"used:{point}", percent, "%", 80, 95) for point, percent in ranked]
    return _result("disk", texts[0], *metrics, details=texts if len(texts) > 1 else ())


def broken(checker: str, status: CheckStatus = CheckStatus.UNKNOWN) -> CheckResult:
    """A checker that found nothing out."""
    return CheckResult(checker, status, f"cannot check {checker}: it hangs", id=f"{checker}-id")


def _result(checker: str, message: str, *metrics: Metric, details: tuple[str, ...] = ()) -> CheckResult:
    first = metrics[0]
    status = CheckStatus.OK
    if first.crit is not None and first.value >= first.crit:
        status = CheckStatus.CRITICAL
    elif first.warn is not None and first.value >= first.warn:
        status = CheckStatus.WARNING
    if not details and status is not CheckStatus.OK and checker != "disk":
        details = ("java (pid 812, tomcat.service): much",)
    return CheckResult(checker, status, message, metrics, id=f"{checker}-id", details=details)
