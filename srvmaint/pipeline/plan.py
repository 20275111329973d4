"""What the engine works by: routes, definitions with their nodes, channels, drivers. Replaced as a whole on reload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from srvmaint import alerts, nodes, notify, registry
from srvmaint.alerts._access import Gate
from srvmaint.model import RunState
from srvmaint.pipeline.definition import Definition, NodeSpec
from srvmaint.pipeline.routing import Route


@dataclass(frozen=True, slots=True)
class BoundNode:
    """A node ready to run."""

    spec: NodeSpec
    node: nodes.Node


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A definition whose nodes have their tools, and the channels it tells by default."""

    name: str
    nodes: tuple[BoundNode, ...]
    channels: tuple[str, ...]

    @property
    def tells(self) -> bool:
        """Whether anybody can be told by it."""
        return any(bound.node.stage is RunState.NOTIFIED for bound in self.nodes)


@dataclass(frozen=True, slots=True)
class Plan:
    """One configuration, ready to work by."""

    routes: tuple[Route, ...]
    definitions: Mapping[str, Definition]
    pipelines: Mapping[str, Pipeline]
    """By name: every route, and every definition that can be executed by name."""
    senders: Mapping[str, notify.Driver]
    """Channel name to its driver."""
    alert_drivers: Mapping[str, alerts.Driver]
    """In the order in which they are asked whether a body is theirs."""
    group_by: tuple[str, ...]
    reopen_within_ms: int
    gates: Mapping[str, Gate] = field(default_factory=dict)
    """What stands before the alert drivers that ask their sender for something."""
    delivery_headers: Mapping[str, str] = field(default_factory=dict)
    """Alert driver to the header in which its sender gives each delivery an id, where it does."""


@dataclass(slots=True)
class Current:
    """Holds the plan in force. Everybody reads it anew for each piece of work."""

    plan: Plan


def bind(definition: Definition, channels: tuple[str, ...], tools: nodes.Tools, name: str) -> Pipeline:
    """Give a definition's nodes their tools, in the order of execution."""
    bound = tuple(
        BoundNode(spec, registry.load(nodes.PACKAGE, spec.type).Node(spec.config, tools)) for spec in definition.walk()
    )
    return Pipeline(name, bound, channels)
