from __future__ import annotations

import pytest

from srvmaint.checkers.disk import Config, Driver
from srvmaint.host.readings import Space, Unreadable
from srvmaint.model import CheckResult, CheckStatus
from tests.checkers.hosts import FakeHost, space


def check(filesystems: dict[str, Space | Unreadable], *paths: str) -> CheckResult:
    host = FakeHost()
    host.filesystems = filesystems
    return Driver(Config(paths=paths or tuple(filesystems)), host).check()


def test_one_healthy_path_is_told_in_one_line() -> None:
    result = check({"/": space(50)})
    assert result.status is CheckStatus.OK
    assert result.message == "/ 50 % used, 50.0 GiB free, inodes 10 % used"
    assert result.details == ()
    assert [metric.name for metric in result.metrics] == ["used:/", "free:/", "inodes:/"]
    assert (result.metrics[0].warn, result.metrics[0].crit) == (80, 95)


def test_the_worst_path_decides_and_comes_first() -> None:
    result = check({"/": space(50), "/data": space(96), "/var": space(85)})
    assert result.status is CheckStatus.CRITICAL
    assert result.message.startswith("/data 96 % used, 4.0 GiB free")
    assert [line.split()[0] for line in result.details] == ["/data", "/var", "/"]
    assert result.metrics[0].name == "used:/data"


@pytest.mark.parametrize("paths", [("/gone", "/data"), ("/data", "/gone")])
def test_a_missing_path_is_told_and_never_hides_a_critical_one(paths: tuple[str, ...]) -> None:
    result = check({"/data": space(97)}, *paths)
    assert result.status is CheckStatus.CRITICAL
    assert "/gone does not exist" in result.message


def test_a_missing_path_alone_is_unknown_even_beside_a_healthy_one() -> None:
    result = check({"/": space(1)}, "/", "/gone")
    assert result.status is CheckStatus.UNKNOWN
    assert result.message == "/gone does not exist"


def test_inodes_run_out_too() -> None:
    result = check({"/": space(10, inodes=99)})
    assert result.status is CheckStatus.CRITICAL
    assert "inodes 99 % used" in result.message


def test_a_filesystem_without_inodes_is_judged_by_its_bytes() -> None:
    result = check({"/": space(10)._replace(inodes_used=0, inodes_available=0)})
    assert result.status is CheckStatus.OK
    assert "inodes" not in result.message


def test_a_filesystem_the_kernel_stopped_writing_is_critical_however_empty() -> None:
    result = check({"/": space(10, turned_readonly=True)})
    assert result.status is CheckStatus.CRITICAL
    assert "the kernel has made it read-only (ext4 on /dev/vda1)" in result.message


def test_a_path_on_something_without_a_size_is_unknown() -> None:
    result = check({"/proc": Space(0, 0, 0, 0, "proc")})
    assert result.status is CheckStatus.UNKNOWN
    assert result.message == "/proc has no size (proc)"


def test_several_healthy_paths_name_the_fullest() -> None:
    result = check({"/": space(20), "/var": space(70)})
    assert result.message == "2 paths, fullest: /var 70 % used, 30.0 GiB free, inodes 10 % used"


def test_a_path_given_twice_is_looked_at_once() -> None:
    assert len(check({"/": space(20)}, "/", "/").metrics) == 3


def test_paths_that_cannot_work_are_problems() -> None:
    assert Config(paths=()).problems() == ['paths is empty: name at least one, such as "/"']
    assert Config(paths=("var", "/")).problems() == ["path 'var' must be absolute: start it with /"]
