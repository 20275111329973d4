"""A fork: what the run has found out so far decides which node comes next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from srvmaint.model import RunState
from srvmaint.nodes import Context, Known, Outcome, Tools
from srvmaint.nodes._expression import Expression
from srvmaint.nodes._scope import Scope
from srvmaint.settings import setting

BRANCHES: Final = ("then", "else")
"""Keys of the config that name the node the run goes on with; one that is absent goes on with `next`."""


@dataclass(frozen=True)
class Config:
    """What decides; `then` and `else` beside it are ids of nodes."""

    when: Expression | None = setting(
        None,
        help="an expression: if it holds the run goes to `then`, else to `else`",
        example='severity == "critical"',
    )


def problems(_config: Config, _known: Known) -> Iterator[tuple[str, str]]:
    """Names in the expression are judged with the definition as a whole."""
    return iter(())


class Node:
    """Answers its question once; a resumed run keeps to the answer."""

    stage = RunState.PENDING  # it brings a run no further by itself

    def __init__(self, config: Config, _tools: Tools) -> None:
        self._when = config.when

    async def run(self, context: Context) -> Outcome:
        """Ask. Without a question it is `else`."""
        return _taken({"branch": "then" if self._when is not None and self._when.holds(Scope(context)) else "else"})

    async def restore(self, output: Mapping[str, Any]) -> Outcome:
        """The way that was taken, whatever the answer would be now."""
        return _taken(output)


def _taken(output: Mapping[str, Any]) -> Outcome:
    return Outcome(output, branch="then" if output.get("branch") == "then" else "else")
