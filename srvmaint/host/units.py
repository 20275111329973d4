"""What systemd says about its units. Parsing is pure; asking runs `systemctl show` and never waits for long.

https://www.freedesktop.org/software/systemd/man/latest/systemctl.html: `show` is the form made for programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from srvmaint.host import commands

PATIENCE_S = 8.0
"""A busy systemd answers within a second; inside the 10 s that one checker has."""
_PROPERTIES = (
    *("Id", "LoadState", "ActiveState", "SubState", "Result", "NRestarts", "Restart", "ExecMainCode", "ExecMainStatus"),
    *("StartLimitBurst", "StartLimitIntervalUSec"),
)
_KILLED = ("2", "3")
"""CLD_KILLED and CLD_DUMPED: the status is a signal."""


class Unit(NamedTuple):
    """One unit as systemd has it."""

    name: str
    load: str
    active: str
    sub: str
    result: str
    restarts: int
    """Automatic ones since it was last started by hand."""
    restart: str
    """The policy: `no`, `always`, `on-failure`, ..."""
    status: int
    """What its main process ended with: an exit code, or a signal when `is_signal`."""
    is_signal: bool
    start_burst: int
    start_interval: str
    """As systemd writes it (`10s`); `0` switches the limit off."""

    @property
    def gave_up(self) -> bool:
        """Whether systemd refuses to start it again because it was started too often.

        Since the failure that came before is kept as the result, `start-limit-hit` shows only after a start by hand:
        a unit that is always restarted, has failed and was restarted as often as it may be is the same case.
        """
        if self.result == "start-limit-hit":
            return True
        is_limited = self.start_interval != "0" and self.start_burst > 0
        return (
            self.active == "failed"
            and self.restart not in ("", "no")
            and is_limited
            and self.restarts >= self.start_burst
        )


class Units(NamedTuple):
    """All of them at one moment."""

    at: float
    """Monotonic seconds."""
    seen: tuple[Unit, ...]


def parse(text: str) -> tuple[Unit, ...]:
    """What `systemctl show` printed: `Key=Value` lines, an empty line between units."""
    found = []
    for block in text.split("\n\n"):
        values = dict(line.partition("=")[::2] for line in block.splitlines() if "=" in line)
        if values.get("Id"):
            found.append(_unit(values))
    return tuple(found)


def _unit(values: dict[str, str]) -> Unit:
    return Unit(
        name=values["Id"],
        load=values.get("LoadState", ""),
        active=values.get("ActiveState", ""),
        sub=values.get("SubState", ""),
        result=values.get("Result", ""),
        restarts=_number(values.get("NRestarts", "")),
        restart=values.get("Restart", ""),
        status=_number(values.get("ExecMainStatus", "")),
        is_signal=values.get("ExecMainCode", "") in _KILLED,
        start_burst=_number(values.get("StartLimitBurst", "")),
        start_interval=values.get("StartLimitIntervalUSec", "0"),
    )


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def ask(systemctl: str, names: Sequence[str]) -> tuple[Unit, ...]:
    """Every loaded unit, and those of these names even when they are not loaded.

    Raises:
        OSError: systemd gave no answer; the text says why.
    """
    fields = f"--property={','.join(_PROPERTIES)}"
    loaded = parse(_show(systemctl, fields, "*"))
    known = {unit.name for unit in loaded}
    others = [name for name in names if name not in known]
    return loaded + (parse(_show(systemctl, fields, "--", *others)) if others else ())


def _show(systemctl: str, *arguments: str) -> str:
    answer = commands.run((systemctl, "show", "--no-pager", *arguments), PATIENCE_S)
    if answer.code != 0:
        raise OSError(f"systemctl ended with {answer.code}: {answer.reason}")
    return answer.out
