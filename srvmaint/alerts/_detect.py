"""Whose body is this, when the URL does not say: the enabled drivers are asked, the most specific first.

What a sender's signature looks like is its driver's knowledge. Who else would have taken a body is asked only by
`srvmaint alerts test`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from srvmaint import registry
from srvmaint.alerts import PACKAGE, Driver
from srvmaint.errors import PayloadError

_SHOWN_KEYS: Final = 8


@dataclass(frozen=True, slots=True)
class Detection:
    """The driver that takes the body, and why."""

    driver: str
    reason: str


def by_precedence(names: Iterable[str]) -> tuple[str, ...]:
    """The drivers of those names in the order in which they are asked.

    Raises:
        UsageError: there is no driver of that name.
    """
    return tuple(sorted(names, key=lambda name: (registry.load(PACKAGE, name).PRECEDENCE, name)))


def detect(drivers: Mapping[str, Driver], payload: Any) -> Detection:
    """Find the driver of a body. `drivers` are the enabled ones, in the order of `by_precedence`.

    Raises:
        PayloadError: `undetected`; no driver knows the body.
    """
    for name, driver in drivers.items():
        reason = driver.detect(payload)
        if reason is not None:
            return Detection(name, reason)
    raise PayloadError(
        "undetected",
        f"cannot tell who sent this: {_outline(payload)} fits none of {', '.join(drivers) or 'no enabled driver'}."
        " Post it to /alerts/webhook/<driver>/, or send an object with a `name`.",
    )


def _outline(payload: Any) -> str:
    """What arrived, in a few words and without its values."""
    if isinstance(payload, dict):
        keys = [repr(str(key)[:40]) for key in list(payload)[:_SHOWN_KEYS]]
        more = ", ..." if len(payload) > _SHOWN_KEYS else ""
        return f"an object with the keys {', '.join(keys)}{more}" if keys else "an empty object"
    if isinstance(payload, list):
        return f"a list of {len(payload)}" if payload else "an empty list"
    return "a bare value"
