"""Whether something keeps this machine's clock: chrony where it runs, else the kernel's own word, else systemd's.

chrony knows its offset best. The kernel knows whether anybody has been disciplining it (ntpd, timesyncd, chrony); a
service with ProtectClock= may not ask it, and asks systemd then. No thresholds here.
"""

from __future__ import annotations

import ctypes
import os
from typing import Final

from srvmaint.host.child import Missing, ask
from srvmaint.host.readings import TimeSync

SECONDS: Final = 2.0
"""How long each of them may take."""
_UNSYNCHRONISED: Final = 0x0040
_NANOSECONDS: Final = 0x2000
_ERROR: Final = 5
"""STA_UNSYNC, STA_NANO and TIME_ERROR of adjtimex(2)."""
_FIELDS: Final = 14
_UNSYNCHRONISED_LEAP: Final = "Not synchronised"


def look(uptime_s: float) -> TimeSync:
    """Ask one after another.

    Raises:
        OSError: none of them can be asked here.
    """
    reasons = []
    for way in (by_chrony, by_kernel, by_systemd):
        try:
            return way(uptime_s)
        except Missing as error:
            reasons.append(str(error))
        except (OSError, ValueError) as error:
            reasons.append(error.strerror or str(error) if isinstance(error, OSError) else str(error))
    raise OSError(f"nobody here knows: {'; '.join(reasons)}")


def by_chrony(uptime_s: float) -> TimeSync:
    """The account chrony gives of itself.

    Raises:
        Missing: it is not installed.
        OSError: it does not run.
        ValueError: what it says cannot be read.
    """
    answer = ask("chronyc", ["-n", "-c", "tracking"], SECONDS)
    if answer.code != 0:
        raise OSError(f"chrony does not run ({(answer.out or answer.err).strip()[:80]})")
    return tracking(answer.out, uptime_s)


def tracking(text: str, uptime_s: float) -> TimeSync:
    """The line of `chronyc -c tracking`: https://chrony-project.org/doc/4.3/chronyc.html#tracking.

    Raises:
        ValueError: it is not such a line.
    """
    fields = text.strip().split(",")
    if len(fields) != _FIELDS:
        raise ValueError(f"chrony says something unexpected: {text.strip()[:80]!r}")
    leap = fields[13]
    source = fields[1] or fields[0]
    is_kept = leap != _UNSYNCHRONISED_LEAP
    return TimeSync("chrony", is_kept, float(fields[4]) if is_kept else None, uptime_s, source if is_kept else "")


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2); asking with no modes set changes nothing and needs no privilege."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


def by_kernel(uptime_s: float) -> TimeSync:
    """The kernel's word.

    Raises:
        OSError: this process may not ask it.
    """
    timex = _Timex()
    state = _libc().adjtimex(ctypes.byref(timex))
    if state < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"adjtimex: {os.strerror(number).lower()}")
    return kernel_state(state, timex.status, timex.offset, uptime_s)


def kernel_state(state: int, status: int, offset: int, uptime_s: float) -> TimeSync:
    """What adjtimex(2) returned; its offset is that of those who let the kernel steer (ntpd, timesyncd)."""
    is_kept = state != _ERROR and not status & _UNSYNCHRONISED
    seconds = offset / (1_000_000_000 if status & _NANOSECONDS else 1_000_000)
    return TimeSync("the kernel", is_kept, seconds if is_kept else None, uptime_s)


def by_systemd(uptime_s: float) -> TimeSync:
    """The word of systemd, which is the kernel's by another way.

    Raises:
        Missing: there is no systemd.
        OSError: it does not answer.
    """
    answer = ask("timedatectl", ["show", "--property=NTPSynchronized", "--value"], SECONDS)
    said = answer.out.strip()
    if answer.code != 0 or said not in ("yes", "no"):
        raise OSError(f"timedatectl does not work here ({(answer.err or said).strip()[:80]})")
    return TimeSync("systemd", said == "yes", None, uptime_s)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
