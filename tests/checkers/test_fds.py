from __future__ import annotations

from srvmaint.checkers.fds import Config, Driver
from srvmaint.host.kernel import Limits, Openers, OpenFiles
from srvmaint.model import CheckStatus
from tests.checkers.hosts import FakeHost


def test_the_machines_files_and_tasks_are_held_against_their_limits() -> None:
    host = FakeHost()
    host.most = Limits(85, 100, 96, 100)
    result = Driver(Config(), host).check()
    assert result.status is CheckStatus.CRITICAL
    assert result.message == "the machine has 96 of 100 tasks, 96 %; the machine has 85 of 100 files open, 85 %"


def test_one_process_at_its_own_limit_is_trouble_while_the_machine_has_plenty() -> None:
    host = FakeHost()
    host.openers = Openers((OpenFiles(7, "nginx", 990, 1024), OpenFiles(8, "java", 100, 1024)), 0)
    result = Driver(Config(), host).check()
    assert result.status is CheckStatus.CRITICAL
    assert result.message == "nginx (pid 7) has 990 of 1024 files open, 96 %"
    assert result.details[1] == "java (pid 8) has 100 of 1024 files open, 9 %"
    assert Driver(Config(processes=False), host).check().status is CheckStatus.OK


def test_a_limit_that_is_none_is_never_near() -> None:
    host = FakeHost()
    host.most = Limits(5000, 2**63 - 1, 1, 100)
    result = Driver(Config(processes=False), host).check()
    assert result.status is CheckStatus.OK
    assert "5000 files open, without a limit" in result.message


def test_how_many_processes_would_not_tell_is_said() -> None:
    host = FakeHost()
    host.openers = Openers((), 42)
    assert Driver(Config(), host).check().details == ("42 processes of other users would not tell: that takes root",)
