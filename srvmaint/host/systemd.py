"""Talking to the service manager: readiness, status, watchdog. Silent where there is none.

The protocol is a datagram to `$NOTIFY_SOCKET`: https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


class Manager:
    """The service manager this process was started by, if any."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog_seconds = _watchdog_seconds(environ)
        """How often it wants a sign of life; None when it wants none."""

    def tell(self, *lines: str) -> None:
        """Send `READY=1`, `STATUS=...`, `STOPPING=1`, `WATCHDOG=1`; a manager that does not listen is no error."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notify:
                notify.connect(self._address)
                notify.send("\n".join(lines).encode())
        except OSError:  # the manager has gone away; there is nobody to complain to
            return


def _watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    micros = environ.get("WATCHDOG_USEC", "")
    meant_for = environ.get("WATCHDOG_PID", "")
    if not micros.isdecimal() or (meant_for and meant_for != str(os.getpid())):
        return None
    return int(micros) / 1_000_000
