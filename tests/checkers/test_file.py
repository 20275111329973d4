"""Real files on a real file system; their times are set against the fake clock's."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from srvmaint.checkers.file import Config, Driver, Target
from srvmaint.host import files
from srvmaint.model import CheckResult, CheckStatus
from srvmaint.settings import Duration, Size
from tests.checkers.hosts import FakeHost
from tests.config.written import as_a_user
from tests.fakes import START

HOUR = 3600


def put(file: Path, hours: float = 1, size: int = 100) -> Path:
    """A file that was changed so many hours ago."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x" * size)
    moment = START / 1000 - hours * HOUR
    os.utime(file, (moment, moment))
    return file


def check(*targets: Target) -> CheckResult:
    assert [problem for target in targets for problem in target.problems()] == []
    return Driver(Config(files=targets), FakeHost()).check()


def at(path: object, **more: Any) -> Target:
    return Target(str(path), **more)


def test_a_file_that_is_there_is_ok_with_its_age_and_size(tmp_path: Path) -> None:
    file = put(tmp_path / "dump.sql", hours=3)
    result = check(at(file))
    assert result.status is CheckStatus.OK
    assert result.message == f"{file} changed 3 h 0 min ago, 100 B"
    assert [(metric.name, metric.value, metric.unit) for metric in result.metrics] == [
        (f"age:{file}", 3 * HOUR, "s"),
        (f"size:{file}", 100, "B"),
        (f"count:{file}", 1, ""),
    ]


def test_one_that_is_not_there_is_critical_and_no_other_hides_it(tmp_path: Path) -> None:
    result = check(at(put(tmp_path / "here")), at(tmp_path / "gone"), at(f"{tmp_path}/no-folder/*.sql"))
    assert result.status is CheckStatus.CRITICAL
    assert result.message == f"{tmp_path}/gone is not there; {tmp_path}/no-folder/*.sql matches no file"
    assert len(result.details) == 3


@pytest.mark.parametrize(
    ("hours", "status", "text"),
    [
        (25, CheckStatus.OK, "changed 25 h 0 min ago, 100 B"),
        (26, CheckStatus.WARNING, "changed 26 h 0 min ago (limit 26h), 100 B"),
        (50, CheckStatus.CRITICAL, "changed 2 d 2 h ago (limit 50h), 100 B"),
    ],
)
def test_the_age_is_held_against_the_levels(tmp_path: Path, hours: float, status: CheckStatus, text: str) -> None:
    levels = {"warning": Duration.parse("26h"), "critical": Duration.parse("50h")}
    result = check(at(put(tmp_path / "a", hours), **levels))
    assert result.status is status
    assert result.message.endswith(text)
    assert (result.metrics[0].warn, result.metrics[0].crit) == (26 * HOUR, 50 * HOUR)


def test_of_several_the_newest_is_judged_and_of_a_queue_the_oldest(tmp_path: Path) -> None:
    for hours in (1, 30, 60):
        put(tmp_path / f"dump-{hours}.sql", hours, size=hours)
    level = Duration.parse("26h")
    newest = check(at(f"{tmp_path}/*.sql", critical=level))
    assert newest.status is CheckStatus.OK
    assert "(newest of 3: dump-1.sql) changed 60 min ago, 1 B" in newest.message
    oldest = check(at(f"{tmp_path}/*.sql", critical=level, oldest=True))
    assert oldest.status is CheckStatus.CRITICAL
    assert "(oldest of 3: dump-60.sql) changed 2 d 12 h ago (limit 26h)" in oldest.message
    assert newest.metrics[2].value == 3


@pytest.mark.parametrize(
    ("limits", "status", "text"),
    [
        ({"min_size": Size(100), "max_size": Size(100)}, CheckStatus.OK, "changed"),
        ({"min_size": Size(101)}, CheckStatus.CRITICAL, "too small (at least 101B)"),
        ({"max_size": Size(99)}, CheckStatus.CRITICAL, "too large (at most 99B)"),
    ],
)
def test_the_size_is_held_against_its_limits(
    tmp_path: Path, limits: dict[str, Size], status: CheckStatus, text: str
) -> None:
    result = check(at(put(tmp_path / "a"), **limits))
    assert result.status is status
    assert text in result.message


@pytest.mark.parametrize(
    ("limits", "status", "text"),
    [
        ({"min_count": 3}, CheckStatus.OK, "newest of 3"),
        ({"min_count": 4}, CheckStatus.CRITICAL, "only 3 of at least 4"),
        ({"max_count": 3}, CheckStatus.OK, "newest of 3"),
        ({"max_count": 2}, CheckStatus.CRITICAL, "3 of at most 2"),
        ({"max_count": 0}, CheckStatus.CRITICAL, "must not be there"),
    ],
)
def test_how_many_there_are_is_held_against_its_limits(
    tmp_path: Path, limits: dict[str, int], status: CheckStatus, text: str
) -> None:
    for number in range(3):
        put(tmp_path / f"{number}.lock")
    result = check(at(f"{tmp_path}/*.lock", **limits))
    assert result.status is status
    assert text in result.message


def test_what_must_not_be_there_and_is_not_is_ok(tmp_path: Path) -> None:
    assert check(at(tmp_path / "lock", max_count=0)).message == f"{tmp_path}/lock is not there, as it should be"
    assert check(at(f"{tmp_path}/*.lock", min_count=0)).status is CheckStatus.OK


def test_a_clock_that_was_set_back_is_told(tmp_path: Path) -> None:
    assert "changed 2 h 0 min in the future" in check(at(put(tmp_path / "a", -2), critical=Duration(60))).message


def test_a_pattern_reaches_into_directories_and_passes_over_links_to_nothing(tmp_path: Path) -> None:
    put(tmp_path / "a" / "b" / "deep.sql")
    (tmp_path / "dangling.sql").symlink_to(tmp_path / "nowhere")
    assert check(at(f"{tmp_path}/**/*.sql")).metrics[2].value == 1


def test_a_file_name_cannot_move_the_cursor(tmp_path: Path) -> None:
    put(tmp_path / "evil\x1b[2J\n.sql")
    assert check(at(f"{tmp_path}/*.sql")).message.isprintable()


def test_a_directory_that_may_not_be_read_is_unknown_and_not_empty() -> None:
    with as_a_user() as folder:
        (folder / "closed").mkdir(mode=0)
        result = check(at(f"{folder}/closed/*.sql"), at(folder / "closed" / "x"))
    assert result.status is CheckStatus.UNKNOWN
    assert result.message.count("permission denied") == 2


def test_more_files_than_are_looked_at_are_said_to_be_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_MATCHES", 2)
    for number in range(4):
        put(tmp_path / f"{number}.sql")
    result = check(at(f"{tmp_path}/*.sql", max_count=2))
    assert result.status is CheckStatus.CRITICAL
    assert "more than 2 of at most 2" in result.message


def test_a_file_system_that_hangs_is_critical_and_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, real = threading.Event(), os.stat
    hung = str(tmp_path / "hung")
    here = put(tmp_path / "here")

    def stat(path: Any, **more: Any) -> os.stat_result:
        if path == hung:
            gate.wait()
        return real(path, **more)

    monkeypatch.setattr(os, "stat", stat)
    try:
        driver = Driver(Config(files=(at(here), at(hung)), timeout=Duration(0.2)), FakeHost())
        first, second = driver.check(), driver.check()
    finally:
        gate.set()
    assert first.status is CheckStatus.CRITICAL
    assert first.message == f"{hung} does not answer within 0.2 s"
    assert first.details[1].startswith(str(here))
    assert second.message == f"{hung} still does not answer"


def test_settings_that_do_not_fit_are_problems() -> None:
    assert at("a").problems() == ["path 'a' must be absolute: start it with /"]
    assert at("/a", warning=Duration(2), critical=Duration(1)).problems() == [
        "warning (2s) must be below critical (1s)"
    ]
    assert at("/a", min_size=Size(2), max_size=Size(1)).problems() == ["min_size (2B) must not be above max_size (1B)"]
    assert at("/a", min_count=2, max_count=1).problems() == ["min_count (2) must not be above max_count (1)"]
    assert "not counted" in at("/a", max_count=10_000).problems()[0]
    assert Config(files=(at("/a"), at("/a"))).problems() == ["files has /a twice: remove one"]
