"""The daemon's life on one page: start -> run -> drain -> stop.

The caller injects the configuration, the clock, the terminal and the supervisor that says when it is time; nothing here
ends the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, TextIO

from aiohttp import web

from srvmaint import __version__
from srvmaint.clock import Clock
from srvmaint.config.schema import Config
from srvmaint.daemon.supervise import Supervisor
from srvmaint.errors import ConfigError, SrvmaintError, StoreError
from srvmaint.services import Services, open_services
from srvmaint.web.app import build_app

log = logging.getLogger(__name__)
DRAIN_SECONDS: Final = 20.0
"""How long runs and messages under way may take to finish; what does not is taken up at the next start."""
TIDY_EVERY_SECONDS: Final = 600.0
_SOCKET_MODE: Final = 0o660


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
        runner = web.AppRunner(build_app(services), access_log=None, handle_signals=False, shutdown_timeout=5)
        try:
            address = await listen(runner, config)
            supervisor.ready(f"srvmaint {__version__} ready on {address}")
            await supervise(services, read_config, supervisor)
            supervisor.stopping()
            await runner.cleanup()
            await drain(services, supervisor)
        finally:
            await runner.cleanup()
            await stop_loops(services)


async def listen(runner: web.AppRunner, config: Config) -> str:
    """Open the listener; returns its address as a person writes it.

    Raises:
        SrvmaintError: the address is taken or not ours.
    """
    await runner.setup()
    where = config.server.listen
    try:
        if where.socket is not None:
            await _remove_stale_socket(where.socket)
            await web.UnixSite(runner, str(where.socket)).start()
            where.socket.chmod(_SOCKET_MODE)
            return str(where)
        await web.TCPSite(runner, where.host, where.port).start()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise SrvmaintError(
            f"cannot listen on {where}: {reason}. Stop what uses it, or set [server] listen."
        ) from error
    port = runner.addresses[0][1]
    return f"http://{where.host if ':' not in where.host else f'[{where.host}]'}:{port}"


async def supervise(services: Services, read_config: Callable[[], Config], supervisor: Supervisor) -> None:
    """Wait for the end; reload when asked to."""
    while await supervisor.next_request() == "reload":
        try:
            config = await asyncio.to_thread(read_config)
            await services.reload(config)
        except ConfigError as error:
            log.error("the new configuration has problems, going on with the old one:\n%s", error)  # noqa: TRY400
        else:
            for warning in config.warnings:
                log.warning("%s", warning)
            log.warning("configuration reloaded")


async def drain(services: Services, supervisor: Supervisor) -> None:
    """Take nothing new; let what is under way finish, unless somebody insists."""
    await stop_loops(services)
    finished = await supervisor.unless_forced(_drain(services))
    if not finished:
        log.warning("stopping with work under way: it is taken up at the next start")


async def _drain(services: Services) -> bool:
    runs_done = await services.workers.drain(DRAIN_SECONDS)
    return await services.outbox.close(DRAIN_SECONDS) and runs_done


def start_loops(services: Services, supervisor: Supervisor) -> None:
    """Start what runs as long as the daemon does. One that ends by itself stops the daemon loudly."""
    loops = {
        "workers": services.workers.run(),
        "retention": _tidy(services),
        "watchdog": supervisor.watchdog(services.store),
    }
    for name, loop in loops.items():
        task = asyncio.create_task(loop, name=name)
        task.add_done_callback(supervisor.ended)
        services.loops.append(task)


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


async def _remove_stale_socket(path: Path) -> None:
    """A socket file nobody listens on is left over from a killed process."""
    if not path.is_socket():  # noqa: ASYNC240 - a stat before anything is served
        return
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()  # noqa: ASYNC240 - the same
        return
    writer.close()
    raise SrvmaintError(f"cannot listen on {path}: another process does. Stop it, or set [server] listen.")
