"""Falco: an event of its HTTP output, or through Falcosidekick.

    https://falco.org/docs/outputs/channels/

An event has no end; a rule that fires again on the same machine and container is the same alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import Table, has, words

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"output_fields"})

_TABLE: Final = Table(
    source="falco",
    name=("rule",),
    severity=("priority",),
    identity=(("rule", "hostname", "where"), ("rule", "hostname"), ("rule",)),
    description=("output",),
    host=("hostname", "output_fields.evt.hostname"),
    labels={"pod": "output_fields.k8s.pod.name", "namespace": "output_fields.k8s.ns.name", "tags": "tags"},
    annotations={"fields": "output_fields", "container": "output_fields.container.id", "source": "source"},
    moment=("time",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A rule with its priority and the fields of its output."""
    return "`rule`, `priority` and `output_fields` of Falco" if has(payload, "rule", "priority", "output") else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The rule's event."""
    where = words(payload, "output_fields.k8s.pod.name", "output_fields.container.id", "output_fields.container.name")
    return _TABLE.read({**payload, "where": where})
