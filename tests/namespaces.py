"""A network namespace of the test's own: a machine whose network can be broken without harm. Needs root."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

T = TypeVar("T")
_CLONE_NEWNET = 0x40000000
_numbers = itertools.count()


class Namespace:
    """One namespace, with its loopback up."""

    def __init__(self, name: str) -> None:
        self.name = name

    def ip(self, *arguments: str) -> None:
        """`ip` inside."""
        subprocess.run(["ip", "-n", self.name, *arguments], check=True, capture_output=True)

    def sysctl(self, name: str, value: str) -> None:
        """Set a kernel setting of this namespace."""
        self.run(lambda: _write(f"/proc/sys/{name.replace('.', '/')}", value))

    def run(self, function: Callable[[], T]) -> T:
        """Call it in a thread that is inside; threads and programs it starts are inside as well."""
        found: list[Any] = []

        def enter() -> None:
            with open(f"/run/netns/{self.name}", encoding="ascii") as handle:  # noqa: PTH123 - a handle is what setns takes
                entered = ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), _CLONE_NEWNET)
            if entered != 0:
                found.append(OSError(ctypes.get_errno(), "setns"))
                return
            try:
                found.append(function())
            except BaseException as error:  # noqa: BLE001 - raised again where it was called from
                found.append(error)

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        [outcome] = found
        if isinstance(outcome, BaseException):
            raise outcome
        result: T = outcome
        return result


@contextlib.contextmanager
def namespace() -> Iterator[Namespace]:
    """A fresh one, gone afterwards."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("needs root and iproute2: makes a network namespace")
    name = f"srvmaint-{os.getpid()}-{next(_numbers)}"
    made = subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"no network namespace can be made here: {made.stderr.strip()}")
    try:
        inside = Namespace(name)
        inside.ip("link", "set", "lo", "up")
        yield inside
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


def _write(path: str, value: str) -> None:
    with open(path, "w", encoding="ascii") as file:  # noqa: PTH123 - /proc, inside the namespace of this thread
        file.write(value)
