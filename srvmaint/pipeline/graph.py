"""Where the nodes of a definition lead: every id once, every target there, no circle, nothing left out.

Pure. Nodes are places with edges here; what a node does is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from srvmaint import registry
from srvmaint.errors import Problem
from srvmaint.nodes import _scope
from srvmaint.nodes._expression import Path


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from one node to another; `path` is where it is written. `target` None is the end."""

    path: str
    target: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands among the others, whatever else is wrong with it."""

    id: str
    """Empty when it has none that can be used."""
    path: str
    edges: Mapping[str, Edge] = field(default_factory=dict)
    """By the key that names the target."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Where an earlier node is named by its id, and the id."""
    names: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    """Where an expression is, and the paths in it."""


def judge(places: Sequence[Place]) -> Iterator[Problem]:
    """Everything that is wrong with how the nodes hang together."""
    found = [place for place in places if place.id]
    by_id: dict[str, Place] = {}
    for place in found:
        if place.id in by_id:
            yield Problem(f"{place.path}.id", f"is used twice: {place.id!r} is also {by_id[place.id].path}")
        by_id.setdefault(place.id, place)
    for place in found:
        for edge in place.edges.values():
            if edge.target is not None and edge.target not in by_id:
                yield Problem(edge.path, f"unknown node {edge.target!r}{registry.nearest(edge.target, [*by_id])}")
    if len(by_id) == len(places):
        circles = list(_circles(found[0], by_id))
        yield from circles
        yield from _left_out(found, by_id)
        yield from _names(found, by_id, is_ordered=not circles)


def order(start: str, edges: Mapping[str, Sequence[str]]) -> list[str]:
    """All that can be reached from `start`, each before whatever follows it; there is no circle."""
    done: dict[str, None] = {}

    def visit(node: str) -> None:
        for target in reversed(edges[node]):
            if target not in done:
                visit(target)
        done[node] = None

    visit(start)
    return [*reversed(done)]


def _circles(start: Place, by_id: Mapping[str, Place]) -> Iterator[Problem]:
    """Every edge that leads back to where the run has been."""
    on_the_way: set[str] = set()
    done: set[str] = set()

    def visit(place: Place) -> Iterator[Problem]:
        on_the_way.add(place.id)
        for edge in place.edges.values():
            if edge.target in on_the_way:
                yield Problem(edge.path, f"goes in a circle: {edge.target!r} has run by then")
            elif edge.target is not None and edge.target in by_id and edge.target not in done:
                yield from visit(by_id[edge.target])
        on_the_way.discard(place.id)
        done.add(place.id)

    yield from visit(start)


def _left_out(places: Sequence[Place], by_id: Mapping[str, Place]) -> Iterator[Problem]:
    reached = {places[0].id, *_after(places[0], by_id)}
    for place in places:
        if place.id not in reached:
            yield Problem(place.path, f"is never reached: no `next` leads to {place.id!r}")


def _names(places: Sequence[Place], by_id: Mapping[str, Place], *, is_ordered: bool) -> Iterator[Problem]:
    """What expressions and transforms speak of exists, and has run by then."""
    later = {place.id: _after(place, by_id) for place in places}
    for place in places:
        before = [other.id for other in places if place.id in later[other.id]]
        for path, source in place.sources.items():
            if source not in by_id:
                yield Problem(path, f"unknown node {source!r}{registry.nearest(source, [*by_id])}")
            elif is_ordered and source not in before:
                yield Problem(path, f"{source!r} has not run by then: name a node that comes before")
        for path, names in place.names.items():
            for name in names:
                node = _scope.owner(name, by_id)
                if node is None and name[0] not in _scope.NAMES:
                    yield Problem(path, f"knows no {name[0]!r}{registry.nearest(name[0], (*_scope.NAMES, *before))}")
                elif node is not None and is_ordered and node not in before:
                    yield Problem(path, f"{node!r} has not run by then: name a node that comes before")


def _after(place: Place, by_id: Mapping[str, Place]) -> set[str]:
    """Everything that may run after it."""
    found: set[str] = set()
    ahead = list(_targets(place.edges))
    while ahead:
        target = ahead.pop()
        if target in by_id and target not in found:
            found.add(target)
            ahead.extend(_targets(by_id[target].edges))
    return found


def _targets(edges: Mapping[str, Edge]) -> Iterator[str]:
    return (edge.target for edge in edges.values() if edge.target is not None)
