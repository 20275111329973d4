"""A pipeline as nodes: parse, validate with every problem at once, and the four presets.

JSON and TOML have the same shape: `{"version": "1.0", "nodes": [{"id", "type", "config", "next", ...}]}`. `next` is
followed: absent means the following node in the list, `null` (in TOML, which has none, `false`) means the end. A
condition goes on with one of two nodes named in its config. How the nodes hang together is judged by `graph`.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any, Final

from srvmaint import nodes, registry
from srvmaint.errors import Problem
from srvmaint.nodes._expression import Expression
from srvmaint.pipeline import graph
from srvmaint.pipeline.graph import Edge, Place
from srvmaint.settings import Decoder, Duration, Secret, describe, setting

VERSIONS: Final = ("1.0",)
MOST_NODES: Final = 200
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One node of a definition."""

    id: str
    type: str
    config: Any
    """The node type's own `Config`."""
    next: str | None
    required: bool
    retries: int
    timeout: float
    """Seconds one attempt may take."""
    when: Expression | None = None
    """Passed over unless it holds."""
    branches: Mapping[str, str | None] = field(default_factory=dict)
    """Where its branches lead, of a type that has some; None is the end."""

    def targets(self) -> tuple[str, ...]:
        """The nodes a run may go on with."""
        ways = (self.branches or {"next": self.next}).values()
        return tuple(dict.fromkeys(way for way in ways if way is not None))


@dataclass(frozen=True, slots=True)
class Definition:
    """A validated pipeline."""

    name: str
    version: str
    nodes: tuple[NodeSpec, ...]
    description: str = ""

    def walk(self) -> Iterator[NodeSpec]:
        """The nodes from the first one on, each before whatever may follow it."""
        by_id = {node.id: node for node in self.nodes}
        edges = {node.id: node.targets() for node in self.nodes}
        return (by_id[node] for node in graph.order(self.nodes[0].id, edges))

    def as_json(self) -> dict[str, Any]:
        """The definition in the shape it is written in."""
        about = {"description": self.description} if self.description else {}
        written = [_node_json(node) for node in self.nodes]
        return {"name": self.name, "version": self.version, **about, "nodes": written}


@dataclass(frozen=True)
class _Keys:
    """The keys every node has, whatever its type."""

    id: str = setting(help="unique within the definition")
    type: str = setting(help="one of the node types")
    required: bool = setting(True, help="false: a failure is recorded and the run goes on")
    retries: int = setting(3, help="how often a transient failure is tried again", minimum=0, maximum=20)
    timeout: Duration = setting(Duration(60), help="how long one attempt may take", minimum=0.1, maximum=3600)


def parse(data: object, *, name: str, where: str, known: nodes.Known) -> tuple[Definition | None, list[Problem]]:
    """Read and validate a definition.

    Args:
        data: the decoded JSON or TOML table.
        name: what the definition is called.
        where: dotted path put before every problem's own path; empty for a file of its own.
        known: the checkers, providers and channels that exist.

    Returns:
        The definition, or None with at least one problem.
    """
    if not isinstance(data, Mapping):
        return None, [Problem(where, "must be an object with `version` and `nodes`")]
    decoder = Decoder(_no_secrets)
    prefix = f"{where}." if where else ""
    version, description = data.get("version", VERSIONS[0]), data.get("description", "")
    if version not in VERSIONS:
        decoder.complain(f"{prefix}version", f"must be one of {', '.join(VERSIONS)}")
    if not isinstance(description, str):
        decoder.complain(f"{prefix}description", "must be a string")
    for key in data:
        if key not in ("name", "version", "nodes", "description"):
            decoder.complain(f"{prefix}{key}", f"unknown key{registry.nearest(str(key), ('version', 'nodes'))}")
    raw_nodes = data.get("nodes")
    if not isinstance(raw_nodes, list) or not raw_nodes:
        decoder.complain(f"{prefix}nodes", "must be a list of at least one node")
        return None, decoder.problems
    if len(raw_nodes) > MOST_NODES:
        decoder.complain(f"{prefix}nodes", f"must be at most {MOST_NODES} nodes")
        return None, decoder.problems
    paths = [f"{prefix}nodes[{index}]" for index in range(len(raw_nodes))]
    places = [_place(raw_nodes, index, path, decoder) for index, path in enumerate(paths)]
    specs = [_spec(raw, place, decoder, known) for raw, place in zip(raw_nodes, places, strict=True)]
    decoder.problems.extend(graph.judge(places))
    if decoder.problems:
        return None, decoder.problems
    return Definition(name, str(version), tuple(spec for spec in specs if spec is not None), str(description)), []


def _place(raw_nodes: list[object], index: int, path: str, decoder: Decoder) -> Place:
    """Where a node leads and what it speaks of, read from the table as it is written."""
    table = raw_nodes[index]
    if not isinstance(table, Mapping):
        decoder.complain(path, "must be an object with `id` and `type`")
        return Place("", path)
    following = _id_of(raw_nodes[index + 1]) or None if index + 1 < len(raw_nodes) else None
    edges = {"next": Edge(f"{path}.next", _target(table, "next", path, following, decoder))}
    module, config = _module(table), table.get("config", {})
    sources: dict[str, str] = {}
    names = _paths(table.get("when"), f"{path}.when")
    if module is not None and isinstance(config, Mapping):
        below = f"{path}.config"
        for key in _branches(module):
            if key in config:
                edges[key] = Edge(f"{below}.{key}", _target(config, key, below, None, decoder))
        if len(edges) > len(_branches(module)) > 0:
            del edges["next"]  # every branch has a way of its own
        for item in describe(module.Config):
            raw = config.get(item.name)
            if item.name in getattr(module, "SOURCES", ()) and isinstance(raw, str):
                sources[f"{below}.{item.name}"] = raw
            if Expression in typing.get_args(item.type):
                names |= _paths(raw, f"{below}.{item.name}")
    return Place(_id_of(table), path, edges, sources, names)


def _target(table: Mapping[str, object], key: str, path: str, absent: str | None, decoder: Decoder) -> str | None:
    target = table.get(key, absent)
    if target is None or target is False:
        return None
    if not isinstance(target, str):
        decoder.complain(f"{path}.{key}", "must be the id of a node, or null for the end")
        return None
    return target


def _paths(raw: object, path: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The paths in an expression, where it is one; where it is none, that is said elsewhere."""
    try:
        return {path: Expression.parse(raw).paths}
    except ValueError:
        return {}


def _id_of(node: object) -> str:
    found = node.get("id") if isinstance(node, Mapping) else None
    return found if isinstance(found, str) else ""


def _module(table: Mapping[str, object]) -> ModuleType | None:
    """The module of the node's type, if there is such a type."""
    kind = table.get("type")
    is_known = isinstance(kind, str) and kind in registry.names(nodes.PACKAGE)
    return registry.load(nodes.PACKAGE, str(kind)) if is_known else None


def _branches(module: ModuleType) -> tuple[str, ...]:
    found: tuple[str, ...] = getattr(module, "BRANCHES", ())
    return found


def _spec(table: object, place: Place, decoder: Decoder, known: nodes.Known) -> NodeSpec | None:
    """The node by itself, with its type's own config."""
    if not isinstance(table, Mapping):
        return None
    path = place.path
    keys = decoder.section(_Keys, table, path, ignore=("config", "next", "when"))
    if isinstance(table.get("id"), str) and not _ID.fullmatch(place.id):
        decoder.complain(f"{path}.id", "must be 1 to 64 letters, digits, `_`, `.` or `-`")
    when = _when(table, path, decoder)
    module = _module(table)
    if module is None:
        types, kind = registry.names(nodes.PACKAGE), table.get("type")
        if isinstance(kind, str):
            decoder.complain(f"{path}.type", f"unknown node type {kind!r}{registry.nearest(kind, types)}")
        return None
    raw = table.get("config", {})
    config = decoder.section(module.Config, raw, f"{path}.config", ignore=_branches(module))
    if config is None:
        return None
    for key, message in module.problems(config, known):
        decoder.complain(f"{path}.config.{key}", message)
    if keys is None:
        return None
    following = place.edges["next"].target if "next" in place.edges else None
    made = NodeSpec(keys.id, keys.type, config, following, keys.required, keys.retries, float(keys.timeout), when)
    return _fork(made, place, _branches(module), decoder) if _branches(module) else made


def _fork(made: NodeSpec, place: Place, branches: tuple[str, ...], decoder: Decoder) -> NodeSpec:
    """A node with branches: one that is absent goes on with `next`, and its question may stand beside its config."""
    if not place.edges.keys() & {*branches}:
        decoder.complain(f"{place.path}.config.{branches[0]}", "is required: the id of a node, or null for the end")
    config, when = made.config, made.when
    if config.when is None and when is None:
        decoder.complain(f"{place.path}.config.when", "is required: the expression that decides")
    if config.when is None:
        config, when = replace(config, when=when), None
    ways = {key: place.edges.get(key, place.edges.get("next")) for key in branches}
    targets = {key: edge.target if edge is not None else None for key, edge in ways.items()}
    return replace(made, config=config, when=when, branches=targets)


def _when(table: Mapping[str, object], path: str, decoder: Decoder) -> Expression | None:
    try:
        return Expression.parse(table["when"]) if table.get("when") is not None else None
    except ValueError as error:
        decoder.complain(f"{path}.when", str(error))
        return None


def _no_secrets(_: object) -> Secret:
    raise ValueError("secrets belong to a channel or a provider, not to a node")


def _node_json(node: NodeSpec) -> dict[str, Any]:
    return {
        "id": node.id,
        "type": node.type,
        "config": {
            **{key: _written(value) for key, value in vars(node.config).items() if value not in (None, (), {})},
            **node.branches,
        },
        **({} if node.branches else {"next": node.next}),
        **({"when": str(node.when)} if node.when else {}),
        "required": node.required,
        "retries": node.retries,
        "timeout": str(Duration(node.timeout)),
    }


def _written(value: Any) -> Any:
    """A setting as it is written; an expression is its text."""
    return str(value) if isinstance(value, Expression) else value


def _preset(name: str, *types: str) -> Definition:
    known = nodes.Known((), (), {})
    definition, problems = parse(
        {"nodes": [{"id": kind, "type": kind} for kind in types]}, name=name, where="", known=known
    )
    if definition is None:
        raise RuntimeError(f"the built-in definition {name} is broken: {problems}")
    return definition


CHECKS_ONLY: Final = "checks-only"
"""The built-in definition that looks and tells nobody."""

PRESETS: Final[Mapping[str, Definition]] = {
    "direct": _preset("direct", "ingest", "notify"),
    "health-checked": _preset("health-checked", "ingest", "context", "notify"),
    "ai-analyzed": _preset("ai-analyzed", "ingest", "intelligence", "notify"),
    "full": _preset("full", "ingest", "context", "intelligence", "notify"),
}
"""The fixed pipelines are definitions like any other."""

BUILT_IN: Final[Mapping[str, Definition]] = {**PRESETS, CHECKS_ONLY: _preset(CHECKS_ONLY, "ingest", "context")}
"""What can be executed by name without being configured."""
