"""What holds for every checker that looks at this machine; those that need to be told what are in `test_probes`."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest

from srvmaint import registry
from srvmaint.checkers import PACKAGE, Needs
from srvmaint.checkers._run import Runner, build
from srvmaint.clock import Clock
from srvmaint.host.kernel import Limits
from srvmaint.host.linux import LinuxHost
from srvmaint.host.packages import Reboot, Updates
from srvmaint.host.readings import Load, Memory, Pressure, Processes, TimeSync, Unreadable
from srvmaint.host.reclaim import Found, Place
from srvmaint.model import CheckResult, CheckStatus
from srvmaint.settings import describe, needs_settings
from tests.checkers.hosts import GIB, FakeHost, process, space, unit
from tests.fakes import FakeClock

NAMES = tuple(name for name in registry.names(PACKAGE) if not needs_settings(registry.load(PACKAGE, name).Config))
UNITS = {"", "%", "B", "s"}
NEEDED: dict[str, dict[str, Any]] = {"process": {"names": ("init",)}}
"""Settings of checkers that have nothing to look at without any."""
NEVER_CRITICAL = {"units", "reboot", "updates"}
"""Unless a setting says so: what they find can wait for the morning."""
SYSTEMS = {"disk_macos": "darwin"}


def default(name: str) -> Any:
    return registry.load(PACKAGE, name).Config(**NEEDED.get(name, {}))


def runner(name: str, host: FakeHost, config: Any = None) -> Runner:
    host.kernel = SYSTEMS.get(name, "linux")
    return Runner(build([name], {name: config or default(name)}, host), clock=FakeClock(), timeout=10)


def run(name: str, host: FakeHost) -> CheckResult:
    """Two looks a minute apart, in which a sick host's disk was never idle and its kernel killed."""
    checks = runner(name, host)
    host.works("vda", 60, percent=host.disk_percent, requests=60, wait_ms=100)
    host.killed *= 2
    [result] = checks.run([name])
    return result


def healthy() -> FakeHost:
    host = FakeHost()
    host.pressures = dict.fromkeys(("cpu", "memory", "io"), Pressure(1, 0))
    return host


def sick() -> FakeHost:
    host = FakeHost()
    host.loads = Load(64, 64, 64, 2)
    host.ram = Memory(8 * GIB, 0, GIB, 0)
    host.mounted = {"/": space(99, inodes=99, turned_readonly=True)}
    host.table = Processes(0, (process(7, "we|rd (name) = 'x'\n", cpu_s=99, rss=GIB),), 1)
    host.pressures = dict.fromkeys(("cpu", "memory", "io"), Pressure(99, 99))
    host.disk_percent = 100
    host.sync = TimeSync("chrony", synchronised=True, offset_s=10.0, uptime_s=86400.0)
    host.killed = 50
    host.most = Limits(99, 100, 99, 100)
    host.running = []
    host.all_units = [unit("we|rd.service", active="failed", sub="failed", result="exit-code", status=1)]
    host.due = Reboot(True, 99, ("libc6",), "6.1.0-18-amd64", "6.1.0-20-amd64", 9)
    host.waiting = Updates("apt", ("libssl3",), ("libssl3",), 9e9)
    host.holds = [Found(Place(f"/var/{number}", "we|rd", "tool"), 9 * GIB, 1, "", ("hidden",)) for number in range(30)]
    return host


def odd() -> list[FakeHost]:
    """Machines at the edge of what is possible."""
    no_swap_no_psi = FakeHost()
    tiny = FakeHost()
    tiny.ram = Memory(1, 0, 0, 0)
    tiny.loads = Load(0, 0, 0, 1)
    tiny.mounted = {}
    tiny.disk_work = {}
    tiny.most = Limits(0, 0, 0, 0)
    tiny.all_units = []
    tiny.waiting = None
    hung = FakeHost()
    hung.mounted = {"/": Unreadable("does not answer within 3 s", is_broken=True)}
    hung.all_units = None
    pressed = FakeHost()
    pressed.pressures = dict.fromkeys(("cpu", "memory", "io"), Pressure(100, 100))
    return [no_swap_no_psi, tiny, hung, pressed, sick()]


@pytest.mark.parametrize("name", NAMES)
def test_it_tells_its_own_name_a_message_and_numbers_with_units(name: str) -> None:
    result = run(name, healthy())
    assert result.checker == name
    assert result.status is CheckStatus.OK
    assert result.message
    assert "\n" not in result.message
    assert result.metrics
    assert {metric.unit for metric in result.metrics} <= UNITS


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("make", [healthy, sick])
def test_no_two_of_its_numbers_have_the_same_name(name: str, make: Any) -> None:
    result = run(name, make())
    assert len({metric.name for metric in result.metrics}) == len(result.metrics)


@pytest.mark.parametrize("name", NAMES)
def test_its_first_number_is_one_that_is_held_against_levels_and_more_is_worse(name: str) -> None:
    first = run(name, sick()).metrics[0]
    levels = [level for level in (first.warn, first.crit) if level is not None]
    assert levels
    assert levels == sorted(levels)
    assert first.value >= levels[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_sick_host_is_bad_and_a_healthy_one_afterwards_is_not(name: str) -> None:
    expected = CheckStatus.WARNING if name in NEVER_CRITICAL else CheckStatus.CRITICAL
    assert run(name, sick()).status is expected
    assert run(name, healthy()).status is CheckStatus.OK


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("number", range(len(odd())))
def test_no_odd_host_breaks_it(name: str, number: int) -> None:
    assert "cannot check" not in run(name, odd()[number]).message


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied", "/proc/x"), ValueError("nonsense")])
def test_a_host_that_cannot_be_read_is_unknown_with_the_reason(name: str, error: Exception) -> None:
    host = healthy()
    host.failure = error
    result = run(name, host)
    assert result.status is CheckStatus.UNKNOWN
    assert result.message.startswith(f"cannot check {name}: ")


@pytest.mark.parametrize("name", NAMES)
def test_it_recovers_as_soon_as_the_host_can_be_read_again(name: str) -> None:
    host = healthy()
    host.failure = OSError(5, "Input/output error")
    checks = runner(name, host)
    assert checks.run([name])[0].status is CheckStatus.UNKNOWN
    host.failure = None
    assert checks.run([name])[0].status is CheckStatus.OK


@pytest.mark.parametrize("name", NAMES)
def test_its_details_are_few(name: str) -> None:
    host = sick()
    host.table = Processes(0, tuple(process(pid, "p", cpu_s=9, rss=GIB) for pid in range(1, 500)), 500)
    host.all_units = [unit(f"u{number}.service", active="failed") for number in range(500)]
    host.mounted = {f"/m{number}": space(99) for number in range(50)}
    result = run(name, host)
    assert len(result.details) <= 10
    assert len(result.message) < 4000


@pytest.mark.parametrize("name", NAMES)
def test_its_settings_explain_themselves_and_its_defaults_have_no_problem(name: str) -> None:
    config = default(name)
    assert getattr(config, "problems", list)() == []
    assert all(setting.help for setting in describe(type(config)))


@pytest.mark.parametrize("name", NAMES)
def test_levels_the_wrong_way_round_are_a_problem(name: str) -> None:
    config = default(name)
    fields = {item.name for item in describe(type(config))}
    if not {"warning", "critical"} <= fields or config.critical is None:
        pytest.skip(f"{name} has no two levels")
    upside_down = dataclasses.replace(config, warning=config.critical, critical=config.warning)
    assert any("must be below critical" in problem for problem in upside_down.problems())


@pytest.mark.parametrize("name", NAMES)
def test_it_declares_what_it_needs(name: str) -> None:
    needs = registry.load(PACKAGE, name).NEEDS
    assert isinstance(needs, Needs)
    assert needs != Needs()
    assert all(path.startswith("/") for path in needs.files)
    assert all(needs.capabilities)
    assert all("/" not in command for command in needs.commands)


@pytest.mark.parametrize("name", NAMES)
def test_it_looks_at_the_real_host_it_runs_on(name: str) -> None:
    if name == "io" and not Path("/proc/pressure/io").exists():
        pytest.skip("this kernel has no PSI, and a first look alone says nothing about disks without it")
    clock = Clock()
    config = default(name)
    if name == "process":
        config = dataclasses.replace(config, names=(Path(f"/proc/{os.getpid()}/comm").read_text().strip(),))
    [result] = Runner(build([name], {name: config}, LinuxHost(clock)), clock=clock, timeout=60).run([name])
    assert result.status is not CheckStatus.UNKNOWN, result.message
