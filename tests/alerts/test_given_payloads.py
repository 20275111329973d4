"""The given bodies with the truth beside each, where a checkout has them next to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from srvmaint import registry
from srvmaint.alerts import PACKAGE, Driver
from srvmaint.alerts._decode import decode
from srvmaint.alerts._detect import by_precedence, detect
from srvmaint.alerts._times import millis
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus

GIVEN = Path(__file__).parents[3] / "shared" / "payloads"
CLAIMED = {
    "srvmaint-generic-single",
    "oncall-formatted-webhook",
    "healthchecks-down",
    "opensearch-alerting-active",
    "checkmk-recovery",
    "sentry-legacy-plugin",
}
"""The generic bodies this release reads; those that vendors wrap are refused until they are understood."""

pytestmark = pytest.mark.skipif(not GIVEN.is_dir(), reason="the given payloads are not beside this checkout")


def cases(folder: str) -> list[Path]:
    return sorted(path for path in GIVEN.glob(f"{folder}/*.json") if not path.name.endswith(".expected.json"))


def ids(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def drivers() -> dict[str, Driver]:
    modules = {name: registry.load(PACKAGE, name) for name in by_precedence(registry.names(PACKAGE))}
    return {name: module.Driver(module.Config()) for name, module in modules.items()}


def wrong(alert: Alert, truth: dict[str, Any]) -> list[str]:
    """What of one alert is not as it should be, in words."""
    problems = [
        f"{field} is {getattr(alert, field)!r}"
        for field in ("name", "status", "severity")
        if getattr(alert, field) not in {truth[field], *truth.get(f"{field}_any", ())}
    ]
    pieces = [truth["description_contains"] or "", *truth.get("description_any", ())]
    if not any(piece in f"{alert.name}\n{alert.description}" for piece in pieces):
        problems.append(f"description is {alert.description!r}")
    problems += [f"label {k} is not {v!r}" for k, v in truth["labels_subset"].items() if alert.labels.get(k) != v]
    for field in ("starts_at", "ends_at"):
        expected, found = millis(truth[field]), getattr(alert, field)
        if expected is not None and (found is None or abs(found - expected) >= 1000):
            problems.append(f"{field} is {found}")
    if alert.status is not AlertStatus.RESOLVED and alert.ends_at is not None:
        problems.append("a firing alert has an end")
    if truth["source_id"] and alert.fingerprint != truth["source_id"]:
        problems.append(f"fingerprint is {alert.fingerprint}")
    return problems


@pytest.mark.parametrize(
    "case",
    [*cases("alertmanager"), *(path for path in cases("generic") if path.stem in CLAIMED)],
    ids=ids,
)
def test_a_given_body_becomes_the_alerts_it_means(case: Path) -> None:
    truth = json.loads(case.with_suffix(".expected.json").read_text())
    payload = decode(case.read_bytes())
    available = drivers()
    assert detect(available, payload).driver in truth["auto_detect_accept"]
    parsed = available[truth["explicit_driver"]].parse(payload)
    assert parsed.errors == ()
    assert len(parsed.alerts) == len(truth["alerts"])
    assert len({alert.fingerprint for alert in parsed.alerts}) == len(parsed.alerts)
    for alert, expected in zip(parsed.alerts, truth["alerts"], strict=True):
        assert wrong(alert, expected) == []
    assert bool(parsed.ignored) == (not truth["alerts"])


@pytest.mark.parametrize("case", cases("*"), ids=ids)
def test_alertmanager_claims_no_other_senders_body(case: Path) -> None:
    truth = json.loads(case.with_suffix(".expected.json").read_text())
    claim = drivers()["alertmanager"].detect(decode(case.read_bytes()))
    # Grafana's unified alerting is an Alertmanager inside; its own driver is asked before this one.
    allowed = truth["explicit_driver"] in {"alertmanager", "grafana"}
    assert claim is None or allowed


@pytest.mark.parametrize("case", cases("*"), ids=ids)
def test_every_given_body_is_read_or_refused_by_every_driver(case: Path) -> None:
    payload = decode(case.read_bytes())
    for driver in drivers().values():
        try:
            parsed = driver.parse(payload)
        except PayloadError as error:
            assert error.code in {"undetected", "no_alerts"}  # noqa: PT017 - a refusal is a fair outcome here
        else:
            assert parsed.alerts or parsed.ignored
