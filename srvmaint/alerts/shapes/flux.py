"""Flux: an event of the notification controller's generic provider.

    https://fluxcd.io/flux/components/notification/events/

An event of the severity info means that the object is well again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import FIRING, RESOLVED, Table, has, words

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"involvedObject"})

_TABLE: Final = Table(
    source="flux",
    name=("title",),
    status=("severity",),
    statuses={"error": FIRING, "info": RESOLVED},
    severity=("level",),
    identity=(("object",),),
    description=("message",),
    labels={
        "kind": "involvedObject.kind",
        "namespace": "involvedObject.namespace",
        "object": "involvedObject.name",
        "controller": "reportingController",
    },
    annotations={"reason": "reason", "metadata": "metadata"},
    moment=("timestamp",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """An object with what happened to it."""
    known = has(payload, "involvedObject.kind", "involvedObject.name", "severity", "message")
    return "`involvedObject` of Flux" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The object's state."""
    object_ = "/".join(filter(None, (words(payload, f"involvedObject.{key}") for key in ("kind", "namespace", "name"))))
    return _TABLE.read({**payload, "object": object_, "title": f"{object_} is not reconciled", "level": "warning"})
