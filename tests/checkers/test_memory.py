from __future__ import annotations

import pytest

from srvmaint.checkers.memory import Config, Driver
from srvmaint.host.readings import Memory, Pressure, Processes
from srvmaint.model import CheckStatus
from tests.checkers.hosts import GIB, FakeHost, process


@pytest.mark.parametrize(
    ("available", "status"),
    [
        (8.0, CheckStatus.OK),
        (1.25, CheckStatus.OK),
        (1.2, CheckStatus.WARNING),
        (0.4, CheckStatus.CRITICAL),
        (0.0, CheckStatus.CRITICAL),
    ],
)
def test_what_is_available_decides_and_a_level_is_reached_by_equalling_it(
    available: float, status: CheckStatus
) -> None:
    host = FakeHost()
    host.ram = Memory(8 * GIB, int(available * GIB), 0, 0)
    assert Driver(Config(), host).check().status is status


def test_the_message_says_how_much_is_left() -> None:
    assert Driver(Config(), FakeHost()).check().message == "memory 25 % used, 6.0 GiB of 8.0 GiB available"


def test_swap_and_pressure_are_reported_and_never_decide() -> None:
    host = FakeHost()
    host.ram = Memory(8 * GIB, 6 * GIB, 2 * GIB, 0)
    host.pressures["memory"] = Pressure(12.5, 3.0)
    result = Driver(Config(), host).check()
    assert result.status is CheckStatus.OK
    assert "swap 100 % used" in result.message
    assert "tasks waited for memory 12 % of the last minute" in result.message
    values = {metric.name: metric.value for metric in result.metrics}
    assert values["swap_percent"] == 100
    assert values["memory_pressure_full_percent"] == 3


def test_a_host_without_swap_has_no_swap_figure() -> None:
    assert all("swap" not in metric.name for metric in Driver(Config(), FakeHost()).check().metrics)


def test_when_it_is_short_the_largest_processes_are_named() -> None:
    host = FakeHost()
    host.ram = Memory(8 * GIB, GIB // 2, 0, 0)
    host.table = Processes(0, tuple(process(pid, f"p{pid}", rss=pid * GIB // 10) for pid in range(1, 9)), 8)
    details = Driver(Config(), host).check().details
    assert details[0] == "p8 (pid 8): 819.2 MiB, 10.0 % of memory"
    assert len(details) == 5


def test_a_process_table_that_cannot_be_read_does_not_cost_the_result() -> None:
    class Shy(FakeHost):
        def processes(self) -> Processes:
            raise PermissionError(13, "Permission denied", "/proc")

    host = Shy()
    host.ram = Memory(8 * GIB, 0, 0, 0)
    result = Driver(Config(), host).check()
    assert result.status is CheckStatus.CRITICAL
    assert result.details == ("cannot list processes: /proc: permission denied",)
