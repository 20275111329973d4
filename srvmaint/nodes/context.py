"""CHECK: look at this host now. What a checker cannot find out is evidence too, never a failed run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from srvmaint import registry
from srvmaint.model import CheckStatus, RunState
from srvmaint.nodes import Context, Known, Outcome, Tools
from srvmaint.settings import setting


@dataclass(frozen=True)
class Config:
    """Which checkers a context node runs."""

    include: tuple[str, ...] = setting(
        (), help="checkers to run; empty runs every enabled one", example=["disk", "memory"]
    )


def problems(config: Config, known: Known) -> Iterator[tuple[str, str]]:
    """A checker that does not exist."""
    for name in config.include:
        if name not in known.checkers:
            yield "include", f"unknown checker {name!r}{registry.nearest(name, known.checkers)}"


class Node:
    """Runs checkers and hands their results on as evidence."""

    stage = RunState.CHECKED

    def __init__(self, config: Config, tools: Tools) -> None:
        self._include = config.include
        self._tools = tools

    async def run(self, _context: Context) -> Outcome:
        """Look now, or reuse what another run saw a moment ago."""
        results = await self._tools.look(self._include)
        skipped = bool(results) and all(result.status is CheckStatus.SKIPPED for result in results)
        return Outcome(
            output={
                "evidence": [result.id for result in results],
                "results": [
                    {"checker": result.checker, "status": result.status, "message": result.message}
                    for result in results
                ],
            },
            evidence=results,
            skipped=results[0].message if skipped else None,
        )

    async def restore(self, output: Mapping[str, Any]) -> Outcome:
        """The evidence of the moment of the alert, not of the moment of the resume."""
        return Outcome(output, evidence=await self._tools.recall(output.get("evidence", ())))
