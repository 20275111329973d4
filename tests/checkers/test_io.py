from __future__ import annotations

from srvmaint.checkers.io import Config, Driver
from srvmaint.host.blocks import DiskTimes
from srvmaint.host.readings import Pressure
from srvmaint.model import CheckResult, CheckStatus
from tests.checkers.hosts import FakeHost

IDLE = DiskTimes(0, 0, 0, 0, 0, 0, 0)


def after(percent: float, wait_ms: float, config: Config | None = None) -> CheckResult:
    host = FakeHost()
    driver = Driver(config or Config(), host)
    host.works("vda", 10, percent=percent, requests=1000, wait_ms=wait_ms)
    return driver.check()


def test_a_disk_that_is_busy_and_slow_is_in_trouble() -> None:
    assert after(99, 50).status is CheckStatus.CRITICAL
    result = after(91, 50)
    assert result.status is CheckStatus.WARNING
    assert (
        result.message == "vda 91 % busy, 50.0 ms a request, 400 KiB read and 0 B written a second over the last 10 s"
    )
    assert [metric.name for metric in result.metrics][:2] == ["busy:vda", "wait:vda"]


def test_a_disk_that_is_busy_and_quick_does_its_work() -> None:
    result = after(100, 1)
    assert result.status is CheckStatus.OK
    assert result.metrics[0].warn is None
    assert after(100, 1, Config(slow=Config().slow / 100)).status is CheckStatus.CRITICAL  # type: ignore[arg-type]


def test_a_disk_that_is_slow_and_idle_is_no_trouble() -> None:
    assert after(3, 500).status is CheckStatus.OK


def test_the_worst_of_several_disks_decides_and_comes_first() -> None:
    host = FakeHost()
    host.disk_work = {"sda": IDLE, "sdb": IDLE}
    driver = Driver(Config(), host)
    host.works("sda", 10, percent=100, requests=100, wait_ms=1)
    host.works("sdb", 0, percent=0, requests=0, wait_ms=0)
    host.disk_work["sdb"] = IDLE._replace(writes=10, write_ms=900, busy_ms=9_500)
    result = driver.check()
    assert result.status is CheckStatus.WARNING
    assert result.message.startswith("sdb 95 % busy, 90.0 ms a request")
    assert [line.split()[0] for line in result.details] == ["sdb", "sda"]
    assert result.metrics[0].name == "busy:sdb"


def test_only_the_disks_that_are_named_are_watched_and_one_that_is_not_there_is_said() -> None:
    host = FakeHost()
    host.disk_work = {"sda": IDLE, "sdb": IDLE}
    driver = Driver(Config(devices=("sdb",)), host)
    host.works("sda", 10, percent=100, requests=100, wait_ms=100)
    assert driver.check().status is CheckStatus.OK
    result = Driver(Config(devices=("sdz",)), host).check()
    assert (result.status, result.message) == (CheckStatus.UNKNOWN, "there is no disk sdz in /sys/block")


def test_without_an_earlier_look_the_kernels_own_figure_stands_in_and_the_message_says_so() -> None:
    host = FakeHost()
    host.pressures["io"] = Pressure(95, 91)
    result = Driver(Config(), host).check()
    assert result.status is CheckStatus.WARNING
    assert "every task waited for a disk 91 % of the last minute" in result.message
    assert "no earlier look" in result.message


def test_without_an_earlier_look_and_without_that_figure_nothing_is_known() -> None:
    result = Driver(Config(), FakeHost()).check()
    assert result.status is CheckStatus.UNKNOWN
    assert "use --samples 5" in result.message


def test_counters_that_began_anew_count_as_nothing() -> None:
    host = FakeHost()
    host.disk_work = {"vda": IDLE._replace(busy_ms=10**9, reads=10**6)}
    driver = Driver(Config(), host)
    host.at += 60
    host.disk_work = {"vda": IDLE}
    assert driver.check().message.startswith("vda 0 % busy, 0.0 ms a request")


def test_a_machine_without_disks_is_skipped() -> None:
    host = FakeHost()
    host.disk_work = {}
    assert Driver(Config(), host).check().status is CheckStatus.SKIPPED


def test_looks_follow_one_another_and_one_too_close_keeps_the_earlier_as_the_start() -> None:
    host = FakeHost()
    driver = Driver(Config(), host)
    host.works("vda", 0.1, percent=100, requests=10, wait_ms=100)
    assert driver.check().status is CheckStatus.UNKNOWN
    host.works("vda", 9.9, percent=100, requests=100, wait_ms=100)
    assert driver.check().message.startswith("vda 100 % busy, 100.0 ms a request")
    host.works("vda", 10, percent=10, requests=100, wait_ms=1)
    assert driver.check().message.startswith("vda 10 % busy, 1.0 ms a request")
