"""The given bodies with the truth beside each, where a checkout has them next to it.

A case names the driver its body is posted to, the drivers that may detect it, and the alerts it means. `policy` loosens
that: a body that means no alert, one that may be ignored or may update the alert it speaks of, one whose name is free.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from srvmaint import registry
from srvmaint.alerts import PACKAGE, Driver, Parsed
from srvmaint.alerts._decode import decode
from srvmaint.alerts._detect import by_precedence, detect
from srvmaint.alerts._times import millis
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus

GIVEN = Path(__file__).parents[3] / "shared" / "payloads"
CASES = sorted(path for path in GIVEN.glob("*/*.json") if not path.name.endswith(".expected.json"))

pytestmark = pytest.mark.skipif(not GIVEN.is_dir(), reason="the given payloads are not beside this checkout")
every_case = pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")


def drivers() -> dict[str, Driver]:
    modules = {name: registry.load(PACKAGE, name) for name in by_precedence(registry.names(PACKAGE))}
    return {name: module.Driver(module.Config()) for name, module in modules.items()}


def truth_of(case: Path) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads(case.with_suffix(".expected.json").read_text())
    return truth


def wrong(alert: Alert, truth: dict[str, Any], policy: list[str]) -> list[str]:
    """What of one alert is not as it should be, in words."""
    fields = ("status", "severity") if "name_free" in policy else ("name", "status", "severity")
    problems = [
        f"{field} is {getattr(alert, field)!r}"
        for field in fields
        if getattr(alert, field) not in {truth[field], *(truth.get(f"{field}_any") or ())}
    ]
    pieces = [truth["description_contains"] or "", *(truth.get("description_any") or ())]
    if not any(piece in f"{alert.name}\n{alert.description}" for piece in pieces):
        problems.append(f"description is {alert.description!r}")
    problems += [
        f"label {k} is {alert.labels.get(k)!r}" for k, v in truth["labels_subset"].items() if alert.labels.get(k) != v
    ]
    for field in ("starts_at", "ends_at"):
        expected, found = millis(truth[field]), getattr(alert, field)
        if expected is not None and (found is None or abs(found - expected) >= 1000):
            problems.append(f"{field} is {found}, not {expected}")
    if alert.status is not AlertStatus.RESOLVED and alert.ends_at is not None:
        problems.append("a firing alert has an end")
    return problems


def judge(parsed: Parsed, truth: dict[str, Any]) -> None:
    policy, expected = truth["policy"], truth["alerts"]
    if "no_alert" in policy:
        assert parsed.ignored
        assert not parsed.alerts
        return
    if "no_alert_or_update" in policy and parsed.ignored:
        return
    assert parsed.errors == ()
    assert [(alert.name, alert.status.value) for alert in parsed.alerts][len(expected) :] == []
    for alert, each in zip(parsed.alerts, expected, strict=True):
        assert wrong(alert, each, policy) == []
    identities = {each["source_id"] or number for number, each in enumerate(expected)}
    assert len({alert.fingerprint for alert in parsed.alerts}) == len(identities)


@every_case
def test_a_body_posted_to_its_driver_becomes_the_alerts_it_means(case: Path) -> None:
    truth = truth_of(case)
    judge(drivers()[truth["explicit_driver"]].parse(decode(case.read_bytes())), truth)


@every_case
def test_a_body_posted_to_nobody_in_particular_becomes_the_alerts_it_means(case: Path) -> None:
    truth = truth_of(case)
    if truth["auto_detect_accept"] is None or "explicit_only" in truth["policy"]:
        pytest.skip("this body is only told apart by its URL")
    payload, available = decode(case.read_bytes()), drivers()
    found = detect(available, payload)
    assert found.driver in truth["auto_detect_accept"], found
    judge(available[found.driver].parse(payload), truth)


@every_case
def test_a_later_body_about_the_same_alert_has_its_identity(case: Path) -> None:
    truth = truth_of(case)
    if truth["same_identity_as"] is None:
        pytest.skip("this body is about an alert of its own")
    driver = drivers()[truth["explicit_driver"]]
    after = driver.parse(decode(case.read_bytes()))
    before = driver.parse(decode((GIVEN / f"{truth['same_identity_as']}.json").read_bytes()))
    if after.ignored:
        assert "no_alert_or_update" in truth["policy"]
        return
    assert [(alert.source, alert.fingerprint) for alert in after.alerts] == [
        (alert.source, alert.fingerprint) for alert in before.alerts
    ]


@every_case
def test_every_body_is_read_or_refused_by_every_driver(case: Path) -> None:
    payload = decode(case.read_bytes())
    for driver in drivers().values():
        try:
            parsed = driver.parse(payload)
        except PayloadError as error:
            assert error.code in {"undetected", "no_alerts"}  # noqa: PT017 - a refusal is a fair outcome here
        else:
            assert parsed.alerts or parsed.ignored
