from __future__ import annotations

import pytest

from srvmaint.checkers.memory import Config, Driver
from srvmaint.host.readings import Memory, Pressure, Processes
from srvmaint.model import CheckStatus
from srvmaint.settings import Percent
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


def test_swap_is_reported_and_decides_only_where_a_level_is_set() -> None:
    host = FakeHost()
    host.ram = Memory(8 * GIB, 6 * GIB, 2 * GIB, 0)
    result = Driver(Config(), host).check()
    assert result.status is CheckStatus.OK
    assert "swap 100 % used" in result.message
    assert {metric.name: metric.value for metric in result.metrics}["swap_percent"] == 100
    assert Driver(Config(swap_warning=Percent(80)), host).check().status is CheckStatus.WARNING
    assert Driver(Config(swap_critical=Percent(80)), host).check().status is CheckStatus.CRITICAL


@pytest.mark.parametrize(
    ("full", "status"), [(3, CheckStatus.OK), (10, CheckStatus.WARNING), (40, CheckStatus.CRITICAL)]
)
def test_when_every_task_waits_for_memory_the_host_is_in_trouble_however_much_is_left(
    full: float, status: CheckStatus
) -> None:
    host = FakeHost()
    host.pressures["memory"] = Pressure(62.5, full)
    result = Driver(Config(), host).check()
    assert result.status is status
    assert f"every task waited for memory {full} % of the last minute" in result.message


def test_some_tasks_waiting_is_reported_and_never_decides() -> None:
    host = FakeHost()
    host.pressures["memory"] = Pressure(92.5, 0.5)
    result = Driver(Config(), host).check()
    assert result.status is CheckStatus.OK
    assert "tasks waited for memory 92 % of the last minute" in result.message


def test_what_is_written_to_swap_is_measured_between_two_looks() -> None:
    host = FakeHost()
    host.ram = Memory(8 * GIB, 6 * GIB, 2 * GIB, GIB)
    host.swapped_out = 0
    driver = Driver(Config(), host)
    host.busy(10, 0, 0)
    host.swapped_out = 100 * 1024 * 1024
    result = driver.check()
    assert "10.0 MiB a second written to swap" in result.message
    assert {metric.name: metric.value for metric in result.metrics}["swapped_out_per_second"] == 10 * 1024 * 1024
    host.busy(10, 0, 0)
    assert "written to swap" not in driver.check().message


def test_levels_the_wrong_way_round_are_problems() -> None:
    assert Config(swap_warning=Percent(9), swap_critical=Percent(8), pressure_warning=Percent(50)).problems() == [
        "pressure: warning (50) must be below critical (40)",
        "swap: warning (9) must be below critical (8)",
    ]


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
