"""The three disk_* checkers: their places differ, what they say does not."""

from __future__ import annotations

import pytest

from srvmaint.checkers import disk_common, disk_linux, disk_macos
from srvmaint.checkers._reclaim import Config
from srvmaint.host.reclaim import Found, Place
from srvmaint.model import CheckStatus
from srvmaint.settings import Size
from tests.checkers.hosts import GIB, FakeHost

APT = Place("/var/cache/apt/archives", "apt's downloaded packages", "apt-get clean")
DOCKER = Place("/var/lib/docker", "Docker's data", "docker system df, then docker system prune", is_counted=False)


def host_with(*found: Found) -> FakeHost:
    host = FakeHost()
    host.holds = list(found)
    return host


def test_what_its_owner_can_empty_is_summed_up_and_the_owner_is_named() -> None:
    host = host_with(Found(APT, 2 * GIB, 9, "", ()), Found(DOCKER, 90 * GIB, 9, "", ()))
    result = disk_linux.Driver(Config(), host).check()
    assert result.status is CheckStatus.OK
    assert result.message == "2.0 GiB could be given back, most of it apt's downloaded packages"
    assert result.metrics[0].value == 2 * GIB
    assert result.details == (
        "90.0 GiB Docker's data in /var/lib/docker, not counted: docker system df, then docker system prune",
        "2.0 GiB apt's downloaded packages in /var/cache/apt/archives: apt-get clean",
    )


@pytest.mark.parametrize(("gib", "status"), [(4, CheckStatus.OK), (5, CheckStatus.WARNING), (20, CheckStatus.CRITICAL)])
def test_levels_are_sizes(gib: int, status: CheckStatus) -> None:
    assert disk_common.Driver(Config(), host_with(Found(APT, gib * GIB, 1, "", ()))).check().status is status


def test_a_part_of_the_sum_says_at_least_and_why() -> None:
    host = host_with(Found(APT, GIB, 1, "", ("/var/cache/apt/archives: permission denied", "b", "c")))
    result = disk_linux.Driver(Config(), host).check()
    assert result.message.startswith("at least 1.0 GiB could be given back")
    assert "(not everything was seen: /var/cache/apt/archives: permission denied; and 2 more)" in result.message
    assert result.details[-2:] == ("not seen: b", "not seen: c")
    assert {metric.name: metric.value for metric in result.metrics}["not_seen"] == 3


def test_the_largest_of_large_files_is_named() -> None:
    place = Place("~/", "large files of users", "ask their owner", kind="large", is_counted=False)
    result = disk_common.Driver(Config(), host_with(Found(place, 3 * GIB, 2, "/root/dump.sql", ()))).check()
    assert result.details == (
        "3.0 GiB large files of users in ~/ (2 files, the largest /root/dump.sql), not counted: ask their owner",
    )
    assert result.message == "0 B could be given back"


def test_each_system_has_its_places() -> None:
    mac, linux = FakeHost(), FakeHost()
    mac.kernel = "darwin"
    assert disk_linux.Driver(Config(), mac).check().status is CheckStatus.SKIPPED
    assert disk_macos.Driver(Config(), linux).check().status is CheckStatus.SKIPPED
    assert disk_macos.Driver(Config(), mac).check().status is CheckStatus.OK
    assert disk_common.Driver(Config(), mac).check().status is CheckStatus.OK


@pytest.mark.parametrize("module", [disk_common, disk_linux, disk_macos])
def test_every_place_names_its_owners_tool_and_none_says_rm(module: object) -> None:
    places: tuple[Place, ...] = module.PLACES  # type: ignore[attr-defined]
    assert len({place.path for place in places}) == len(places)
    for place in places:
        assert place.tool
        assert "rm -" not in place.tool
        assert place.path.startswith(("/", "~/"))
        assert place.kind in ("all", "old", "rotated", "large", "kernels", "snaps")
        assert place.is_counted or place.kind in ("all", "large")


def test_levels_the_wrong_way_round_are_a_problem() -> None:
    assert Config(warning=Size(10**9), critical=Size(10**9)).problems() == [
        "warning (1GB) must be below critical (1GB)"
    ]
