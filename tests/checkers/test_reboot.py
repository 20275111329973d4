from __future__ import annotations

from srvmaint.checkers.reboot import Config, Driver
from srvmaint.host.packages import Reboot
from srvmaint.model import CheckResult, CheckStatus
from srvmaint.settings import Duration
from tests.checkers.hosts import FakeHost

FLAGGED = Reboot(
    is_flagged=True,
    age_s=3 * 86400,
    packages=("libc6", "dbus"),
    running="6.1.0-18-amd64",
    newest="6.1.0-18-amd64",
    uptime_s=9e6,
)


def check(found: Reboot, config: Config | None = None) -> CheckResult:
    host = FakeHost()
    host.due = found
    return Driver(config or Config(), host).check()


def test_the_distributions_flag_is_a_warning_with_who_asked_for_it() -> None:
    result = check(FLAGGED)
    assert result.status is CheckStatus.WARNING
    assert result.message == "a reboot is due: packages have asked for it since 3 days"
    assert result.details == ("asked for by libc6, dbus",)


def test_a_newer_kernel_is_enough_without_a_flag() -> None:
    result = check(FLAGGED._replace(is_flagged=False, age_s=0, packages=(), newest="6.1.0-20-amd64"))
    assert result.status is CheckStatus.WARNING
    assert result.message == "a reboot is due: kernel 6.1.0-20-amd64 is installed, 6.1.0-18-amd64 is running"


def test_a_running_kernel_that_is_newer_than_the_installed_ones_is_left_alone() -> None:
    older = FLAGGED._replace(is_flagged=False, packages=(), newest="6.1.0-9-amd64")
    assert check(older).message == "no reboot is due, running 6.1.0-18-amd64 for 104 days"


def test_it_may_be_due_for_a_while_and_not_for_ever() -> None:
    assert check(FLAGGED, Config(patience=Duration(7 * 86400))).status is CheckStatus.OK
    assert check(FLAGGED, Config(critical_after=Duration(2 * 86400))).status is CheckStatus.CRITICAL
    assert Config(patience=Duration(86400), critical_after=Duration(86400)).problems() == [
        "patience (24h) must be below critical_after (24h)"
    ]
