"""Takes something out of what an earlier node wrote down, gives it other names, leaves out what is not urgent.

What comes of it is `<id>.transformed` in expressions, and known to the providers that follow. Recommendations that
`filter_priority` leaves out go no further: nobody is told them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from srvmaint.model import Priority, Recommendation, RunState
from srvmaint.nodes import Context, Known, Outcome, Tools
from srvmaint.nodes._expression import Dotted
from srvmaint.nodes._scope import Scope, find
from srvmaint.settings import setting

SOURCES: Final = ("source_node",)
"""Keys of the config that name a node which has run by then."""
_ADVICE: Final = "recommendations"
_RANK: Final = {priority.value: rank for rank, priority in enumerate(Priority)}


@dataclass(frozen=True)
class Config:
    """What is taken from where."""

    source_node: str = setting(help="the id of the node whose output is used; it runs before", example="metrics")
    extract: Dotted | None = setting(None, help="path to what is used of it; default: all", example="context.cpu")
    mapping: dict[str, Dotted] = setting(
        {}, help="new name = path into what `extract` gave; on a list, into each member", example={"cpu": "load1"}
    )
    filter_priority: Priority | None = setting(
        None, help="of a list (default: the recommendations), only what is at least so urgent", example="high"
    )


def problems(_config: Config, _known: Known) -> Iterator[tuple[str, str]]:
    """Where `source_node` stands is judged with the definition as a whole."""
    return iter(())


class Node:
    """Works on plain data; what is not there becomes null."""

    stage = RunState.PENDING  # it brings a run no further by itself

    def __init__(self, config: Config, _tools: Tools) -> None:
        self._config = config

    async def run(self, context: Context) -> Outcome:
        """Extract, filter, map."""
        source = Scope(context).node(self._config.source_node)
        extract = self._config.extract
        if extract is None and self._config.filter_priority is not None and _ADVICE in source:
            extract = Dotted(_ADVICE)
        value = source if extract is None else find(source, extract.parts)
        output: dict[str, Any] = {"source_node": self._config.source_node}
        if isinstance(value, list | tuple) and self._config.filter_priority is not None:
            least = _RANK[self._config.filter_priority]
            kept = [entry for entry in value if _rank(entry) >= least]
            if extract == _ADVICE:
                output["dropped"] = [entry for entry in value if entry not in kept]
            value = kept
        if self._config.mapping:
            value = (
                [self._renamed(entry) for entry in value] if isinstance(value, list | tuple) else self._renamed(value)
            )
        return _outcome(output | {"transformed": value})

    async def restore(self, output: Mapping[str, Any]) -> Outcome:
        """What was left out then is left out now."""
        return _outcome(output)

    def _renamed(self, value: Any) -> dict[str, Any]:
        return {name: find(value, path.parts) for name, path in self._config.mapping.items()}


def _outcome(output: Mapping[str, Any]) -> Outcome:
    return Outcome(output, dropped=msgspec.convert(output.get("dropped", ()), tuple[Recommendation, ...]))


def _rank(entry: Any) -> int:
    """How urgent a member of a list is; -1 when it does not say."""
    return _RANK.get(str(find(entry, ("priority",))).lower(), -1)
