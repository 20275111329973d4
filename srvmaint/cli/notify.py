"""See the channel drivers, and try a channel."""

from __future__ import annotations

import asyncio
import sys
from typing import Any, TextIO

import click

from srvmaint import notify, registry
from srvmaint.cli._context import Context
from srvmaint.cli._output import json_option, print_json, print_table
from srvmaint.clock import Clock
from srvmaint.config.channels import channel_config
from srvmaint.errors import StepError, UsageError
from srvmaint.host.identity import read_identity
from srvmaint.model import Message, Severity, Verdict
from srvmaint.net.http import Client
from srvmaint.settings import describe


@click.group()
def command() -> None:
    """See the channel drivers, and try a channel."""


@command.command()
@click.option("--verbose", is_flag=True, help="With every setting.")
@json_option
def drivers(verbose: bool, as_json: bool) -> None:
    """List the channel drivers."""
    found = [_driver(name) for name in registry.names(notify.PACKAGE)]
    if as_json:
        print_json({"items": found, "next": None})
    elif verbose:
        rows = [
            (driver["name"], setting["name"], setting["type"], "yes" if setting["required"] else "no", setting["help"])
            for driver in found
            for setting in driver["settings"] or [{"name": "-", "type": "", "required": False, "help": "no settings"}]
        ]
        print_table(("DRIVER", "SETTING", "TYPE", "REQUIRED", "MEANING"), rows, empty="")
    else:
        print_table(("DRIVER", "WHAT IT DOES"), [(driver["name"], driver["summary"]) for driver in found], empty="")


@command.command()
@click.argument("channel", required=False)
@click.option("--driver", metavar="DRIVER", help="Try a driver that is not configured; settings follow as key=value.")
@click.argument("settings", nargs=-1, metavar="[KEY=VALUE]...")
@json_option
@click.pass_obj
def test(context: Context, channel: str | None, driver: str | None, settings: tuple[str, ...], as_json: bool) -> int:
    """Send a test message: to CHANNEL, to every configured channel, or through --driver with key=value settings."""
    if driver is not None:
        pairs = [text for text in (channel, *settings) if text is not None]
        targets = {driver: (driver, channel_config(driver, _parsed(pairs), context.environ))}
    else:
        if settings:
            raise UsageError(f"settings such as {settings[0]!r} go with --driver.")
        targets = _configured(context, channel)
    results = asyncio.run(_send_all(targets, sys.stderr if as_json else sys.stdout))
    if as_json:
        print_json({"items": results, "next": None})
    else:
        for result in results:
            text = f"{result['channel']} ({result['driver']}): {'delivered' if result['ok'] else result['error']}"
            click.echo(text, err=not result["ok"])
    return 0 if all(result["ok"] for result in results) else 1


def _driver(name: str) -> dict[str, Any]:
    module = registry.load(notify.PACKAGE, name)
    return {
        "name": name,
        "summary": (module.__doc__ or "").strip().partition("\n")[0],
        "settings": [
            {
                "name": setting.name,
                "type": setting.type_name,
                "required": setting.required,
                "secret": setting.secret,
                "help": setting.help,
            }
            for setting in describe(module.Config)
        ],
    }


def _configured(context: Context, wanted: str | None) -> dict[str, tuple[str, Any]]:
    channels = {str(channel.name): (channel.driver, channel.config) for channel in context.load_config().channels}
    if wanted is None:
        return channels
    if wanted not in channels:
        raise UsageError(f"there is no channel {wanted!r}{registry.nearest(wanted, tuple(channels))}")
    return {wanted: channels[wanted]}


def _parsed(pairs: list[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"cannot read {pair!r}: a setting is key=value.")
        found[key] = value
    return found


async def _send_all(targets: dict[str, tuple[str, Any]], terminal: TextIO) -> list[dict[str, Any]]:
    clock = Clock()
    client = Client(clock)
    tools = notify.Tools(http=client, terminal=terminal, clock=clock)
    try:
        return [await _send(name, driver, config, tools) for name, (driver, config) in targets.items()]
    finally:
        await client.close()


async def _send(name: str, driver: str, config: Any, tools: notify.Tools) -> dict[str, Any]:
    sender = registry.load(notify.PACKAGE, driver).Driver(config, tools)
    result: dict[str, Any] = {"channel": name, "driver": driver, "ok": True, "error": None}
    try:
        receipt = await sender.send(_test_message(tools.clock), tools.clock.new_id())
    except StepError as error:
        return {**result, "ok": False, "error": str(error)}
    return {**result, "receiver_id": receipt.receiver_id}


def _test_message(clock: Clock) -> Message:
    host = read_identity(clock).hostname
    now = clock.now()
    return Message(
        kind="test",
        title="Test message from srvmaint",
        severity=Severity.INFO,
        status="firing",
        host=host,
        verdict=Verdict.UNVERIFIED,
        verdict_reason="this is a test: nothing is wrong",
        incident_id=None,
        run_id=clock.new_id(),
        trace_id=clock.new_trace_id(),
        pipeline="",
        reason="test",
        started_at=now,
        resolved_at=None,
        sent_at=now,
        alerts=(),
        alerts_total=0,
        evidence_host=host,
        evidence=(),
        recommendations=(),
        analysis="",
    )
