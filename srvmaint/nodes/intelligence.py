"""ANALYZE: what the alert and the evidence mean, and what to do.

A provider that fails never keeps a message from going out: the local rules answer in its place, and the message says
so.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from srvmaint import intelligence, registry
from srvmaint.errors import StepError
from srvmaint.intelligence._verdict import Judgement, judge
from srvmaint.model import Recommendation, RunState
from srvmaint.nodes import Context, Known, Outcome, Tools
from srvmaint.settings import setting

log = logging.getLogger(__name__)
LOCAL: Final = "local"
"""The provider that needs nothing and nobody."""


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
        judgement = self._judge(context)
        try:
            found = await self._provider.analyze(_subject(context, judgement), context.evidence)
        except StepError as error:
            if self._name == LOCAL:
                raise
            return await self.fallback(context, str(error))
        except Exception as error:
            if self._name == LOCAL:
                raise
            log.exception("provider %s failed unexpectedly: this is a defect, report it", self._name)
            return await self.fallback(context, f"internal error: {type(error).__name__}")
        return _outcome({"provider": self._name, "recommendations": msgspec.to_builtins(found)}, found, judgement)

    async def fallback(self, context: Context, reason: str) -> Outcome:
        """What the local rules say instead, unless they have spoken in this run already.

        The engine asks for it as well when the step's time is over.
        """
        log.warning("provider %s failed in run %s, the local rules answer: %s", self._name, context.run.id, reason)
        spoken = any(isinstance(each, Mapping) and each.get("provider") == LOCAL for each in context.outputs.values())
        local, judgement = self._tools.providers[LOCAL], self._judge(context)
        found = () if spoken else await local.analyze(_subject(context, judgement), context.evidence)
        output = {"provider": LOCAL, "failed": {self._name: reason}, "recommendations": msgspec.to_builtins(found)}
        return _outcome(output, found, judgement)

    async def restore(self, output: Mapping[str, Any]) -> Outcome:
        """What the provider said then: it may have been paid for."""
        found = msgspec.convert(output.get("recommendations", ()), tuple[Recommendation, ...])
        return _outcome({"provider": self._name, **output}, found)

    def _judge(self, context: Context) -> Judgement:
        return context.judgement or judge(context.parsed_alerts, context.evidence, self._tools.is_this_host)


def _subject(context: Context, judgement: Judgement) -> intelligence.Subject:
    return intelligence.Subject(
        title=context.incident.title if context.incident else "this host",
        alerts=context.parsed_alerts,
        verdict=judgement[0],
        earlier=tuple(context.recommendations),
        facts={
            node: output["transformed"]
            for node, output in context.outputs.items()
            if isinstance(output, Mapping) and "transformed" in output
        },
    )


def _outcome(
    output: Mapping[str, Any], found: tuple[Recommendation, ...], judgement: Judgement | None = None
) -> Outcome:
    """The message says who analysed, and who could not."""
    failed = "; ".join(f"{name} failed: {reason}" for name, reason in output.get("failed", {}).items())
    remark = f"{output['provider']} ({failed})" if failed else str(output["provider"])
    return Outcome(output, recommendations=found, remark=remark, judgement=judgement)
