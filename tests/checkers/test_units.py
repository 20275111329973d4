from __future__ import annotations

import pytest

from srvmaint.checkers.units import Config, Driver
from srvmaint.host.units import Unit
from srvmaint.model import CheckResult, CheckStatus
from tests.checkers.hosts import FakeHost, unit

FAILED = unit("backup.service", active="failed", sub="failed", result="exit-code", status=1)


def check(config: Config, *units: Unit) -> CheckResult:
    host = FakeHost()
    host.all_units = list(units)
    return Driver(config, host).check()


def test_a_failed_unit_is_a_warning_with_the_reason_and_where_to_read() -> None:
    result = check(Config(), unit("ssh.service"), FAILED)
    assert result.status is CheckStatus.WARNING
    assert result.message == "backup.service failed"
    assert result.details == ("backup.service: it ended with exit code 1. See: journalctl -u backup.service -n 50",)
    assert (result.metrics[0].name, result.metrics[0].value) == ("failed", 1)


def test_the_failure_of_a_unit_that_has_to_be_active_is_critical_and_comes_first() -> None:
    result = check(Config(names=("ssh",)), FAILED, FAILED._replace(name="ssh.service"))
    assert result.status is CheckStatus.CRITICAL
    assert result.message == "ssh.service failed; backup.service failed"


def test_what_is_ignored_does_not_count_unless_it_has_to_be_active() -> None:
    assert check(Config(ignore=("back*",)), FAILED).status is CheckStatus.OK
    assert check(Config(ignore=("back*",), names=("backup",)), FAILED).status is CheckStatus.CRITICAL


@pytest.mark.parametrize(
    ("found", "status", "message"),
    [
        (unit("x.service"), CheckStatus.OK, "no unit has failed, 1 are active"),
        (
            unit("x.service", active="inactive", sub="dead"),
            CheckStatus.CRITICAL,
            "x.service is inactive: systemctl start",
        ),
        (unit("x.service", active="activating", sub="start"), CheckStatus.WARNING, "x.service is activating (start)"),
        (
            unit("x.service", load="masked", active="inactive"),
            CheckStatus.CRITICAL,
            "x.service is masked: systemctl unmask",
        ),
        (unit("y.service"), CheckStatus.CRITICAL, "there is no unit x.service"),
    ],
)
def test_a_unit_that_has_to_be_active_and_is_not_is_told_with_the_way_out(
    found: Unit, status: CheckStatus, message: str
) -> None:
    result = check(Config(names=("x.service",)), found)
    assert result.status is status
    assert result.message.startswith(message)


@pytest.mark.parametrize(
    "found",
    [
        unit("x.service", active="failed", sub="failed", result="start-limit-hit"),
        unit("x.service", active="failed", sub="failed", result="exit-code", restart="always", restarts=5, status=1),
    ],
)
def test_a_unit_that_systemd_has_given_up_on_is_explained(found: Unit) -> None:
    result = check(Config(), found)
    assert result.message == "x.service failed and systemd has given up on it"
    assert "systemd allows 5 starts within 10s and refuses more" in result.details[0]
    assert "systemctl reset-failed x.service && systemctl start x.service" in result.details[0]


def test_a_unit_without_a_policy_or_without_a_limit_was_not_given_up_on() -> None:
    assert not FAILED.gave_up
    assert not FAILED._replace(restart="always", restarts=9, start_interval="0").gave_up
    assert not FAILED._replace(restart="always", restarts=4).gave_up


def test_a_unit_that_keeps_failing_is_seen_at_the_first_look_while_it_waits() -> None:
    storm = unit("x.service", active="activating", sub="auto-restart", result="exit-code", status=2, restarts=40)
    result = check(Config(), storm)
    assert result.status is CheckStatus.WARNING
    assert result.message == "x.service keeps failing: restarted 40 times, waiting for the next"
    assert check(Config(), storm._replace(restarts=1)).status is CheckStatus.OK


def test_restarts_between_two_looks_are_counted_and_forgotten() -> None:
    host = FakeHost()
    host.all_units = [unit("x.service", restarts=100)]
    driver = Driver(Config(), host)
    assert driver.check().status is CheckStatus.OK
    host.busy(60, 0, 0)
    host.all_units = [unit("x.service", restarts=103)]
    result = driver.check()
    assert result.status is CheckStatus.WARNING
    assert result.message == "x.service was restarted 3 times within 10 min"
    host.busy(700, 0, 0)
    assert driver.check().status is CheckStatus.OK


def test_a_counter_that_began_anew_counts_from_nothing() -> None:
    host = FakeHost()
    host.all_units = [unit("x.service", restarts=100)]
    driver = Driver(Config(), host)
    driver.check()
    host.all_units = [unit("x.service", restarts=1)]
    result = driver.check()
    assert {metric.name: metric.value for metric in result.metrics}["restarts:x.service"] == 1


def test_without_systemd_it_is_skipped() -> None:
    host = FakeHost()
    host.all_units = None
    assert Driver(Config(), host).check().status is CheckStatus.SKIPPED


def test_names_that_are_no_units_are_problems() -> None:
    assert Config(names=("nginx", "user@1000.service", r"dev-disk\x2d1.device")).problems() == []
    assert Config(names=("--all", "a b")).problems() == [
        "names: '--all' is no name of a unit",
        "names: 'a b' is no name of a unit",
    ]
