"""Which known tool's structure a body has: the shapes, asked about an object only when it has one of their keys.

How a shape reads its bodies is its own file's affair; what a plain body means is the `generic` driver's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from srvmaint import registry
from srvmaint.alerts import Parsed
from srvmaint.alerts.shapes import PACKAGE, Inner, Shape


@dataclass(frozen=True, slots=True)
class Claim:
    """The shape that takes an object, and why."""

    name: str
    shape: Any
    """A module with the parts of `Shape`."""
    reason: str

    def read(self, payload: Mapping[str, Any]) -> Parsed | Inner:
        """What the shape makes of it.

        Raises:
            PayloadError: `no_alerts`.
        """
        found: Parsed | Inner = self.shape.read(payload)
        return found


def claim(payload: Any) -> Claim | None:
    """The first shape that takes the object; None when none does, and for whatever is no object."""
    if not isinstance(payload, dict):
        return None
    asked = _asked()
    hits = payload.keys() & asked.keys()
    for place in sorted({place for key in hits for place in asked[key]}) if hits else ():
        name, shape = _ordered()[place]
        reason = shape.claims(payload)
        if reason is not None:
            return Claim(name, shape, reason)
    return None


@cache
def _ordered() -> tuple[tuple[str, Shape], ...]:
    """Every shape, the most specific first. Loaded with the first body that needs one, not with the program."""
    shapes = {name: registry.load(PACKAGE, name) for name in registry.names(PACKAGE)}
    order = sorted(shapes, key=lambda name: (shapes[name].PRECEDENCE, name))
    return tuple((name, shapes[name]) for name in order)


@cache
def _asked() -> dict[str, tuple[int, ...]]:
    """Key to the places in `_ordered` of the shapes that want to see an object with it."""
    places: dict[str, list[int]] = {}
    for place, (_, shape) in enumerate(_ordered()):
        for key in shape.KEYS:
            places.setdefault(key, []).append(place)
    return {key: tuple(found) for key, found in places.items()}
