from __future__ import annotations

import pytest

from srvmaint.checkers.pressure import Config, Driver
from srvmaint.host.readings import Pressure
from srvmaint.model import CheckResult, CheckStatus
from srvmaint.settings import Percent
from tests.checkers.hosts import FakeHost


def check(**kinds: Pressure) -> CheckResult:
    host = FakeHost()
    host.pressures = kinds
    return Driver(Config(), host).check()


@pytest.mark.parametrize(
    ("kind", "pressure", "status"),
    [
        ("memory", Pressure(99, 19), CheckStatus.OK),
        ("memory", Pressure(99, 20), CheckStatus.WARNING),
        ("io", Pressure(99, 50), CheckStatus.CRITICAL),
        ("cpu", Pressure(69, 0), CheckStatus.OK),
        ("cpu", Pressure(70, 0), CheckStatus.WARNING),
        ("cpu", Pressure(95, 0), CheckStatus.CRITICAL),
    ],
)
def test_every_task_waiting_decides_for_memory_and_disks_and_any_task_for_processors(
    kind: str, pressure: Pressure, status: CheckStatus
) -> None:
    assert check(**{kind: pressure}).status is status


def test_the_message_has_what_is_bad_and_the_details_the_rest() -> None:
    result = check(memory=Pressure(0, 0), io=Pressure(70, 60, 30, 21), cpu=Pressure(3, 0))
    assert result.message == "every task waited for a disk 60 % of the last minute, 21 % of the last 5"
    assert len(result.details) == 3
    assert result.metrics[0].name == "io_waiting_percent"


def test_a_kernel_that_tells_none_is_skipped_and_says_what_would_help() -> None:
    result = check()
    assert result.status is CheckStatus.SKIPPED
    assert "psi=1" in result.message


def test_levels_of_processors_the_wrong_way_round_are_a_problem() -> None:
    assert Config(cpu_warning=Percent(99)).problems() == ["cpu: warning (99) must be below critical (95)"]
