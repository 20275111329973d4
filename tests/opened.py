"""Opened services with their loops running, inside the test's own process."""

from __future__ import annotations

import contextlib
import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TextIO

from srvmaint.clock import Clock
from srvmaint.config.load import load
from srvmaint.config.schema import Config
from srvmaint.daemon.serve import start_loops, stop_loops
from srvmaint.daemon.supervise import Supervisor
from srvmaint.host.systemd import Manager
from srvmaint.services import Services, open_services
from srvmaint.store.batch import Connection

Wrap = Callable[[Connection], Connection]


def configured(folder: Path, text: str = "") -> Config:
    """The configuration of that TOML, with its database in the folder."""
    file = folder / "srvmaint.toml"
    file.write_text(f'[storage]\npath = "{folder}/state"\n{text}')
    return load(file, {})


@contextlib.asynccontextmanager
async def opened(
    config: Config,
    *,
    clock: Clock | None = None,
    terminal: TextIO | None = None,
    wrap: Wrap = lambda connection: connection,
) -> AsyncIterator[Services]:
    """Everything the daemon has but the listener and the signals."""
    clock = clock or Clock()
    supervisor = Supervisor(Manager({}), clock)
    async with open_services(
        config, clock=clock, terminal=terminal or io.StringIO(), on_fatal=supervisor.fail, wrap=wrap
    ) as services:
        start_loops(services, supervisor)
        try:
            yield services
        finally:
            await stop_loops(services)
            await services.workers.drain(1)
            await services.outbox.close(1)
