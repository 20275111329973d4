from __future__ import annotations

from pathlib import Path

import pytest

from srvmaint.host import units
from srvmaint.host.linux import LinuxHost
from tests.fakes import FakeClock

SHOWN = """Restart=always
Result=exit-code
NRestarts=3
ExecMainCode=1
ExecMainStatus=1
Id=crash.service
LoadState=loaded
ActiveState=failed
SubState=failed
StartLimitIntervalUSec=1min 40s
StartLimitBurst=3

Id=veritysetup.target
LoadState=loaded
ActiveState=active
SubState=active
StartLimitIntervalUSec=10s
StartLimitBurst=5

Restart=always
Result=exit-code
NRestarts=4
ExecMainCode=1
ExecMainStatus=1
Id=storm.service
LoadState=loaded
ActiveState=activating
SubState=auto-restart
StartLimitIntervalUSec=0
StartLimitBurst=5

Restart=no
Result=signal
NRestarts=0
ExecMainCode=2
ExecMainStatus=9
Id=killed.service
LoadState=loaded
ActiveState=failed
SubState=failed
StartLimitIntervalUSec=10s
StartLimitBurst=5
"""
"""What systemd 252 printed of real units. Of crash.service its journal said "Start request repeated too quickly"."""


def systemctl(root: Path, script: str, *, is_booted: bool = True) -> LinuxHost:
    """A machine whose systemctl is this script; it notes what it is asked."""
    if is_booted:
        (root / "run/systemd/system").mkdir(parents=True)
    (root / "shown").write_text(SHOWN)
    program = root / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$@" >>{root}/asked\n{script}\n')
    program.chmod(0o755)
    return LinuxHost(FakeClock(), root=str(root), programs=(str(root),))


def test_what_systemd_prints_is_read() -> None:
    crash, target, storm, killed = units.parse(SHOWN)
    assert (crash.name, crash.active, crash.restarts, crash.status, crash.is_signal) == (
        *("crash.service", "failed"),
        *(3, 1, False),
    )
    assert crash.gave_up
    assert (target.active, target.restarts, target.restart) == ("active", 0, "")
    assert (storm.sub, storm.start_interval, storm.gave_up) == ("auto-restart", "0", False)
    assert (killed.status, killed.is_signal, killed.gave_up) == (9, True, False)
    assert units.parse("") == ()


def test_units_are_asked_for_with_one_call_and_those_not_loaded_with_a_second(tmp_path: Path) -> None:
    host = systemctl(
        tmp_path,
        f'case "$*" in *nginx*) printf "Id=nginx.service\\nLoadState=not-found\\n";; *) cat {tmp_path}/shown;; esac',
    )
    found = host.units(("crash.service",))
    assert found is not None
    assert len(found.seen) == 4
    found = host.units(("crash.service", "nginx.service"))
    assert found is not None
    assert found.seen[-1].load == "not-found"
    asked = (tmp_path / "asked").read_text().splitlines()
    assert len(asked) == 3
    assert asked[2].endswith("-- nginx.service")


def test_a_systemd_that_refuses_is_an_error_with_its_words(tmp_path: Path) -> None:
    host = systemctl(tmp_path, "echo Failed to connect to bus: Host is down >&2; exit 1")
    with pytest.raises(OSError, match="systemctl ended with 1: Failed to connect to bus: Host is down"):
        host.units(())


def test_a_machine_that_systemd_does_not_run_has_no_units(tmp_path: Path) -> None:
    assert systemctl(tmp_path, "exit 1", is_booted=False).units(()) is None
