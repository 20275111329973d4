"""What a call of the command line costs in processor time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.benchmarks.children import environment
from tests.benchmarks.figures import CHECK, VERSION, Results, Spread

CALLS: Final = 10
_PROGRAM: Final = str(Path(sys.executable).with_name("srvmaint"))
_PSUTIL: Final = (sys.executable, "-c", "import psutil")


def test_version_and_check_beside_importing_psutil(results: Results, tmp_path: Path) -> None:
    commands = {
        "psutil": _PSUTIL,
        "version": (_PROGRAM, "--version"),
        "check": (_PROGRAM, "check", "memory", "disk", "cpu"),
    }
    spent: dict[str, list[float]] = {name: [] for name in commands}
    for command in commands.values():
        cpu_ms(command, tmp_path)
    for _ in range(CALLS):
        for name, command in commands.items():
            spent[name].append(cpu_ms(command, tmp_path))
    results.compare_least(VERSION, Spread(spent["version"]), Spread(spent["psutil"]))
    results.compare_least(CHECK, Spread(spent["check"]), Spread(spent["psutil"]))
    results.hold()


def cpu_ms(command: tuple[str, ...], folder: Path) -> float:
    """User and system time of a child, in milliseconds. A check may find something; it may not fail."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment(), cwd=folder) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in (0, 1, 2), f"{command} ended with {process.returncode}"
    return (usage.ru_utime + usage.ru_stime) * 1e3
