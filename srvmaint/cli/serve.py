"""Run the daemon in the foreground: webhooks in, notifications out."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import logging
import sys
from collections.abc import Callable
from typing import Final

import click
import uvloop

from srvmaint.cli._context import Context
from srvmaint.cli._logs import log_to_stderr
from srvmaint.clock import Clock
from srvmaint.config.schema import Config, Listen
from srvmaint.daemon.serve import serve
from srvmaint.daemon.supervise import Supervisor
from srvmaint.errors import StoreError, UsageError
from srvmaint.host.systemd import Manager

GARBAGE_AFTER: Final = (10_000, 20, 50)
"""Allocations, and collections of the younger generations, between two looks for cycles. The defaults (700, 10, 10)
cost a tenth of all processor time under load and find next to nothing.

https://docs.python.org/3/library/gc.html#gc.set_threshold
"""
DATABASE_FAILED: Final = 70
"""EX_SOFTWARE of sysexits(3): worth another start."""


@click.command()
@click.option("--listen", metavar="ADDRESS", help="host:port or unix:/path, instead of [server] listen.")
@click.pass_obj
def command(context: Context, listen: str | None) -> int:
    """Run the daemon in the foreground: webhooks in, notifications out.

    Stops on SIGTERM or Ctrl-C when what is under way is done (a second one stops it at once); reloads on SIGHUP.
    """
    log_to_stderr(verbose=context.verbose)
    address = _address(listen) if listen is not None else None

    def read() -> Config:
        config = context.read_config()
        if address is None:
            return config
        return dataclasses.replace(config, server=dataclasses.replace(config.server, listen=address))

    gc.freeze()  # what is loaded by now stays
    gc.set_threshold(*GARBAGE_AFTER)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(read, context))


async def _serve(read: Callable[[], Config], context: Context) -> int:
    clock = Clock()
    supervisor = Supervisor(Manager(context.environ), clock)
    supervisor.install()
    config = read()
    for warning in config.warnings:
        logging.getLogger("srvmaint").warning("%s", warning)
    await serve(config, read, supervisor, clock, sys.stdout)
    if supervisor.failure is None:
        return 0
    click.echo(f"srvmaint: {supervisor.failure}", err=True)
    return DATABASE_FAILED if isinstance(supervisor.failure, StoreError) else 1


def _address(text: str) -> Listen:
    try:
        return Listen.parse(text)
    except ValueError as error:
        raise UsageError(f"--listen {text}: {error}.") from error
