"""A pipeline as nodes: parse, validate with every problem at once, and the four presets.

JSON and TOML have the same shape: `{"version": "1.0", "nodes": [{"id", "type", "config", "next", ...}]}`. `next` is
followed: absent means the following node in the list, `null` means the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from srvmaint import nodes, registry
from srvmaint.errors import Problem
from srvmaint.settings import Decoder, Duration, Secret, setting

VERSIONS: Final = ("1.0",)
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


@dataclass(frozen=True, slots=True)
class Definition:
    """A validated pipeline. `walk` is the order in which it runs."""

    name: str
    version: str
    nodes: tuple[NodeSpec, ...]

    def walk(self) -> Iterator[NodeSpec]:
        """The nodes in the order of execution, from the first along `next`."""
        by_id = {node.id: node for node in self.nodes}
        node: NodeSpec | None = self.nodes[0]
        while node is not None:
            yield node
            node = by_id[node.next] if node.next is not None else None

    def as_json(self) -> dict[str, Any]:
        """The definition in the shape it is written in."""
        return {"name": self.name, "version": self.version, "nodes": [_node_json(node) for node in self.nodes]}


@dataclass(frozen=True)
class _Keys:
    """The keys every node has, whatever its type."""

    id: str = setting(help="unique within the definition")
    type: str = setting(help="ingest, context, intelligence or notify")
    required: bool = setting(True, help="false: a failure is recorded and the run goes on")
    retries: int = setting(3, help="how often a transient failure is tried again", minimum=0, maximum=20)
    timeout: Duration = setting(Duration(60), help="how long one attempt may take", minimum=0.1, maximum=3600)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a node stands among the others, whatever else is wrong with it."""

    id: str
    path: str
    next: str | None


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
    version = data.get("version", VERSIONS[0])
    if version not in VERSIONS:
        decoder.complain(f"{prefix}version", f"must be one of {', '.join(VERSIONS)}")
    for key in data:
        if key not in ("name", "version", "nodes", "description"):
            decoder.complain(f"{prefix}{key}", f"unknown key{registry.nearest(str(key), ('version', 'nodes'))}")
    raw_nodes = data.get("nodes")
    if not isinstance(raw_nodes, list) or not raw_nodes:
        decoder.complain(f"{prefix}nodes", "must be a list of at least one node")
        return None, decoder.problems
    paths = [f"{prefix}nodes[{index}]" for index in range(len(raw_nodes))]
    places = [_place(raw_nodes, index, path, decoder) for index, path in enumerate(paths)]
    specs = [_spec(raw, place, decoder, known) for raw, place in zip(raw_nodes, places, strict=True)]
    found = [place for place in places if place.id]
    _judge_ids(found, decoder)
    if len({place.id for place in found}) == len(places):
        _judge_order(found, decoder)
    if decoder.problems:
        return None, decoder.problems
    return Definition(name, str(version), tuple(spec for spec in specs if spec is not None)), []


def _place(raw_nodes: list[object], index: int, path: str, decoder: Decoder) -> _Place:
    """The node's id (empty when it has none that can be used) and the id of the one that follows."""
    table = raw_nodes[index]
    if not isinstance(table, Mapping):
        decoder.complain(path, "must be an object with `id` and `type`")
        return _Place("", path, None)
    following = _id_of(raw_nodes[index + 1]) or None if index + 1 < len(raw_nodes) else None
    target = table.get("next", following)
    if target is not None and not isinstance(target, str):
        decoder.complain(f"{path}.next", "must be the id of a node, or null for the end")
        target = None
    return _Place(_id_of(table), path, target)


def _id_of(node: object) -> str:
    found = node.get("id") if isinstance(node, Mapping) else None
    return found if isinstance(found, str) else ""


def _spec(table: object, place: _Place, decoder: Decoder, known: nodes.Known) -> NodeSpec | None:
    """The node by itself, with its type's own config."""
    if not isinstance(table, Mapping):
        return None
    path = place.path
    keys = decoder.section(_Keys, table, path, ignore=("config", "next"))
    if isinstance(table.get("id"), str) and not _ID.fullmatch(place.id):
        decoder.complain(f"{path}.id", "must be 1 to 64 letters, digits, `_`, `.` or `-`")
    kind = table.get("type")
    if not isinstance(kind, str):
        return None
    types = registry.names(nodes.PACKAGE)
    if kind not in types:
        decoder.complain(f"{path}.type", f"unknown node type {kind!r}{registry.nearest(kind, types)}")
        return None
    module = registry.load(nodes.PACKAGE, kind)
    config = decoder.section(module.Config, table.get("config", {}), f"{path}.config")
    if config is None:
        return None
    for key, message in module.problems(config, known):
        decoder.complain(f"{path}.config.{key}", message)
    if keys is None:
        return None
    return NodeSpec(keys.id, kind, config, place.next, keys.required, keys.retries, float(keys.timeout))


def _judge_ids(places: list[_Place], decoder: Decoder) -> None:
    """Ids are unique, and every `next` exists."""
    by_id: dict[str, _Place] = {}
    for place in places:
        if place.id in by_id:
            decoder.complain(f"{place.path}.id", f"is used twice: {place.id!r} is also {by_id[place.id].path}")
        by_id.setdefault(place.id, place)
    for place in places:
        if place.next is not None and place.next not in by_id:
            decoder.complain(
                f"{place.path}.next", f"unknown node {place.next!r}{registry.nearest(place.next, [*by_id])}"
            )


def _judge_order(places: list[_Place], decoder: Decoder) -> None:
    """Nothing goes in a circle, and nothing is left out."""
    by_id = {place.id: place for place in reversed(places)}
    seen: set[str] = set()
    place = places[0]
    while place.id not in seen:
        seen.add(place.id)
        if place.next is None or place.next not in by_id:
            break
        if place.next in seen:
            decoder.complain(f"{place.path}.next", f"goes in a circle: {place.next!r} has run by then")
        place = by_id[place.next]
    for left_out in places:
        if left_out.id not in seen:
            decoder.complain(left_out.path, f"is never reached: no `next` leads to {left_out.id!r}")


def _no_secrets(_: object) -> Secret:
    raise ValueError("secrets belong to a channel or a provider, not to a node")


def _node_json(node: NodeSpec) -> dict[str, Any]:
    return {
        "id": node.id,
        "type": node.type,
        "config": {key: value for key, value in vars(node.config).items() if value not in (None, ())},
        "next": node.next,
        "required": node.required,
        "retries": node.retries,
        "timeout": str(Duration(node.timeout)),
    }


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
