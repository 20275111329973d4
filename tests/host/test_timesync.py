from __future__ import annotations

import stat
from pathlib import Path

import pytest

from srvmaint.host import child, timesync
from srvmaint.host.readings import TimeSync

TRACKED = (
    "C0000A7B,192.0.2.123,3,1772445720.123456789,0.000012345,-0.000023456,0.000034567,-12.345,0.001,0.012,"
    "0.023456789,0.001234567,64.2,Normal\n"
)
"""What chrony 4.3 prints: https://chrony-project.org/doc/4.3/chronyc.html#tracking."""
LOST = "7F7F0101,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,1.0,1.0,0.0,Not synchronised\n"


def test_what_chrony_says_is_read() -> None:
    assert timesync.tracking(TRACKED, 5) == TimeSync("chrony", True, 0.000012345, 5, "192.0.2.123")
    assert timesync.tracking(LOST, 5) == TimeSync("chrony", False, None, 5)
    with pytest.raises(ValueError, match="something unexpected: '506 Cannot talk to daemon'"):
        timesync.tracking("506 Cannot talk to daemon\n", 5)


@pytest.mark.parametrize(
    ("state", "status", "offset", "kept", "seconds"),
    [
        (0, 0x2001, 1_500_000, True, 0.0015),
        (0, 0x0001, -1_500, True, -0.0015),
        (5, 0x0040, 0, False, None),
        (5, 0x2001, 7, False, None),
        (0, 0x0040, 7, False, None),
    ],
)
def test_what_the_kernel_says_is_read(
    state: int,
    status: int,
    offset: int,
    kept: bool,  # noqa: FBT001 - a fact of the test
    seconds: float | None,
) -> None:
    assert timesync.kernel_state(state, status, offset, 9) == TimeSync("the kernel", kept, seconds, 9)


def test_this_kernel_can_be_asked() -> None:
    found = timesync.by_kernel(9)
    assert found.by == "the kernel"
    assert found.offset_s is None or abs(found.offset_s) < 3600


def program(folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose programs are those in this folder."""
    monkeypatch.setattr(child, "PLACES", (str(tmp_path), "/usr/bin", "/bin"))
    return tmp_path


def test_chrony_is_asked_first_and_the_kernel_where_chrony_does_not_run(programs: Path) -> None:
    program(programs, "chronyc", f'[ "$*" = "-n -c tracking" ] && echo {TRACKED!r}')
    assert timesync.look(5).by == "chrony"
    program(programs, "chronyc", "echo '506 Cannot talk to daemon'; exit 1")
    assert timesync.look(5).by == "the kernel"


@pytest.mark.parametrize(("said", "kept"), [("yes", True), ("no", False)])
def test_systemd_is_asked_with_the_property_that_says_it(
    programs: Path,
    said: str,
    kept: bool,  # noqa: FBT001 - a fact of the test
) -> None:
    program(programs, "timedatectl", f'[ "$*" = "show --property=NTPSynchronized --value" ] && echo {said}')
    assert timesync.by_systemd(5) == TimeSync("systemd", kept, None, 5)


def test_a_systemd_that_does_not_answer_is_told(programs: Path) -> None:
    program(programs, "timedatectl", "echo 'Failed to connect to bus' >&2; exit 1")
    with pytest.raises(OSError, match=r"timedatectl does not work here \(Failed to connect to bus\)"):
        timesync.by_systemd(5)
