"""Report jobs that have to be heard of, and show what was heard."""

from __future__ import annotations

import re
import threading
from pathlib import PurePath
from typing import Any, Final

import click

from srvmaint.cli._context import Context
from srvmaint.cli._daemon import Daemon
from srvmaint.clock import Clock
from srvmaint.errors import NotFoundError, SrvmaintError, UsageError
from srvmaint.host import child
from srvmaint.settings import Duration

CALL_SECONDS: Final = 5.0
"""How long the daemon may take to answer one report."""
SHORTEST_CALL: Final = 0.2
FIRST_PAUSE: Final = 0.5
"""Seconds before the second attempt to report the end, twice as many before each further one."""
_NO_ADVICE: Final = ""
_CUT_PARTS: Final = re.compile(r"[^a-z0-9_]+")


class _WithCommand(click.Command):
    """What stands behind `--` is somebody else's command, options and all."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep it out of the parser's hands."""
        place = args.index("--") if "--" in args else len(args)
        ctx.meta[__name__] = args[place + 1 :]
        return super().parse_args(ctx, args[:place])


@click.group(invoke_without_command=True)
@click.pass_context
def command(click_context: click.Context) -> None:
    """Report jobs that have to be heard of, and show what was heard."""
    if click_context.invoked_subcommand is None:
        click_context.invoke(list_command, as_json=False)


@command.command("exec", cls=_WithCommand, options_metavar="[OPTIONS] [SLUG] -- COMMAND [ARGUMENT]...")
@click.argument("slug", required=False, metavar="")
@click.option(
    "--wait", metavar="DURATION", default="15s", show_default=True, help="How long to go on trying to report the end."
)
@click.pass_context
def execute(click_context: click.Context, slug: str | None, wait: str) -> int:
    """Run a command, report its start and its end to /ping/SLUG, and end with its exit code.

    Without a SLUG it is the command's file name, as far as it goes: /opt/nightly-backup.sh is nightly-backup. The
    command runs just the same when nobody can be told; the reason is then said on stderr.
    """
    wrapped = click_context.meta[__name__]
    if not wrapped:
        raise click.UsageError("there is no command: write it behind --", click_context)
    try:
        patience = Duration.parse(wait)
    except ValueError as error:
        raise click.UsageError(f"--wait {wait}: it {error}", click_context) from error
    context: Context = click_context.obj
    return run(context, slug or slug_of(wrapped[0]), wrapped, patience)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_command(context: Context, as_json: bool) -> None:
    """Show the jobs that are expected, and what was last heard of each."""
    from srvmaint.cli._heartbeats import show  # noqa: PLC0415 - a wrapped job does not pay for it

    show(context, as_json=as_json)


def slug_of(program: str) -> str:
    """What a job is called by the file name of its command."""
    name = PurePath(program).name
    return _CUT_PARTS.sub("-", (name.rpartition(".")[0] or name).lower()).strip("-_")[:64]


def run(context: Context, slug: str, wrapped: list[str], patience: float) -> int:
    """Run it, with reports before and after. Whatever goes wrong with those never touches it."""
    clock = Clock()
    daemon = _daemon(context)
    beginning = threading.Thread(target=_told, args=(daemon, f"/ping/{slug}/start", CALL_SECONDS), daemon=True)
    beginning.start()  # beside the job, which never waits for it
    began = clock.monotonic()
    code = child.run(wrapped, context.environ, _say)
    took = clock.monotonic() - began
    beginning.join(patience)  # the start must not arrive after the end
    reason = _insist(daemon, f"/ping/{slug}/{code}?duration={took:.3f}", patience, clock)
    if reason is not None:
        _say(f"nobody was told how this job ended: {reason}")
    return code


def _daemon(context: Context) -> Daemon | SrvmaintError:
    """The daemon; or why it cannot be told from the configuration where it listens."""
    try:
        from srvmaint.config.host import load_listen  # noqa: PLC0415 - `--help` reads no configuration

        return Daemon(load_listen(context.config_path, context.environ), _NO_ADVICE)
    except SrvmaintError as error:
        return error


def _insist(daemon: Daemon | SrvmaintError, path: str, patience: float, clock: Clock) -> SrvmaintError | None:
    """Tell the end, again and again while that can help; why it could not be told."""
    until = clock.monotonic() + patience
    pause = FIRST_PAUSE
    while True:
        left = until - clock.monotonic()
        reason = _told(daemon, path, min(CALL_SECONDS, max(left, SHORTEST_CALL)))
        if reason is None or daemon is reason or isinstance(reason, NotFoundError | UsageError):
            return reason
        if until - clock.monotonic() <= pause:
            return reason
        threading.Event().wait(pause)
        pause *= 2


def _told(daemon: Daemon | SrvmaintError, path: str, seconds: float) -> SrvmaintError | None:
    if isinstance(daemon, SrvmaintError):
        return daemon
    try:
        daemon.call("POST", path, seconds=seconds)
    except SrvmaintError as error:
        return error
    return None


def _say(text: Any) -> None:
    click.echo(f"srvmaint: {text}".rstrip(), err=True)
