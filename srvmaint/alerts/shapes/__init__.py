"""Bodies that real tools wrap in a structure of their own: one small file per tool, loaded by the `generic` driver.

A shape is a module with the parts of `Shape`; most are a `Table` and the few lines that prepare a body for it. `claims`
tests types and not only keys, says yes to its tool alone, and costs next to nothing: it is asked only about an object
that has one of its `KEYS`. `read` is total like every driver. Shapes do not know each other; what arrives as text
inside another body (SNS) is handed back as `Inner` and finds its shape like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from srvmaint.alerts import Parsed

PACKAGE: Final = "srvmaint.alerts.shapes"


@dataclass(frozen=True, slots=True)
class Inner:
    """A body inside a body."""

    body: bytes
    otherwise: Parsed
    """What there is to say when nobody can read it."""
    delivery_id: str | None = None


class Shape(Protocol):
    """What every shape module has."""

    PRECEDENCE: int
    """Lower is asked first: 10 where the body names its tool, 50 where its keys do, 90 where they are common words."""
    KEYS: frozenset[str]

    def claims(self, payload: Mapping[str, Any]) -> str | None:
        """Why this object is this tool's, in a few words; None when it is not."""

    def read(self, payload: Mapping[str, Any]) -> Parsed | Inner:
        """Turn a claimed object into alerts.

        Raises:
            PayloadError: `no_alerts`; what is claimed holds nothing to call an alert by.
        """
