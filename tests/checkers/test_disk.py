from __future__ import annotations

import pytest

from srvmaint.checkers.disk import Config, Driver, Mount
from srvmaint.host.readings import Space, Unmounted, Unreadable
from srvmaint.model import CheckResult, CheckStatus
from srvmaint.settings import Percent, Size
from tests.checkers.hosts import GIB, FakeHost, space


def check(filesystems: dict[str, Space | Unreadable | Unmounted], *paths: str) -> CheckResult:
    host = FakeHost()
    host.mounted = filesystems
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


def test_without_paths_every_filesystem_worth_watching_is_watched() -> None:
    host = FakeHost()
    host.mounted = {
        "/": space(10),
        "/data": space(97),
        "/scratch/x": space(99),
        "/nfs": space(99)._replace(fstype="nfs4"),
    }
    found = Driver(Config(exclude=("/scratch",)), host).check()
    assert [line.split()[0] for line in found.details] == ["/data", "/"]
    assert "/nfs" in Driver(Config(remote=True), host).check().message


def test_a_host_on_which_nothing_can_fill_up_is_unknown_and_says_what_to_do() -> None:
    host = FakeHost()
    host.mounted = {}
    result = Driver(Config(), host).check()
    assert (result.status, result.message) == (
        CheckStatus.UNKNOWN,
        "no filesystem to watch was found: name some paths",
    )


@pytest.mark.parametrize(("optional", "status"), [(False, CheckStatus.CRITICAL), (True, CheckStatus.WARNING)])
def test_a_filesystem_that_should_be_mounted_and_is_not_is_trouble(optional: bool, status: CheckStatus) -> None:  # noqa: FBT001 - a table
    result = check({"/": space(10), "/data": Unmounted(optional)})
    assert result.status is status
    assert result.message == "/data is not mounted, though /etc/fstab says so"


def test_a_filesystem_that_hangs_or_is_broken_is_critical_and_the_others_are_measured() -> None:
    result = check({"/nfs": Unreadable("does not answer within 3 s", is_broken=True), "/": space(40)})
    assert result.status is CheckStatus.CRITICAL
    assert result.message == "/nfs does not answer within 3 s"
    assert "/ 40 % used" in result.details[1]


def test_one_mount_point_may_have_levels_of_its_own() -> None:
    config = Config(mounts={"/data": Mount(warning=Percent(97), critical=Percent(99))})
    host = FakeHost()
    host.mounted = {"/": space(70), "/data": space(96)}
    assert Driver(config, host).check().status is CheckStatus.OK


@pytest.mark.parametrize(
    ("config", "status", "words"),
    [
        (Config(free_warning=Size(60 * GIB)), CheckStatus.WARNING, "50.0 GiB free (no more than "),
        (Config(free_critical=Size(60 * GIB)), CheckStatus.CRITICAL, "50.0 GiB free (no more than "),
        (Config(free_critical=Size(40 * GIB), free_warning=Size(49 * GIB)), CheckStatus.OK, "50.0 GiB free, inodes"),
    ],
)
def test_a_floor_counts_whatever_the_percentage(config: Config, status: CheckStatus, words: str) -> None:
    result = Driver(config, FakeHost()).check()
    assert result.status is status
    assert words in result.message


def test_with_enough_room_the_percentage_does_not_count_but_inodes_do() -> None:
    host = FakeHost()
    host.mounted = {"/": space(99)}
    config = Config(enough=Size(GIB))
    result = Driver(config, host).check()
    assert result.status is CheckStatus.OK
    assert result.metrics[0].warn is None
    host.mounted = {"/": space(99, inodes=99)}
    assert Driver(config, host).check().status is CheckStatus.CRITICAL


def test_a_filesystem_that_becomes_read_only_between_two_looks_is_critical_until_it_is_not() -> None:
    host = FakeHost()
    driver = Driver(Config(), host)
    assert driver.check().status is CheckStatus.OK
    host.mounted = {"/": space(10)._replace(readonly=True)}
    result = driver.check()
    assert result.status is CheckStatus.CRITICAL
    assert "it has become read-only (ext4 on /dev/vda1)" in result.message
    host.mounted = {"/": space(10)}
    assert driver.check().status is CheckStatus.OK


def test_a_filesystem_mounted_read_only_is_trouble_only_where_it_should_be_writable() -> None:
    host = FakeHost()
    host.mounted = {"/": space(10)._replace(readonly=True)}
    result = Driver(Config(), host).check()
    assert result.status is CheckStatus.OK
    assert result.message.endswith(", mounted read-only")
    result = Driver(Config(mounts={"/": Mount(writable=True)}), host).check()
    assert result.status is CheckStatus.CRITICAL
    assert result.message.endswith(", it is read-only")


def test_many_filesystems_do_not_flood_the_details() -> None:
    result = check({f"/m{number}": space(number) for number in range(30)})
    assert len(result.details) == 10
    assert result.details[-1] == "and 21 more"
    assert len(result.metrics) == 90


def test_settings_that_cannot_work_are_problems() -> None:
    assert Config(paths=()).problems() == []
    assert Config(paths=("var", "/")).problems() == ["path 'var' must be absolute: start it with /"]
    assert Config(free_warning=Size(10**9), free_critical=Size(10**9)).problems() == [
        "free_warning (1GB) must be above free_critical (1GB)"
    ]
    wrong = Config(mounts={"/x": Mount(warning=Percent(99))})
    assert wrong.problems() == ["mounts./x: warning (99) must be below critical (95)"]
