from __future__ import annotations

import pytest

from srvmaint.checkers.load import Config, Driver
from srvmaint.host.readings import Load, Processes
from srvmaint.model import CheckStatus
from tests.checkers.hosts import FakeHost, process


@pytest.mark.parametrize(
    ("five", "cores", "status"),
    [
        (3.9, 2, CheckStatus.OK),
        (4.0, 2, CheckStatus.WARNING),
        (8.0, 2, CheckStatus.CRITICAL),
        (3.0, 1, CheckStatus.OK),
        (30.0, 16, CheckStatus.OK),
    ],
)
def test_the_load_for_each_processor_decides_and_one_processor_counts_as_two(
    five: float, cores: int, status: CheckStatus
) -> None:
    host = FakeHost()
    host.loads = Load(99, five, 99, cores)
    assert Driver(Config(), host).check().status is status


def test_the_average_that_decides_may_be_another() -> None:
    host = FakeHost()
    host.loads = Load(0.1, 0.2, 9.0, 2)
    assert Driver(Config(), host).check().status is CheckStatus.OK
    result = Driver(Config(minutes=15), host).check()
    assert result.status is CheckStatus.CRITICAL
    assert result.message.startswith("load 9.00 over 15 min on 2 processors, 4.50 for each")


def test_tasks_that_hang_in_the_kernel_are_named_because_they_make_load_on_idle_processors() -> None:
    host = FakeHost()
    host.loads = Load(9, 9, 9, 2)
    stuck = tuple(process(pid, "rsync")._replace(state="D") for pid in range(10, 18))
    host.table = Processes(0, (process(1, "init", cpu_s=5), *stuck), 9)
    first = Driver(Config(), host).check().details[0]
    assert first.startswith("8 processes waiting in the kernel, for a disk or a file server: rsync (pid 10), ")
    assert first.endswith("rsync (pid 14) and 3 more")


def test_a_calm_host_is_not_asked_for_its_processes() -> None:
    assert Driver(Config(), FakeHost()).check().details == ()


def test_the_kernel_keeps_three_averages_and_no_other() -> None:
    assert Config(minutes=7).problems() == ["minutes (7) must be 1, 5 or 15: the kernel keeps no other averages"]
