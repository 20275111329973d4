"""The composition root: from a configuration to everything that works by it, put together in one place.

Whoever needs the product whole (the daemon, `srvmaint run`, a test) opens services and hands out the pieces; nothing
else constructs them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from srvmaint import alerts, intelligence, nodes, notify, registry
from srvmaint.alerts import _detect
from srvmaint.checkers._evidence import Evidence
from srvmaint.checkers._run import Runner, build
from srvmaint.clock import SECOND, Clock
from srvmaint.config.heartbeats import expected
from srvmaint.config.schema import Config
from srvmaint.config.show import secrets_of
from srvmaint.errors import StoreError
from srvmaint.host.identity import Identity, read_identity
from srvmaint.host.linux import LinuxHost
from srvmaint.incidents.what_to_send import Wishes
from srvmaint.model import CheckResult
from srvmaint.net.http import Client
from srvmaint.pipeline.definition import BUILT_IN
from srvmaint.pipeline.engine import Engine
from srvmaint.pipeline.events import Events
from srvmaint.pipeline.heartbeats import Heartbeats
from srvmaint.pipeline.intake import Intake
from srvmaint.pipeline.outbox import Outbox
from srvmaint.pipeline.plan import Current, Plan, bind
from srvmaint.pipeline.watch import Watch
from srvmaint.pipeline.worker import Workers
from srvmaint.store.batch import Connection
from srvmaint.store.store import Store

log = logging.getLogger(__name__)
GIVE_UP_AFTER_SECONDS = 24 * 3600
"""How long a message is tried before it is dead."""


@dataclass(slots=True)
class Services:
    """Everything, opened."""

    config: Config
    clock: Clock
    store: Store
    current: Current
    events: Events
    workers: Workers
    outbox: Outbox
    watch: Watch
    intake: Intake
    heartbeats: Heartbeats
    lent: notify.Tools
    identity: Identity
    evidence: Evidence
    owner: str
    loops: list[asyncio.Task[None]] = field(default_factory=list)
    """Tasks that must not end while the services are used."""

    def healthy(self) -> bool:
        """Whether everything that must not end is still running."""
        return all(not loop.done() for loop in (*self.loops, *self.outbox.loops)) and bool(self.loops)

    async def reload(self, config: Config) -> None:
        """Work by another configuration from now on. What is under way ends by the old one."""
        if config.server != self.config.server or config.storage != self.config.storage:
            log.warning("[server] and [storage] take effect at the next start")
        evidence = _evidence(config, self.clock)  # checks under way end by the old one, deadlines and all
        self.current.plan = build_plan(config, evidence, self.store, self.identity, self.lent)
        self.evidence, self.config = evidence, config
        await self.outbox.open()
        await self.heartbeats.expect(expected(config, self.identity.hostname))
        self.workers.wake()


@contextlib.asynccontextmanager
async def open_services(
    config: Config,
    *,
    clock: Clock,
    terminal: TextIO,
    on_fatal: Callable[[StoreError], None],
    wrap: Callable[[Connection], Connection] = lambda connection: connection,
) -> AsyncIterator[Services]:
    """Open the store, take back what a dead owner left, and put everything together.

    Args:
        config: what to work by.
        clock: time and chance for all of it.
        terminal: where the console channel writes.
        on_fatal: called when the database can no longer be used.
        wrap: stands between the writer and its connection; tests let faults happen there.

    Raises:
        StoreError: the database cannot be used.
    """
    store = await Store.open(
        config.storage.database, clock, durability=config.storage.durability, on_fatal=on_fatal, wrap=wrap
    )
    http, evidence = Client(clock), _evidence(config, clock)
    try:
        runs, deliveries = await store.take_back(clock.now())
        if runs or deliveries:
            log.warning("taking up %d runs and %d deliveries that were interrupted", runs, deliveries)
        identity = read_identity(clock)
        lent = notify.Tools(http=http, terminal=terminal, clock=clock)
        current = Current(build_plan(config, evidence, store, identity, lent))
        events, owner = Events(), f"{os.getpid()}-{clock.new_id()}"
        watch = Watch(store)
        outbox = Outbox(store, current, clock, events, watch, owner)
        workers = Workers(store, Engine(store, current, outbox, clock, events, owner), clock, watch, owner)
        intake = Intake(store, workers, current, clock, events)
        services = Services(
            config=config,
            clock=clock,
            store=store,
            current=current,
            events=events,
            workers=workers,
            outbox=outbox,
            watch=watch,
            intake=intake,
            heartbeats=Heartbeats(store, intake, clock, events),
            lent=lent,
            identity=identity,
            evidence=evidence,
            owner=owner,
        )
        try:
            await outbox.open()
            await services.heartbeats.expect(expected(config, identity.hostname))
            yield services
        finally:
            services.evidence.close()
            await outbox.close(0)
    finally:
        await http.close()
        await store.close()


def build_plan(config: Config, evidence: Evidence, store: Store, identity: Identity, lent: notify.Tools) -> Plan:
    """Turn a configuration into drivers and bound pipelines; `lent` is what channels are lent."""
    enabled = config.checkers.enabled

    async def look(names: Sequence[str]) -> tuple[CheckResult, ...]:
        return await evidence.gather(names or enabled)

    channels: dict[str, nodes.ChannelInfo] = {
        str(channel.name): nodes.ChannelInfo(
            str(channel.name),
            channel.driver,
            Wishes(channel.min_severity, channel.send_resolved),
            config.skips.channels.get(channel.name),
        )
        for channel in config.channels
    }
    for_providers = intelligence.Tools(lent.http, tuple(secrets_of(config)))
    tools = nodes.Tools(
        clock=lent.clock,
        look=look,
        recall=store.evidence,
        providers={
            name: registry.load(intelligence.PACKAGE, name).Driver(own, for_providers)
            for name, own in config.intelligence.configs.items()
        },
        provider=config.intelligence.provider,
        channels=channels,
        is_this_host=identity.is_this_host,
        this_host=identity.hostname,
        public_url=config.server.public_url,
        give_up_after_ms=GIVE_UP_AFTER_SECONDS * SECOND,
    )
    by_name = {**BUILT_IN, **config.definitions}
    pipelines = {name: bind(definition, tuple(channels), tools, name) for name, definition in by_name.items()}
    pipelines |= {route.name: bind(route.definition, route.channels, tools, route.name) for route in config.routes}
    return Plan(
        routes=config.routes,
        definitions={**by_name, **{route.name: route.definition for route in config.routes}},
        pipelines=pipelines,
        senders={
            channel.name: registry.load(notify.PACKAGE, channel.driver).Driver(channel.config, lent)
            for channel in config.channels
        },
        alert_drivers={
            name: registry.load(alerts.PACKAGE, name).Driver(config.alerts.configs[name], lent.clock)
            for name in _detect.by_precedence(config.alerts.drivers)
        },
        group_by=config.alerts.group_by,
        reopen_within_ms=int(config.incidents.reopen_within * SECOND),
        gates={
            name: gate
            for name in config.alerts.drivers
            if (gate := config.alerts.configs[name].gate(name, lent.http.download)) is not None
        },
        delivery_headers={
            name: module.DELIVERY_HEADER
            for name in config.alerts.drivers
            if hasattr(module := registry.load(alerts.PACKAGE, name), "DELIVERY_HEADER")
        },
    )


def _evidence(config: Config, clock: Clock) -> Evidence:
    drivers = build(config.checkers.drivers, config.checkers.drivers, LinuxHost(clock))
    runner = Runner(drivers, clock=clock, timeout=config.checkers.timeout, skip=config.skips.checkers)
    return Evidence(runner, clock=clock, reuse=config.checkers.reuse)
