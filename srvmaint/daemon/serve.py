"""The daemon's life on one page: start -> run -> drain -> stop.

The caller injects the configuration, the clock, the terminal and the supervisor that says when it is time; nothing here
ends the process.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, TextIO

from srvmaint import __version__
from srvmaint.clock import Clock
from srvmaint.config.schema import Config
from srvmaint.daemon.supervise import Supervisor
from srvmaint.errors import SrvmaintError, StoreError
from srvmaint.services import Services, open_services
from srvmaint.web.app import build_app
from srvmaint.web.listener import Listener

log = logging.getLogger(__name__)
DRAIN_SECONDS: Final = 20.0
"""How long runs and messages under way may take to finish; what does not is taken up at the next start."""
TROUBLED_DRAIN_SECONDS: Final = 2.0
"""The same while nothing can be written: what ends cannot be recorded, so there is little to wait for."""
TIDY_EVERY_SECONDS: Final = 600.0


async def serve(
    config: Config, read_config: Callable[[], Config], supervisor: Supervisor, clock: Clock, terminal: TextIO
) -> None:
    """Run until the supervisor says stop.

    Args:
        config: what to start with.
        read_config: reads it again, for a reload; may raise ConfigError.
        supervisor: signals and the service manager.
        clock: time and chance.
        terminal: where the console channel writes.

    Raises:
        StoreError: the database could not be opened, or failed while running.
        SrvmaintError: the address could not be listened on.
    """
    async with open_services(config, clock=clock, terminal=terminal, on_fatal=supervisor.fail) as services:
        start_loops(services, supervisor)
        listener = Listener(build_app(services), config.server.listen)
        try:
            await listener.open()
            supervisor.ready(f"srvmaint {__version__} ready on {listener.address}")
            await supervise(services, read_config, supervisor)
            supervisor.stopping()
            await drain(services, listener, supervisor)
        finally:
            await listener.abandon()
            await stop_loops(services)


async def supervise(services: Services, read_config: Callable[[], Config], supervisor: Supervisor) -> None:
    """Wait for the end; reload when asked to."""
    while await supervisor.next_request() == "reload":
        if await supervisor.unless_stopped(reload(services, read_config)):
            supervisor.watch(services.outbox.loops)


async def reload(services: Services, read_config: Callable[[], Config]) -> bool:
    """Work by the configuration as it is now; False when it is the old one that goes on."""
    try:
        config = await asyncio.to_thread(read_config)
        await services.reload(config)
    except SrvmaintError as error:
        log.error("the new configuration has problems, going on with the old one:\n%s", error)  # noqa: TRY400 - an operator's mistake, not ours
        return False
    for warning in config.warnings:
        log.warning("%s", warning)
    log.warning("configuration reloaded")
    return True


async def drain(services: Services, listener: Listener, supervisor: Supervisor) -> None:
    """Take nothing new; let what is under way finish, unless somebody insists."""
    finished = await supervisor.unless_forced(_drain(services, listener))
    if not finished:
        log.warning("stopping with work under way: it is taken up at the next start")


async def _drain(services: Services, listener: Listener) -> bool:
    await listener.close()
    await stop_loops(services)
    seconds = DRAIN_SECONDS if services.store.trouble is None else TROUBLED_DRAIN_SECONDS
    runs_done = await services.workers.drain(seconds)
    return await services.outbox.close(seconds) and runs_done


def start_loops(services: Services, supervisor: Supervisor) -> None:
    """Start what runs as long as the daemon does. One that ends by itself stops the daemon loudly."""
    loops = {
        "workers": services.workers.run(),
        "retention": _tidy(services),
        "heartbeats": services.heartbeats.run(),
        "watchdog": supervisor.watchdog(services.store),
    }
    services.loops.extend(asyncio.create_task(loop, name=name) for name, loop in loops.items())
    supervisor.watch((*services.loops, *services.outbox.loops))


async def stop_loops(services: Services) -> None:
    """End them; ending them twice is fine."""
    for task in services.loops:
        task.cancel()
    await asyncio.gather(*services.loops, return_exceptions=True)


async def _tidy(services: Services) -> None:
    """Let go of what retention says is old."""
    while True:
        try:
            deleted = await services.store.tidy(services.config.storage.retention, services.clock.now())
        except StoreError as error:
            log.warning("cannot delete old rows now: %s", error)
        else:
            if deleted:
                log.info("deleted %d rows older than %s", deleted, services.config.storage.retention)
        await services.clock.sleep(TIDY_EVERY_SECONDS)
