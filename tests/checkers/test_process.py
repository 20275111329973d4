from __future__ import annotations

import pytest

from srvmaint.checkers.process import Config, Driver, Watch
from srvmaint.host.tasks import Task
from srvmaint.model import CheckResult, CheckStatus
from srvmaint.settings import Duration, Size
from tests.checkers.hosts import FakeHost, task

MIB = 1024**2


def check(watch: Watch, *tasks: Task) -> CheckResult:
    host = FakeHost()
    host.running = list(tasks)
    return Driver(Config(watch={"web": watch}), host).check()


def test_a_name_is_matched_exactly() -> None:
    host = FakeHost()
    host.running = [task(1, "redis-exporter")]
    result = Driver(Config(names=("redis",)), host).check()
    assert result.status is CheckStatus.CRITICAL
    assert result.message == "redis: not running"
    assert (result.metrics[0].name, result.metrics[0].value) == ("missing", 1)


def test_one_that_is_missing_comes_before_those_that_run() -> None:
    host = FakeHost()
    host.running = [task(1, "nginx"), task(2, "nginx")]
    result = Driver(Config(names=("nginx", "redis")), host).check()
    assert result.message == "redis: not running"
    assert result.details[1] == "nginx: 2 running, 20.0 MiB of memory, running for 10 min"
    host.running.append(task(3, "redis"))
    assert Driver(Config(names=("nginx", "redis")), host).check().status is CheckStatus.OK


@pytest.mark.parametrize("state", ["Z", "X"])
def test_a_process_that_has_ended_does_not_run(state: str) -> None:
    assert check(Watch(name="nginx"), task(1, "nginx", state=state)).message == "web: not running"


def test_a_process_stopped_by_a_signal_does_not_run_and_the_way_out_is_told() -> None:
    result = check(Watch(name="nginx"), task(7, "nginx", state="T"))
    assert result.status is CheckStatus.CRITICAL
    assert result.message.startswith("web: not running (1 stopped by a signal: kill -CONT 7)")
    assert check(Watch(name="nginx"), task(7, "nginx", state="T"), task(8, "nginx")).status is CheckStatus.WARNING


@pytest.mark.parametrize(
    ("watch", "status", "words"),
    [
        (Watch(name="w", min=3), CheckStatus.CRITICAL, "2 running, at least 3 have to"),
        (Watch(name="w", max=1), CheckStatus.WARNING, "2 running, at most 1 should"),
        (Watch(name="w", memory_warning=Size(20 * MIB)), CheckStatus.WARNING, "20.0 MiB of memory"),
        (Watch(name="w", memory_critical=Size(20 * MIB)), CheckStatus.CRITICAL, "20.0 MiB of memory"),
        (Watch(name="w", memory_critical=Size(21 * MIB)), CheckStatus.OK, "20.0 MiB of memory"),
        (Watch(name="w", youngest=Duration(3600)), CheckStatus.WARNING, "restarted 10 min ago"),
        (Watch(name="w", oldest=Duration(300)), CheckStatus.WARNING, "running for 10 min, longer than 5 min"),
        (Watch(name="w", min=0), CheckStatus.OK, "2 running"),
    ],
)
def test_how_many_how_large_and_how_old_can_be_limited(watch: Watch, status: CheckStatus, words: str) -> None:
    result = check(watch, task(1, "w"), task(2, "w", age_s=60))
    assert result.status is status
    assert words in result.message


def test_a_command_line_or_a_user_narrows_it_down_and_the_command_line_is_never_shown() -> None:
    tasks = (
        task(1, "python3", uid=33, cmdline="python3 app.py --password hunter2"),
        task(2, "python3", uid=0, cmdline="python3 app.py"),
        task(3, "python3", uid=33, cmdline="python3 other.py"),
    )
    result = check(Watch(cmdline=r"app\.py", user="www-data"), *tasks)
    assert result.metrics[1].value == 1
    assert "hunter2" not in repr(result)
    assert check(Watch(name="python3", user="33"), *tasks).metrics[1].value == 2
    assert check(Watch(cmdline="nothing like it"), *tasks).status is CheckStatus.CRITICAL


def test_a_user_that_does_not_exist_is_said_and_hides_no_other() -> None:
    host = FakeHost()
    driver = Driver(Config(names=("redis",), watch={"web": Watch(user="nobody-here")}), host)
    result = driver.check()
    assert result.status is CheckStatus.CRITICAL
    assert result.message == "redis: not running; web: there is no user nobody-here"


def test_restarts_between_two_looks_are_counted_and_forgotten() -> None:
    host = FakeHost()
    driver = Driver(Config(watch={"web": Watch(name="w", restarts=2, within=Duration(600))}), host)
    host.running = [task(1, "w", started=1)]
    driver.check()
    for pid in (2, 3):
        host.busy(60, 0, 0)
        host.running = []
        assert driver.check().status is CheckStatus.CRITICAL
        host.running = [task(pid, "w", started=pid)]
        result = driver.check()
    assert result.status is CheckStatus.WARNING
    assert "restarted 2 times within 10 min" in result.message
    host.busy(700, 0, 0)
    assert driver.check().status is CheckStatus.OK


def test_a_worker_that_is_replaced_while_its_master_stays_is_no_restart() -> None:
    host = FakeHost()
    driver = Driver(Config(watch={"web": Watch(name="w", restarts=1)}), host)
    host.running = [task(1, "w", started=1), task(2, "w", started=2)]
    driver.check()
    host.running = [task(1, "w", started=1), task(9, "w", started=9)]
    assert driver.check().status is CheckStatus.OK
    host.running = [task(1, "w", started=50)]
    assert "restarted 1 times" in driver.check().message


def test_where_other_users_processes_are_hidden_nothing_is_said_to_be_missing() -> None:
    host = FakeHost()
    host.running, host.is_hidden = [], True
    result = Driver(Config(names=("nginx",)), host).check()
    assert result.status is CheckStatus.UNKNOWN
    assert "hidepid" in result.message


def test_with_nothing_to_watch_it_is_skipped_and_says_what_to_set() -> None:
    result = Driver(Config(), FakeHost()).check()
    assert (result.status, result.message) == (
        CheckStatus.SKIPPED,
        "no process is named: set names, or use --names",
    )


def test_settings_that_cannot_work_are_problems() -> None:
    watch = {
        "a": Watch(),
        "b": Watch(name="b", min=3, max=2),
        "c": Watch(cmdline="("),
        "d": Watch(name="d", memory_warning=Size(2), memory_critical=Size(1)),
        "e": Watch(name="e"),
    }
    found = Config(names=("e",), watch=watch).problems()
    assert [problem.partition(":")[0] for problem in found] == ["watch.a", "watch.b", "watch.c", "watch.d", "watch.e"]
    assert found[2].startswith("watch.c: cmdline is no regular expression: missing )")
