"""The node types a pipeline is made of, one file each.

A node module has `Config` (its settings section), `problems` (what is wrong with a config given what exists) and
`Node`. A node is handed what came before and returns an `Outcome`; the engine writes it down and goes on. A node never
calls the next one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from srvmaint import intelligence
from srvmaint.clock import Clock
from srvmaint.incidents.what_to_send import Told, Wishes
from srvmaint.intelligence._verdict import Judgement
from srvmaint.model import Alert, CheckResult, Incident, Recommendation, Run, RunState, StoredAlert
from srvmaint.store.records import Intent

PACKAGE = "srvmaint.nodes"


class Known(msgspec.Struct, frozen=True):
    """The names a definition may speak of."""

    checkers: tuple[str, ...]
    providers: tuple[str, ...]
    channels: Mapping[str, str]
    """Channel name to driver name."""


class ChannelInfo(msgspec.Struct, frozen=True):
    """A channel as far as deciding what to send it goes."""

    name: str
    driver: str
    wishes: Wishes
    skipped: str | None = None
    """Why nothing is sent to it now, when the environment says so."""


class Tools(msgspec.Struct, frozen=True):
    """What nodes are lent."""

    clock: Clock
    look: Callable[[Sequence[str]], Awaitable[tuple[CheckResult, ...]]]
    """Run these checkers now (or reuse what is fresh); empty means all that are enabled."""
    recall: Callable[[Sequence[str]], Awaitable[tuple[CheckResult, ...]]]
    """Stored results by id."""
    providers: Mapping[str, intelligence.Driver]
    provider: str
    """The one used where a node names none."""
    channels: Mapping[str, ChannelInfo]
    is_this_host: Callable[[str], bool]
    this_host: str
    public_url: str
    give_up_after_ms: int


class Context(msgspec.Struct):
    """What one run has found out so far. The engine adds each node's outcome; nodes only read."""

    run: Run
    incident: Incident | None
    alerts: tuple[StoredAlert, ...]
    """The worst first and at most as many as a message shows; the incident has the counts."""
    told: Mapping[str, Told]
    """What each channel was last told about this incident."""
    fired_seq: int
    """The highest `fired_seq` among the alerts that are not resolved; 0 when none is."""
    channels: tuple[str, ...]
    """The channels of the route; a notify node may name others."""
    evidence: list[CheckResult] = msgspec.field(default_factory=list)
    recommendations: list[Recommendation] = msgspec.field(default_factory=list)
    remarks: list[str] = msgspec.field(default_factory=list)
    outputs: dict[str, Any] = msgspec.field(default_factory=dict)
    judgement: Judgement | None = None
    """What the evidence so far says of the alerts, and why; None until a node has worked it out."""

    @property
    def parsed_alerts(self) -> tuple[Alert, ...]:
        """The alerts as their senders described them."""
        return tuple(stored.alert for stored in self.alerts)


class Outcome(msgspec.Struct, frozen=True):
    """What a node found. `output` is the JSON snapshot of the step; the rest is for the nodes after it."""

    output: Mapping[str, Any]
    evidence: tuple[CheckResult, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    remark: str | None = None
    intents: tuple[Intent, ...] = ()
    """Messages to send and what the channels will then have been told: committed before anything is sent."""
    skipped: str | None = None
    """Why the step did nothing, when it was told to do nothing."""
    judgement: Judgement | None = None
    """What the evidence says of the alerts, where the node has worked it out."""


class Node(Protocol):
    """What every node type does."""

    stage: RunState
    """The state a run has reached when this node is done."""

    async def run(self, context: Context) -> Outcome:
        """Do the work.

        Raises:
            StepError: it failed; the class says whether trying again can help.
        """

    async def restore(self, output: Mapping[str, Any]) -> Outcome:
        """The outcome a stored `output` stands for, so that a resumed run need not repeat the work."""


class Module(Protocol):
    """What the registry loads for a node type."""

    Config: type
    Node: Callable[[Any, Tools], Node]

    def problems(self, config: Any, known: Known) -> Iterator[tuple[str, str]]:
        """(key, message) for everything in `config` that names something which does not exist."""
