from __future__ import annotations

import pytest

from srvmaint.checkers.updates import Config, Driver
from srvmaint.host.packages import Updates
from srvmaint.model import CheckStatus
from tests.checkers.hosts import FakeHost

WAITING = Updates("apt", ("libssl3", "vim", "zip"), ("libssl3", "zip"), 3600)


def test_waiting_security_updates_are_a_warning_and_named() -> None:
    host = FakeHost()
    host.waiting = WAITING
    result = Driver(Config(), host).check()
    assert result.status is CheckStatus.WARNING
    assert result.message == "3 updates waiting, 2 of them for security"
    assert result.details == ("for security: libssl3, zip",)
    assert Driver(Config(warning=3), host).check().status is CheckStatus.OK
    assert Driver(Config(critical=2), host).check().status is CheckStatus.CRITICAL


def test_updates_that_close_no_hole_are_told_and_never_decide() -> None:
    host = FakeHost()
    host.waiting = Updates("apt", ("vim",), (), 3600)
    result = Driver(Config(), host).check()
    assert result.status is CheckStatus.OK
    assert result.message == "1 update waiting, 0 of them for security"


def test_the_answer_is_kept_until_something_has_changed() -> None:
    host = FakeHost()
    driver = Driver(Config(), host)
    driver.check()
    host.waiting = WAITING
    assert driver.check().status is CheckStatus.OK
    assert host.asked == 1
    host.stamp = 2
    assert driver.check().status is CheckStatus.WARNING
    assert host.asked == 2


def test_an_error_is_not_kept() -> None:
    host = FakeHost()
    driver = Driver(Config(), host)

    def fail() -> Updates:
        raise OSError("apt-get ended with 100: no such thing")

    good, host.updates = host.updates, fail  # type: ignore[method-assign]
    with pytest.raises(OSError, match="apt-get ended"):
        driver.check()
    host.updates = good  # type: ignore[method-assign]
    assert driver.check().status is CheckStatus.OK


def test_lists_that_nobody_renews_know_of_no_updates() -> None:
    host = FakeHost()
    host.waiting = Updates("apt", (), (), 40 * 86400)
    result = Driver(Config(), host).check()
    assert result.status is CheckStatus.WARNING
    assert result.message.endswith("apt's lists are 40 days old: newer updates are not known")


def test_without_a_package_manager_it_is_skipped() -> None:
    host = FakeHost()
    host.waiting = None
    assert Driver(Config(), host).check().status is CheckStatus.SKIPPED
