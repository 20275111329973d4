"""What the engine works by: routes, definitions with their nodes, channels, drivers. Replaced as a whole on reload."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import msgspec

from srvmaint import alerts, nodes, notify, registry
from srvmaint.alerts._access import Gate
from srvmaint.model import RunState
from srvmaint.pipeline.definition import Definition, NodeSpec
from srvmaint.pipeline.routing import Route


class BoundNode(msgspec.Struct, frozen=True):
    """A node ready to run. A Struct: it is looked at for every step."""

    spec: NodeSpec
    node: nodes.Node

    @property
    def fallback(self) -> Callable[[nodes.Context, str], Awaitable[nodes.Outcome]] | None:
        """What there is in place of the node's work when its time is over."""
        return getattr(self.node, "fallback", None)


@dataclass(frozen=True)
class Pipeline:
    """A definition whose nodes have their tools."""

    name: str
    nodes: tuple[BoundNode, ...]
    """The first one first."""
    channels: tuple[str, ...]
    """Who is told where a node names nobody."""
    is_this_host: Callable[[str], bool]
    closing: BoundNode | None = None
    """Tells the end to whoever was told of the beginning, where a run's way led past every node that would."""

    @cached_property
    def by_id(self) -> Mapping[str, BoundNode]:
        """The nodes by their ids."""
        return {bound.spec.id: bound for bound in self.nodes}

    @cached_property
    def ids(self) -> frozenset[str]:
        """What expressions may call a node."""
        return frozenset(self.by_id)

    @cached_property
    def reports(self) -> bool:
        """It takes no alerts in: without an incident it speaks of the host."""
        return all(bound.spec.type != "ingest" for bound in self.nodes)

    def after(self, bound: BoundNode, branch: str | None) -> BoundNode | None:
        """The node a run goes on with; None at the end."""
        spec = bound.spec
        target = spec.branches.get(branch or "else") if spec.branches else spec.next
        return self.by_id[target] if target is not None else None

    def surely_tells(self) -> bool:
        """Whether every way through it comes to a node that tells somebody, whatever is found on the way."""
        return self._tells_from(self.nodes[0], {})

    def _tells_from(self, bound: BoundNode, known: dict[str, bool]) -> bool:
        spec = bound.spec
        if bound.node.stage is RunState.NOTIFIED and spec.when is None:
            return True
        if spec.id not in known:
            ways = spec.branches.values() if spec.branches else (spec.next,)
            known[spec.id] = all(way is not None and self._tells_from(self.by_id[way], known) for way in ways)
        return known[spec.id]


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


CLOSING: Final = "all clear"
"""The step that tells the end where no node of the definition did; no node can be called so."""


def bind(definition: Definition, channels: tuple[str, ...], tools: nodes.Tools, name: str) -> Pipeline:
    """Give a definition's nodes their tools."""
    bound = tuple(_bound(spec, tools) for spec in definition.walk())
    return Pipeline(name, bound, channels, tools.is_this_host, _closing(tools))


def _bound(spec: NodeSpec, tools: nodes.Tools) -> BoundNode:
    return BoundNode(spec, registry.load(nodes.PACKAGE, spec.type).Node(spec.config, tools))


def _closing(tools: nodes.Tools) -> BoundNode:
    config = registry.load(nodes.PACKAGE, "notify").Config()
    return _bound(NodeSpec(CLOSING, "notify", config, None, required=True, retries=3, timeout=60.0), tools)
