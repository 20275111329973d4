from __future__ import annotations

from srvmaint.checkers.cpu import Config, Driver
from srvmaint.host.readings import Load, Pressure, Processes
from srvmaint.model import CheckResult, CheckStatus
from srvmaint.settings import Percent
from tests.checkers.hosts import FakeHost, process


def values(result: CheckResult) -> dict[str, float]:
    return {metric.name: metric.value for metric in result.metrics}


def test_the_time_between_two_checks_is_the_window_and_nobody_sleeps() -> None:
    host = FakeHost()
    driver = Driver(Config(), host)
    host.busy(60, 90, 90)
    result = driver.check()
    assert result.status is CheckStatus.WARNING
    assert result.message == "cpu 90 % busy over the last 60 s (load 0.20, 2 cores)"
    assert result.metrics[0].name == "cpu_percent"
    assert (result.metrics[0].warn, result.metrics[0].crit) == (85, 95)
    host.busy(30, 10, 30)
    assert driver.check().message == "cpu 20 % busy over the last 30 s (load 0.20, 2 cores)"


def test_without_an_earlier_look_the_load_stands_in_and_the_message_says_so() -> None:
    host = FakeHost()
    host.loads = Load(1.8, 1.0, 1.0, 2)
    result = Driver(Config(), host).check()
    assert result.status is CheckStatus.WARNING
    assert "load 1.80 on 2 cores, 90 % of capacity over the last minute" in result.message
    assert "no earlier look" in result.message
    assert result.metrics[0].name == "load_percent"
    assert "cpu_percent" not in values(result)


def test_a_look_that_is_too_old_is_not_averaged_over() -> None:
    host = FakeHost()
    driver = Driver(Config(), host)
    host.busy(3600, 99, 99)
    assert driver.check().metrics[0].name == "load_percent"
    host.busy(10, 99, 99)
    assert driver.check().status is CheckStatus.CRITICAL


def test_looks_too_close_together_keep_the_earlier_one_as_the_start() -> None:
    host = FakeHost()
    driver = Driver(Config(), host)
    host.busy(0.1, 100, 100)
    assert "no earlier look" in driver.check().message
    host.busy(9.9, 0, 0)
    assert driver.check().message.startswith("cpu 1 % busy over the last 10 s")


def test_counters_that_went_backwards_are_not_a_percentage() -> None:
    host = FakeHost()
    driver = Driver(Config(), host)
    host.busy(10, 50, 50)
    host.total_ticks = 1
    assert driver.check().metrics[0].name == "load_percent"


def test_the_busiest_core_decides_where_it_is_asked_to() -> None:
    host = FakeHost()
    driver = Driver(Config(per_cpu=True), host)
    host.busy(10, 2, 98)
    result = driver.check()
    assert result.status is CheckStatus.CRITICAL
    assert result.message.startswith("busiest core (cpu1) 98 %, all 50 % busy")
    assert values(result)["core0_percent"] == 2


def test_iowait_is_said_when_it_is_worth_saying_and_does_not_count_as_busy() -> None:
    host = FakeHost()
    driver = Driver(Config(), host)
    host.busy(10, 1, 1)
    host.iowait_ticks = 800
    result = driver.check()
    assert result.status is CheckStatus.OK
    assert "iowait 40 %" in result.message


def test_a_busy_host_names_its_busiest_processes_and_their_services() -> None:
    host = FakeHost()
    host.table = Processes(0, (process(1, "init", cpu_s=1), process(812, "java", cpu_s=93)), 2)
    host.unit_names = {812: "tomcat.service"}
    driver = Driver(Config(), host)
    host.busy(60, 99, 99)
    assert driver.check().details == (
        "java (pid 812, tomcat.service): 93 % of a core since it started",
        "init (pid 1): 1 % of a core since it started",
    )
    host.table = Processes(0, (process(1, "init", cpu_s=1), process(812, "java", cpu_s=94, age_s=160)), 2)
    host.busy(60, 99, 99)
    assert driver.check().details == ("java (pid 812, tomcat.service): 1 % of a core over the last 60 s",)


def test_a_calm_host_is_not_asked_for_its_processes() -> None:
    assert Driver(Config(), FakeHost()).check().details == ()


def test_a_process_table_read_in_part_says_so() -> None:
    host = FakeHost()
    host.table = Processes(0, (process(1, "init", cpu_s=50),), 9000)
    driver = Driver(Config(), host)
    host.busy(60, 99, 99)
    assert driver.check().details[-1] == "1 of 9000 processes looked at"


def test_pressure_is_a_figure_where_the_kernel_has_one() -> None:
    host = FakeHost()
    assert "cpu_pressure_percent" not in values(Driver(Config(), host).check())
    host.pressures["cpu"] = Pressure(12.5, 0)
    assert values(Driver(Config(), host).check())["cpu_pressure_percent"] == 12.5


def test_levels_the_wrong_way_round_are_a_problem() -> None:
    assert Config().problems() == []
    assert Config(warning=Percent(95)).problems() == ["warning (95) must be below critical (95)"]


def test_samples_between_two_looks_show_what_the_average_hides() -> None:
    host = FakeHost()
    driver = Driver(Config(samples=3), host)
    for percent in (10, 100, 40):
        host.busy(1, percent, percent)
        driver.sample()
    found = values(driver.check())
    assert found["cpu_percent"] == 50
    assert (found["samples"], found["cpu_percent_min"], found["cpu_percent_max"]) == (3, 10, 100)
    host.busy(60, 20, 20)
    assert "samples" not in values(driver.check())
