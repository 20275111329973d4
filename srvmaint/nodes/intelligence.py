"""ANALYZE: what the alert and the evidence mean, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from srvmaint import intelligence, registry
from srvmaint.intelligence._verdict import judge
from srvmaint.model import Recommendation, RunState
from srvmaint.nodes import Context, Known, Outcome, Tools
from srvmaint.settings import setting


@dataclass(frozen=True)
class Config:
    """Who analyses."""

    provider: str | None = setting(None, help="the provider to ask; default: [intelligence] provider", example="local")


def problems(config: Config, known: Known) -> Iterator[tuple[str, str]]:
    """A provider that does not exist."""
    if config.provider is not None and config.provider not in known.providers:
        nearest = registry.nearest(config.provider, known.providers)
        yield "provider", f"unknown provider {config.provider!r}{nearest}"


class Node:
    """Asks one provider."""

    stage = RunState.ANALYZED

    def __init__(self, config: Config, tools: Tools) -> None:
        self._name = config.provider or tools.provider
        self._provider = tools.providers[self._name]
        self._tools = tools

    async def run(self, context: Context) -> Outcome:
        """Recommendations, each with the evidence it rests on."""
        alerts = context.parsed_alerts
        judgement = context.judgement or judge(alerts, context.evidence, self._tools.is_this_host)
        title = context.incident.title if context.incident else "this host"
        subject = intelligence.Subject(title=title, alerts=alerts, verdict=judgement[0])
        found = await self._provider.analyze(subject, context.evidence)
        return Outcome(
            {"provider": self._name, "recommendations": msgspec.to_builtins(found)},
            recommendations=found,
            remark=self._name,
            judgement=judgement,
        )

    async def restore(self, output: Mapping[str, Any]) -> Outcome:
        """What the provider said then: it may have been paid for."""
        found = msgspec.convert(output.get("recommendations", ()), tuple[Recommendation, ...])
        return Outcome(output, recommendations=found, remark=str(output.get("provider", self._name)))
