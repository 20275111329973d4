"""Take one alert through the whole pipeline now, and show what came of it."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import click

from srvmaint import notify, registry, shapes
from srvmaint.alerts import PACKAGE
from srvmaint.alerts._decode import decode
from srvmaint.cli._alone import do, opened
from srvmaint.cli._context import Context
from srvmaint.cli._daemon import Daemon
from srvmaint.cli._output import print_json
from srvmaint.cli.runs import print_run
from srvmaint.clock import Clock, is_trace_id, iso
from srvmaint.errors import PayloadError, UsageError
from srvmaint.model import Message, RunState
from srvmaint.net.http import Client
from srvmaint.notify import console
from srvmaint.pipeline.definition import CHECKS_ONLY
from srvmaint.pipeline.intake import Offer, read_body
from srvmaint.services import Services
from srvmaint.store import pages
from srvmaint.store.records import Origin

WAIT_SECONDS: Final = 120.0
_IDENTITIES: Final = frozenset({"fingerprint", "id"})
_STARTS: Final = frozenset({"startsAt", "started_at", "starts_at"})


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asked for."""

    payload: Any
    """None for a run without an alert."""
    driver: str | None
    pipeline: str | None
    trace_id: str | None
    source: str | None
    environment: str

    def as_body(self) -> dict[str, Any]:
        """The same, as the daemon's API takes it."""
        body = dataclasses.asdict(self)
        return {key: value for key, value in body.items() if value is not None}


@click.command()
@click.option("--sample", metavar="[DRIVER]", is_flag=False, flag_value="alertmanager", help="Use a sample alert.")
@click.option("--payload", metavar="FILE", help="Use the webhook body in FILE; - is stdin.")
@click.option("--driver", metavar="DRIVER", help="Whose body it is; found out when not given.")
@click.option("--pipeline", metavar="NAME", help="Execute this pipeline instead of the first that matches.")
@click.option("--checks-only", is_flag=True, help="Only look at the host; tell nobody.")
@click.option("--dry-run", is_flag=True, help="Store nothing, send nothing: show who would be told what.")
@click.option("--trace-id", metavar="HEX", help="32 hex digits that go through logs, rows and messages.")
@click.option("--source", metavar="NAME", help="What the run is said to come from.")
@click.option("--environment", metavar="NAME", default="production", show_default=True, help="A label of the run.")
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
@click.pass_obj
def command(
    context: Context,
    sample: str | None,
    payload: str | None,
    driver: str | None,
    pipeline: str | None,
    checks_only: bool,
    dry_run: bool,
    trace_id: str | None,
    source: str | None,
    environment: str,
    as_json: bool,
) -> int:
    """Take one alert through the whole pipeline now, and show what came of it.

    The alert is a sample (--sample) or a webhook body (--payload); with neither, --pipeline and --checks-only run
    without one. With a daemon running it is handed over, without one
    it is driven to its end here, deliveries included. A dry run starts from an empty history.
    """
    if sample is not None and payload is not None:
        raise UsageError("say what to run: either --sample or --payload FILE.")
    alone = sample is None and payload is None
    if alone and pipeline is None and not checks_only:
        raise UsageError("say what to run: --sample, --payload FILE, or --pipeline NAME without an alert.")
    if trace_id is not None and not is_trace_id(trace_id):
        raise UsageError("--trace-id must be 32 lower-case hex digits.")
    body = _fresh(_sample(sample), Clock()) if sample is not None else None if alone else _read(payload or "-")
    wanted = Wanted(
        payload=body,
        driver=driver or sample,
        pipeline=CHECKS_ONLY if checks_only else pipeline,
        trace_id=trace_id,
        source=source,
        environment=environment,
    )
    if dry_run:
        shape, messages = asyncio.run(_rehearse(context, wanted))
        return _show(shape, messages, as_json=as_json)
    daemon = Daemon(context.load_config().server.listen)
    shape = do(
        context,
        lambda services: _execute(services, wanted),
        lambda: daemon.call("POST", "/orchestration/pipeline/sync/", wanted.as_body(), seconds=WAIT_SECONDS),
        sys.stderr if as_json else None,
    )
    if sample is not None and shape.get("incident_id"):
        click.echo(f"the sample stays open: srvmaint incidents resolve {shape['incident_id']}", err=True)
    return _show(shape, None, as_json=as_json)


async def _execute(services: Services, wanted: Wanted) -> dict[str, Any]:
    if wanted.payload is None and wanted.pipeline is not None:
        origin = Origin(wanted.trace_id or services.clock.new_trace_id(), wanted.source or "cli", wanted.environment)
        accepted = await services.intake.stand_alone(wanted.pipeline, origin)
    else:
        accepted = await services.intake.accept(_offer(services, wanted))
    for run in accepted.runs:
        await services.watch.end_of(run.run_id, WAIT_SECONDS)
    return shapes.run(*await pages.run(services.store.reader, accepted.runs[0].run_id))


def _offer(services: Services, wanted: Wanted) -> Offer:
    raw = json.dumps(wanted.payload).encode()
    try:
        name, parsed = read_body(services.current.plan, raw, wanted.driver)
    except PayloadError as error:
        raise UsageError(f"cannot use this body: {error}") from error
    if parsed.ignored is not None:
        raise UsageError(f"this body carries no alert: {parsed.ignored}.")
    return Offer(
        parsed=parsed,
        body=raw,
        driver=name,
        origin="api",
        trace_id=wanted.trace_id or services.clock.new_trace_id(),
        environment=wanted.environment,
        pipeline=wanted.pipeline,
        requested=True,
        source=wanted.source,
    )


async def _rehearse(context: Context, wanted: Wanted) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The real thing on an empty database in a temporary folder, with channels that only listen."""
    config = context.load_config()
    messages: list[dict[str, str]] = []
    with tempfile.TemporaryDirectory(prefix="srvmaint-") as folder:
        storage = dataclasses.replace(config.storage, database=Path(folder) / "rehearsal.db")
        async with opened(dataclasses.replace(config, storage=storage)) as services:
            plan = services.current.plan
            senders: dict[str, notify.Driver] = {name: _Listener(name, messages) for name in plan.senders}
            services.current.plan = dataclasses.replace(plan, senders=senders)
            return await _execute(services, wanted), messages


class _Listener:
    """A channel that keeps what it is told, as the console would show it."""

    def __init__(self, channel: str, heard: list[dict[str, str]]) -> None:
        self._channel = channel
        self._heard = heard

    async def send(self, message: Message, key: str) -> notify.Receipt:
        """Keep the message."""
        text = io.StringIO()
        await console.Driver(console.Config(), notify.Tools(Client(), text)).send(message, key)
        self._heard.append({"channel": self._channel, "reason": message.reason, "text": text.getvalue().strip()})
        return notify.Receipt()


def _sample(driver: str) -> Any:
    known = registry.names(PACKAGE)
    if driver not in known:
        raise UsageError(f"there is no sample for {driver!r}{registry.nearest(driver, known)}")
    packaged = Path(__file__).parents[1] / "samples" / f"{driver}.json"
    if packaged.is_file():
        return json.loads(packaged.read_text(encoding="utf-8"))
    checkout = Path(__file__).parents[2] / "examples" / "webhooks" / f"{driver}.json"
    return json.loads(checkout.read_text(encoding="utf-8"))


def _fresh(value: Any, clock: Clock) -> Any:
    """The sample as a new alert that fires now, so that trying it twice tells twice."""
    if isinstance(value, list):
        return [_fresh(each, clock) for each in value]
    if not isinstance(value, dict):
        return value
    fresh = {key: _fresh(each, clock) for key, each in value.items()}
    for key in fresh:
        if key in _IDENTITIES:
            fresh[key] = f"sample-{clock.new_id()}"
        elif key in _STARTS:
            fresh[key] = iso(clock.now())
    return fresh


def _read(name: str) -> Any:
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}.") from error
    try:
        return decode(raw)
    except PayloadError as error:
        raise UsageError(f"cannot use {name}: {error}") from error


def _show(shape: dict[str, Any], messages: list[dict[str, str]] | None, *, as_json: bool) -> int:
    if as_json:
        print_json(shape if messages is None else {**shape, "dry_run": True, "messages": messages})
    elif messages is None:
        print_run(shape)
    else:
        print_run(shape)
        for message in messages:
            click.echo(f"\nwould tell {message['channel']} ({message['reason']}):\n\n{message['text']}")
        if not messages:
            click.echo("\nwould tell nobody")
    if shape.get("finished_at") is None:
        click.echo("it has not ended: what is still to be sent waits for `srvmaint serve`.", err=True)
        return 1
    return 1 if shape.get("state") == RunState.FAILED else 0
