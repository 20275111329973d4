"""What names mean while a run is under way."""

from __future__ import annotations

from typing import Any

import pytest

from srvmaint.model import CheckResult, CheckStatus, Metric, Severity
from srvmaint.nodes import Context
from srvmaint.nodes._expression import Dotted
from srvmaint.nodes._scope import Scope
from tests.nodes.given import context, incident
from tests.notify.messages import RECOMMENDATIONS, alert

CPU = CheckResult(
    "cpu",
    CheckStatus.WARNING,
    "busy",
    (Metric("cpu_percent", 88.0, "%"), Metric("load1", 3.5), Metric("load5", 2.0)),
    id="c",
)
DISK = CheckResult("disk", CheckStatus.OK, "fine", (Metric("used:/", 40.0, "%"),), id="d")


def ask(about: Context, path: str) -> Any:
    return Scope(about).value(Dotted.parse(path).parts)


def world() -> Context:
    about = context(incident(), alert(labels={"instance": "db1", "team": "db"}))
    about.is_this_host = lambda name: name == "db1"
    about.evidence += [CPU, DISK]
    about.recommendations += RECOMMENDATIONS
    about.ids = frozenset({"look", "think", "a.b", "severity-of"})
    about.outputs["look"] = {"evidence": ["c"], "results": []}
    about.failures["think"] = "no answer"
    return about


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("incident.severity", "critical"),
        ("incident.alerts.firing", 1),
        ("alert.labels.team", "db"),
        ("run.pipeline", "full"),
        ("severity", "critical"),
        ("verdict", "contradicted"),
        ("checks.cpu.status", "warning"),
        ("checks.cpu.load1", 3.5),
        ("checks.cpu.load", 3.5),
        ("checks.cpu.percent", 88.0),
        ('checks.disk."used:/"', 40.0),
        ("checks.worst", "warning"),
        ("checks.gpu.status", None),
        ("recommendations.count", len(RECOMMENDATIONS)),
        ("look.ran", True),
        ("look.has_errors", False),
        ("look.context.cpu.load", 3.5),
        ("look.context.disk", None),
        ("think.has_errors", True),
        ("think.error", "no answer"),
        ("think.ran", False),
        ("a.b.ran", False),
        ("nobody.x", None),
    ],
)
def test_a_name_means_what_the_run_has_found(path: str, wanted: object) -> None:
    assert ask(world(), path) == wanted


def test_a_node_comes_before_a_name_that_is_always_there() -> None:
    about = world()
    about.ids = frozenset({"checks"})
    about.outputs["checks"] = {"evidence": ["d"]}
    assert ask(about, "checks.context.disk.status") == "ok"


def test_without_an_incident_the_severity_is_what_the_checks_amount_to() -> None:
    about = context()
    assert (ask(about, "severity"), ask(about, "incident"), ask(about, "alert.name")) == (Severity.INFO, None, None)
    about.evidence.append(CPU)
    assert ask(about, "severity") is Severity.WARNING
    about.evidence.append(CheckResult("disk", CheckStatus.CRITICAL, "full"))
    assert ask(about, "severity") is Severity.CRITICAL
