"""INGEST: what the intake stored is what the run is about. The intake itself happened before the run existed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from srvmaint.model import RunState
from srvmaint.nodes import Context, Known, Outcome, Tools


@dataclass(frozen=True)
class Config:
    """An ingest node has no settings."""


def problems(_config: Config, _known: Known) -> Iterator[tuple[str, str]]:
    """Nothing can be wrong with no settings."""
    return iter(())


class Node:
    """Puts on record what the run is about."""

    stage = RunState.INGESTED

    def __init__(self, _config: Config, _tools: Tools) -> None:
        pass

    async def run(self, context: Context) -> Outcome:
        """The incident as it stood when the run began."""
        incident = context.incident
        if incident is None:
            return Outcome({"incident_id": None, "changes": []})
        return Outcome(
            {
                "incident_id": incident.id,
                "title": incident.title,
                "severity": incident.severity,
                "status": incident.status,
                "alerts": incident.alerts,
                "changes": context.run.changes,
            }
        )

    async def restore(self, output: Mapping[str, Any]) -> Outcome:
        """A resumed run looks at the incident anew."""
        return Outcome(output)
