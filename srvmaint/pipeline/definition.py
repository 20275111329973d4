"""A pipeline as nodes: parse, validate with every problem at once, and the four presets.

JSON and TOML have the same shape: `{"version": "1.0", "nodes": [{"id", "type", "config", "next", ...}]}`. `next` is
followed: absent means the following node in the list, `null` means the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class _Draft:
    """A node whose keys have been read but whose place among the others has not been judged."""

    id: str
    path: str
    spec: NodeSpec
    next: str | None
    problems: list[Problem] = field(default_factory=list)


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
    drafts = [_draft(raw_nodes, index, f"{prefix}nodes[{index}]", decoder, known) for index in range(len(raw_nodes))]
    found = [draft for draft in drafts if draft is not None]
    if len(found) == len(raw_nodes):
        _judge_shape(found, decoder)
    if decoder.problems:
        return None, decoder.problems
    return Definition(name, str(version), tuple(draft.spec for draft in found)), []


def _draft(raw: list[object], index: int, path: str, decoder: Decoder, known: nodes.Known) -> _Draft | None:
    table = raw[index]
    if not isinstance(table, Mapping):
        decoder.complain(path, "must be an object with `id` and `type`")
        return None
    keys = decoder.section(_Keys, table, path, ignore=("config", "next"))
    if keys is None:
        return None
    if not _ID.fullmatch(keys.id):
        decoder.complain(f"{path}.id", "must be 1 to 64 letters, digits, `_`, `.` or `-`")
    if keys.type not in registry.names(nodes.PACKAGE):
        nearest = registry.nearest(keys.type, registry.names(nodes.PACKAGE))
        decoder.complain(f"{path}.type", f"unknown node type {keys.type!r}{nearest}")
        return None
    module = registry.load(nodes.PACKAGE, keys.type)
    config = decoder.section(module.Config, table.get("config", {}), f"{path}.config")
    if config is None:
        return None
    for key, message in module.problems(config, known):
        decoder.complain(f"{path}.config.{key}", message)
    following = raw[index + 1] if index + 1 < len(raw) else None
    default = following.get("id") if isinstance(following, Mapping) else None
    target = table.get("next", default)
    if target is not None and not isinstance(target, str):
        decoder.complain(f"{path}.next", "must be the id of a node, or null for the end")
        return None
    spec = NodeSpec(keys.id, keys.type, config, target, keys.required, keys.retries, float(keys.timeout))
    return _Draft(keys.id, path, spec, target)


def _judge_shape(drafts: list[_Draft], decoder: Decoder) -> None:
    """Ids are unique, every `next` exists, nothing goes in a circle, nothing is left out."""
    by_id: dict[str, _Draft] = {}
    for draft in drafts:
        if draft.id in by_id:
            decoder.complain(f"{draft.path}.id", f"is used twice: {draft.id!r} is also {by_id[draft.id].path}")
        by_id.setdefault(draft.id, draft)
    for draft in drafts:
        if draft.next is not None and draft.next not in by_id:
            decoder.complain(
                f"{draft.path}.next", f"unknown node {draft.next!r}{registry.nearest(draft.next, [*by_id])}"
            )
    seen: set[str] = set()
    draft = drafts[0]
    while draft.id not in seen:
        seen.add(draft.id)
        if draft.next is None or draft.next not in by_id:
            break
        if draft.next in seen:
            decoder.complain(f"{draft.path}.next", f"goes in a circle: {draft.next!r} has run by then")
        draft = by_id[draft.next]
    for left_out in drafts:
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
