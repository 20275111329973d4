"""What holds for every checker that looks at this machine and needs no settings; the others are in `test_probes`."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from srvmaint import registry
from srvmaint.checkers import PACKAGE
from srvmaint.checkers._run import Runner, build
from srvmaint.clock import Clock
from srvmaint.host.linux import LinuxHost
from srvmaint.host.readings import Load, Memory, Pressure, Processes, TimeSync, Unreadable
from srvmaint.model import CheckResult, CheckStatus
from srvmaint.settings import describe, needs_settings
from tests.checkers.hosts import GIB, FakeHost, process, space
from tests.fakes import FakeClock

NAMES = tuple(name for name in registry.names(PACKAGE) if not needs_settings(registry.load(PACKAGE, name).Config))
UNITS = {"", "%", "B", "s"}


def run(name: str, host: FakeHost, config: Any = None) -> CheckResult:
    config = config or registry.load(PACKAGE, name).Config()
    [result] = Runner(build([name], {name: config}, host), clock=FakeClock(), timeout=10).run([name])
    return result


def sick() -> FakeHost:
    host = FakeHost()
    host.loads = Load(64, 64, 64, 2)
    host.ram = Memory(8 * GIB, 0, GIB, 0)
    host.filesystems = {"/": space(99, inodes=99, turned_readonly=True)}
    host.sync = TimeSync("chrony", synchronised=True, offset_s=10.0, uptime_s=86400.0)
    host.table = Processes(0, (process(7, "we|rd (name) = 'x'\n", cpu_s=99, rss=GIB),), 1)
    return host


def odd() -> list[FakeHost]:
    """Machines at the edge of what is possible."""
    no_swap_no_psi = FakeHost()
    tiny = FakeHost()
    tiny.ram = Memory(1, 0, 0, 0)
    tiny.loads = Load(0, 0, 0, 1)
    tiny.filesystems = {}
    hung = FakeHost()
    hung.filesystems = {"/": Unreadable("does not answer within 3 s")}
    pressed = FakeHost()
    pressed.pressures = {"cpu": Pressure(100, 100), "memory": Pressure(100, 100)}
    return [no_swap_no_psi, tiny, hung, pressed, sick()]


@pytest.mark.parametrize("name", NAMES)
def test_it_tells_its_own_name_a_message_and_numbers_with_units(name: str) -> None:
    result = run(name, FakeHost())
    assert result.checker == name
    assert result.status is CheckStatus.OK
    assert result.message
    assert "\n" not in result.message
    assert result.metrics
    assert {metric.unit for metric in result.metrics} <= UNITS
    assert len({metric.name for metric in result.metrics}) == len(result.metrics)


@pytest.mark.parametrize("name", NAMES)
def test_its_first_number_is_the_one_held_against_the_levels(name: str) -> None:
    first = run(name, FakeHost()).metrics[0]
    assert first.warn is not None
    assert first.crit is not None
    assert first.warn < first.crit


@pytest.mark.parametrize("name", NAMES)
def test_a_sick_host_is_critical(name: str) -> None:
    assert run(name, sick()).status is CheckStatus.CRITICAL


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("host", odd())
def test_no_odd_host_breaks_it(name: str, host: FakeHost) -> None:
    assert "cannot check" not in run(name, host).message


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied", "/proc/x"), ValueError("nonsense")])
def test_a_host_that_cannot_be_read_is_unknown_with_the_reason(name: str, error: Exception) -> None:
    host = FakeHost()
    host.failure = error
    result = run(name, host)
    assert result.status is CheckStatus.UNKNOWN
    assert result.message.startswith(f"cannot check {name}: ")


@pytest.mark.parametrize("name", NAMES)
def test_it_recovers_as_soon_as_the_host_can_be_read_again(name: str) -> None:
    host = FakeHost()
    host.failure = OSError(5, "Input/output error")
    config = registry.load(PACKAGE, name).Config()
    checks = Runner(build([name], {name: config}, host), clock=FakeClock(), timeout=10)
    assert checks.run([name])[0].status is CheckStatus.UNKNOWN
    host.failure = None
    assert checks.run([name])[0].status is CheckStatus.OK


@pytest.mark.parametrize("name", NAMES)
def test_its_details_are_few(name: str) -> None:
    host = sick()
    host.table = Processes(0, tuple(process(pid, "p", cpu_s=9, rss=GIB) for pid in range(1, 500)), 500)
    assert len(run(name, host).details) <= 10


@pytest.mark.parametrize("name", NAMES)
def test_its_settings_explain_themselves_and_its_defaults_have_no_problem(name: str) -> None:
    config = registry.load(PACKAGE, name).Config
    assert config().problems() == []
    assert all(setting.help for setting in describe(config))
    upside_down = dataclasses.replace(config(), warning=type(config().warning)(90), critical=type(config().warning)(10))
    assert upside_down.problems()


@pytest.mark.parametrize("name", NAMES)
def test_it_looks_at_the_real_host_it_runs_on(name: str) -> None:
    clock = Clock()
    config = registry.load(PACKAGE, name).Config()
    [result] = Runner(build([name], {name: config}, LinuxHost(clock)), clock=clock, timeout=10).run([name])
    assert result.status is not CheckStatus.UNKNOWN, result.message
