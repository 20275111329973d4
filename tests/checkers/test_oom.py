from __future__ import annotations

from srvmaint.checkers.oom import Config, Driver
from srvmaint.host.kernel import Kill
from srvmaint.model import CheckStatus
from tests.checkers.hosts import FakeHost


def test_a_process_killed_between_two_looks_is_a_warning_until_it_is_no_news_any_more() -> None:
    host = FakeHost()
    driver = Driver(Config(), host)
    assert driver.check().message == "no process was killed to get memory since boot"
    host.busy(60, 0, 0)
    host.killed = 1
    result = driver.check()
    assert result.status is CheckStatus.WARNING
    assert result.message == "the kernel killed 1 process to get memory within the last 30 min"
    host.busy(1700, 0, 0)
    assert driver.check().status is CheckStatus.WARNING
    host.busy(200, 0, 0)
    result = driver.check()
    assert result.status is CheckStatus.OK
    assert result.message.endswith(", none within the last 30 min")


def test_many_of_them_are_critical() -> None:
    host = FakeHost()
    driver = Driver(Config(), host)
    host.busy(60, 0, 0)
    host.killed = 5
    assert driver.check().status is CheckStatus.CRITICAL


def test_the_kernels_log_says_who_and_when_even_at_the_first_look() -> None:
    host = FakeHost()
    host.killed = 3
    host.log = (Kill(7200, 5, "old", ""), Kill(90, 812, "java", "tomcat.service"))
    result = Driver(Config(), host).check()
    assert result.status is CheckStatus.WARNING
    assert result.message == "the kernel killed 1 process to get memory within the last 30 min (3 since boot)"
    assert result.details == ("java (pid 812, tomcat.service) was killed 1 min ago",)


def test_a_number_that_may_be_a_year_old_never_decides() -> None:
    host = FakeHost()
    host.killed = 12
    host.uptime = 400 * 86400.0
    result = Driver(Config(), host).check()
    assert result.status is CheckStatus.OK
    assert result.message == (
        "12 processes killed to get memory since boot 400 days ago; when is not known: "
        "the kernel's log does not say and this is the first look"
    )


def test_on_a_machine_that_has_just_booted_all_of_them_are_news() -> None:
    host = FakeHost()
    host.killed = 1
    host.uptime = 600
    assert Driver(Config(), host).check().status is CheckStatus.WARNING
