from __future__ import annotations

from typing import Any

import pytest

from srvmaint.checkers.timesync import Config, Driver
from srvmaint.host.readings import TimeSync
from srvmaint.model import CheckResult, CheckStatus
from srvmaint.settings import Duration
from tests.checkers.hosts import FakeHost


def check(**seen: Any) -> CheckResult:
    host = FakeHost()
    host.sync = TimeSync(**{"by": "chrony", "synchronised": True, "offset_s": 0.0, "uptime_s": 86400.0, **seen})
    return Driver(Config(), host).check()


def test_a_kept_clock_is_ok_with_its_offset_and_its_source() -> None:
    result = check(offset_s=0.0004, source="192.0.2.123")
    assert result.status is CheckStatus.OK
    assert result.message == "the clock is kept by 192.0.2.123, 0.4 ms behind (says chrony)"
    offset, kept = result.metrics
    assert (offset.name, offset.value, offset.unit, offset.warn, offset.crit) == ("offset", 0.0004, "s", 0.1, 1)
    assert (kept.name, kept.value) == ("synchronised", 1)


@pytest.mark.parametrize(
    ("offset", "status", "text"),
    [
        (0.099, CheckStatus.OK, "99 ms behind"),
        (0.1, CheckStatus.WARNING, "100 ms behind"),
        (-0.5, CheckStatus.WARNING, "500 ms ahead"),
        (-3600.0, CheckStatus.CRITICAL, "3600.00 s ahead"),
    ],
)
def test_how_far_it_is_off_is_held_against_the_levels_either_way(offset: float, status: CheckStatus, text: str) -> None:
    result = check(offset_s=offset)
    assert result.status is status
    assert text in result.message
    assert result.metrics[0].value == abs(offset)


def test_a_clock_that_nobody_keeps_is_a_warning() -> None:
    result = check(synchronised=False, offset_s=None, by="the kernel")
    assert result.status is CheckStatus.WARNING
    assert result.message == "nothing keeps the clock (says the kernel)"
    assert [(metric.name, metric.value) for metric in result.metrics] == [("synchronised", 0)]


def test_right_after_a_start_nobody_has_to_keep_it_yet() -> None:
    result = check(synchronised=False, offset_s=None, uptime_s=300.0)
    assert result.status is CheckStatus.OK
    assert result.message == "nothing keeps the clock, 5 min after the start (says chrony)"


def test_one_whose_offset_nobody_knows_is_ok_as_long_as_it_is_kept() -> None:
    assert check(offset_s=None, by="systemd").message == "the clock is kept (says systemd)"


def test_levels_upside_down_are_a_problem() -> None:
    assert Config(warning=Duration(2)).problems() == ["warning (2s) must be below critical (1s)"]
