"""The engine room with everything real but its nodes, its channels and its clock."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from srvmaint import nodes
from srvmaint.alerts import Parsed
from srvmaint.clock import SECOND
from srvmaint.errors import StoreError
from srvmaint.incidents.what_to_send import Wishes
from srvmaint.model import Alert, CheckResult, Delivery, Message, Run, RunState, Severity, Step
from srvmaint.nodes import Context, Outcome, Tools, condition, ingest, notify, transform
from srvmaint.notify import Receipt
from srvmaint.pipeline.definition import Definition, NodeSpec
from srvmaint.pipeline.engine import Engine
from srvmaint.pipeline.events import Events
from srvmaint.pipeline.intake import Intake, Offer
from srvmaint.pipeline.outbox import Outbox
from srvmaint.pipeline.plan import CLOSING, BoundNode, Current, Pipeline, Plan
from srvmaint.pipeline.routing import Match, Route
from srvmaint.pipeline.watch import Watch
from srvmaint.pipeline.worker import Workers
from srvmaint.store import pages
from srvmaint.store.batch import Connection
from srvmaint.store.records import Accepted
from srvmaint.store.store import Store
from tests.fakes import FakeClock
from tests.incidents.given import DAY, alert
from tests.store.given import TRACE, opened

ROUNDS = 5000
"""How often a condition is looked at before it is said never to come true; each look waits for a transaction."""


class RoomClock(FakeClock):
    """Time moved by hand; whoever sleeps until now does not sleep."""

    async def sleep(self, seconds: float) -> None:
        """Wait until time has been moved that far."""
        if seconds > 0:
            await super().sleep(seconds)
        else:
            await asyncio.sleep(0)


Act = Callable[[Context], Awaitable[Outcome]]


@dataclass
class ScriptedNode:
    """Does what the script says, call by call; the last entry for ever after.

    An entry is an exception to raise, an outcome, or a function of the context.
    """

    stage: RunState
    script: deque[Any] = field(default_factory=deque)
    ran: list[Context] = field(default_factory=list)
    restored: list[Mapping[str, Any]] = field(default_factory=list)
    restoring: Exception | None = None

    async def run(self, context: Context) -> Outcome:
        """The next entry of the script."""
        self.ran.append(context)
        entry = self.script.popleft() if len(self.script) > 1 else self.script[0] if self.script else None
        if isinstance(entry, BaseException):
            raise entry
        if isinstance(entry, Outcome):
            return entry
        if entry is not None:
            found: Outcome = await entry(context)
            return found
        return Outcome({"ran": len(self.ran)})

    async def restore(self, output: Mapping[str, Any]) -> Outcome:
        """What was found before, unless that cannot be read any more."""
        self.restored.append(output)
        if self.restoring is not None:
            raise self.restoring
        return Outcome(output)


@dataclass
class FakeChannel:
    """Keeps what it is sent; the script has what happens instead, an exception or an event to wait for."""

    script: deque[BaseException | asyncio.Event] = field(default_factory=deque)
    sent: list[tuple[str, Message]] = field(default_factory=list)
    """What arrived: the key and the message."""
    keys: list[str] = field(default_factory=list)
    """Every attempt's key."""
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: Message, key: str) -> Receipt:
        """One attempt."""
        self.keys.append(key)
        self.begun.set()
        entry = self.script.popleft() if self.script else None
        if isinstance(entry, BaseException):
            raise entry
        if entry is not None:
            await entry.wait()
        self.sent.append((key, message))
        return Receipt(f"r{len(self.sent)}")

    @property
    def statuses(self) -> list[str]:
        """What arrived, in a word each."""
        return [message.status for _, message in self.sent]


def no_evidence(_names: object) -> Awaitable[tuple[CheckResult, ...]]:
    """Nothing to see here."""

    async def nothing() -> tuple[CheckResult, ...]:
        return ()

    return nothing()


class Room:
    """Made by `room`."""

    def __init__(self, store: Store, clock: RoomClock, channels: Mapping[str, FakeChannel]) -> None:
        self.store = store
        self.clock = clock
        self.channels = dict(channels)
        self.wishes: dict[str, Wishes] = defaultdict(lambda: Wishes(Severity.INFO, send_resolved=True))
        self.scripts: dict[str, ScriptedNode] = {}
        self.current = Current(self.plan())
        self.events = Events()
        self.watch = Watch(store)
        owner = clock.new_id()
        self.outbox = Outbox(store, self.current, clock, self.events, self.watch, owner)
        self.engine = Engine(store, self.current, self.outbox, clock, self.events, owner)
        self.workers = Workers(store, self.engine, clock, self.watch, owner)
        self.intake = Intake(store, self.workers, self.current, clock, self.events)
        self.loop: asyncio.Task[None] | None = None

    def tools(self) -> Tools:
        """What nodes are lent."""
        return Tools(
            clock=self.clock,
            look=no_evidence,
            recall=no_evidence,
            providers={},
            provider="local",
            channels={name: nodes.ChannelInfo(name, "fake", self.wishes[name]) for name in self.channels},
            is_this_host=lambda _host: True,
            this_host="db1",
            public_url="",
            give_up_after_ms=DAY,
        )

    def plan(self, *specs: NodeSpec, name: str = "full") -> Plan:
        """One pipeline of that name: the nodes given, else ingest and notify; everything is routed to it."""
        walk = linked(specs or (spec("ingest"), spec("notify")))
        definition = Definition(name, "1.0", walk)
        pipeline = Pipeline(
            name,
            tuple(map(self._bound, walk)),
            tuple(self.channels),
            lambda _host: True,
            self._bound(spec("notify", CLOSING)),
        )
        return Plan(
            routes=(Route(name, Match(), definition, tuple(self.channels), ("name", "instance")),),
            definitions={name: definition},
            pipelines={name: pipeline},
            senders=dict(self.channels),
            alert_drivers={},
            group_by=("name", "instance"),
            reopen_within_ms=DAY,
        )

    def use(self, *specs: NodeSpec, name: str = "full") -> None:
        """Work by this plan from now on."""
        self.current.plan = self.plan(*specs, name=name)

    def _bound(self, node: NodeSpec) -> BoundNode:
        if node.type not in ("context", "intelligence"):
            module: Any = {"ingest": ingest, "notify": notify, "condition": condition, "transform": transform}[
                node.type
            ]
            return BoundNode(node, module.Node(node.config or module.Config(), self.tools()))
        stage = {"context": RunState.CHECKED, "intelligence": RunState.ANALYZED}[node.type]
        return BoundNode(node, self.scripts.setdefault(node.id, ScriptedNode(stage)))

    async def start(self) -> None:
        """Begin to work, as the daemon does."""
        await self.store.take_back(self.clock.now())
        await self.outbox.open()
        self.loop = asyncio.create_task(self.workers.run())
        await self.until_idle()  # the first look for what is due has been asked for ...
        await self.passes(0)  # ... and answered

    async def stop(self, seconds: float = 5) -> None:
        """Stop working, as the daemon does; what does not end in so many seconds is cancelled."""
        if self.loop is not None:
            self.loop.cancel()
            with contextlib.suppress(asyncio.CancelledError, StoreError, BaseExceptionGroup):
                await self.loop
            self.loop = None
        await self.workers.drain(seconds)
        await self.outbox.close(seconds)

    async def fire(self, *alerts: Alert, **more: Any) -> Accepted:
        """Alerts come in; without any, one that fires."""
        parsed = Parsed(alerts or (alert(start=self.clock.now()),))
        return await self.intake.accept(Offer(parsed, b"{}", "generic", "webhook", TRACE, **more))

    async def until(self, condition: Callable[[], Any]) -> None:
        """Wait for something that is on its way; a condition may have to be awaited."""
        for _ in range(ROUNDS):
            found = condition()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await self.store.written()
        raise AssertionError("it never came true")

    async def run_of(self, accepted: Accepted) -> tuple[Run, tuple[Step, ...], tuple[Delivery, ...]]:
        """The (first) run a body made, as it stands."""
        await self.store.written()
        return await pages.run(self.store.reader, accepted.runs[0].run_id)

    async def reaches(self, accepted: Accepted, state: RunState) -> tuple[Run, tuple[Step, ...], tuple[Delivery, ...]]:
        """The same once the run is in this state and nobody is working on it."""

        async def there() -> bool:
            run, _, _ = await self.run_of(accepted)
            return run.state is state and not self.workers.busy

        await self.until(there)
        return await self.run_of(accepted)

    async def passes(self, seconds: float) -> None:
        """Let time pass once everybody has gone to sleep."""
        await self.store.written()
        await self.until_idle()
        self.clock.advance(seconds)

    async def until_idle(self) -> None:
        """Let everybody do what they can do without the store answering and without time passing."""
        for _ in range(20):
            await asyncio.sleep(0)


def linked(specs: tuple[NodeSpec, ...]) -> tuple[NodeSpec, ...]:
    """Nodes that say nothing of it go on with the one that follows."""
    ids = [*(each.id for each in specs[1:]), None]
    return tuple(
        each if each.branches or each.next else replace(each, next=following)
        for each, following in zip(specs, ids, strict=True)
    )


def spec(kind: str, node_id: str | None = None, **more: Any) -> NodeSpec:
    """One node of a definition."""
    values: dict[str, Any] = {"config": None, "next": None, "required": True, "retries": 3, "timeout": 60.0}
    return NodeSpec(node_id or kind, kind, **(values | more))


@asynccontextmanager
async def room(
    folder: Path,
    *channels: str,
    clock: RoomClock | None = None,
    wrap: Callable[[Connection], Connection] = lambda connection: connection,
    started: bool = True,
) -> AsyncIterator[Room]:
    """An engine room at work, stopped at the end."""
    clock = clock or RoomClock()
    async with opened(folder / "srvmaint.db", clock, wrap=wrap) as store:
        place = Room(store, clock, {name: FakeChannel() for name in channels or ("ops",)})
        if started:
            await place.start()
        try:
            yield place
        finally:
            await place.stop()


def millis(seconds: float) -> int:
    """Seconds as the database has them."""
    return round(seconds * SECOND)
