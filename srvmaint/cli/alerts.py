"""Look at alerts, and try what a webhook body would become."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from srvmaint import alerts, registry, shapes
from srvmaint.alerts import _decode, _detect
from srvmaint.cli._alone import read
from srvmaint.cli._context import Context
from srvmaint.cli._output import json_option, print_fields, print_json, print_table, print_text
from srvmaint.clock import Clock
from srvmaint.config.schema import Config
from srvmaint.errors import NotFoundError, PayloadError, UsageError
from srvmaint.incidents.identity import group_key
from srvmaint.model import Alert, AlertStatus, Severity
from srvmaint.pipeline.routing import choose
from srvmaint.store import pages
from srvmaint.web.api.alerts import whole_shape

_WEBHOOK: Final = "webhook"
_SHORT: Final = frozenset({"status", "severity", "name"})


@click.group(invoke_without_command=True)
@click.pass_context
def command(click_context: click.Context) -> None:
    """Look at alerts, and try what a webhook body would become."""
    if click_context.invoked_subcommand is None:
        click_context.invoke(list_alerts)


@command.command("list")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="How many, newest first.")
@click.option("--status", type=click.Choice([each.value for each in AlertStatus]), help="Only alerts in this status.")
@click.option("--severity", type=click.Choice([each.value for each in Severity]), help="Only alerts this bad.")
@click.option("--source", metavar="NAME", help="Only alerts of this source.")
@click.option("--name", metavar="NAME", help="Only alerts of this name.")
@json_option
@click.pass_obj
def list_alerts(
    context: Context,
    limit: int = 20,
    status: str | None = None,
    severity: str | None = None,
    source: str | None = None,
    name: str | None = None,
    as_json: bool = False,
) -> None:
    """Show the latest alerts."""
    asked = {"status": status, "severity": severity, "source": source, "name": name}
    filters = {key: value for key, value in asked.items() if value}
    page = read(context, lambda reader: pages.page(reader, "alerts", filters, limit=limit))
    found = [shapes.alert(each) for each in page.items]
    if as_json:
        print_json({"items": found, "next": page.next})
        return
    print_table(
        ("ALERT", "STATUS", "SEVERITY", "NAME", "SOURCE", "SINCE", "LAST SEEN", "TIMES", "INCIDENT"),
        [
            (
                each["id"],
                each["status"],
                each["severity"],
                each["name"],
                each["source"],
                each["starts_at"] or each["received_at"],
                each["last_seen_at"],
                str(each["times_seen"]),
                each["incident_id"] or "-",
            )
            for each in found
        ],
        empty="no alerts",
    )


@command.command()
@click.argument("alert_id", metavar="ALERT")
@json_option
@click.pass_obj
def show(context: Context, alert_id: str, as_json: bool) -> None:
    """Show one alert with its history."""
    shape = whole_shape(*read(context, lambda reader: pages.alert(reader, alert_id)))
    if as_json:
        print_json(shape)
        return
    print_fields(
        (
            ("alert", shape["id"]),
            ("incident", shape["incident_id"]),
            *_fields(shape),
            ("received", shape["received_at"]),
            ("last seen", f"{shape['last_seen_at']}, {shape['times_seen']} times in all"),
        )
    )
    _print_description(shape)
    click.echo()
    print_table(
        ("TIME", "EVENT", "CHANGES", "TRACE"),
        [(line["at"], line["event"], _changes(line["changes"]), line["trace_id"]) for line in shape["history"]],
        empty="nothing has been recorded",
    )


@command.command("test")
@click.argument("file", metavar="FILE")
@click.option("--driver", metavar="DRIVER", help="Whose body it is; found out when not given.")
@click.option("--content-type", metavar="TYPE", default="", help="The Content-Type header it would come with.")
@json_option
@click.pass_obj
def try_body(context: Context, file: str, driver: str | None, content_type: str, as_json: bool) -> int:
    """Say what the webhook body in FILE (`-` is stdin) would become, and why; nothing is stored.

    Exit code 1 when it cannot be used.
    """
    told = _try(context.load_config(), _contents(file), driver, content_type)
    print_json(told) if as_json else _print_trial(told)
    return 1 if told["error"] else 0


def _try(config: Config, raw: bytes, driver: str | None, content_type: str) -> dict[str, Any]:
    clock = Clock()
    drivers: dict[str, alerts.Driver] = {
        name: registry.load(alerts.PACKAGE, name).Driver(config.alerts.configs[name], clock)
        for name in _detect.by_precedence(config.alerts.drivers)
    }
    if driver is not None and driver not in drivers:
        raise NotFoundError(
            f"there is no enabled alert driver {driver!r}{registry.nearest(driver, config.alerts.drivers)}"
        )
    told: dict[str, Any] = {
        "driver": driver,
        "because": "it was named" if driver is not None else None,
        "detection": [],
        "ignored": None,
        "alerts": [],
        "errors": [],
        "error": None,
    }
    try:
        payload = _decode.decode(raw, content_type)
        told["detection"] = [
            {"driver": name, "claims": each.detect(payload), "looks_for": _first_line(each.detect)}
            for name, each in drivers.items()
        ]
        if driver is None:
            found = _detect.detect(drivers, payload)
            told["driver"], told["because"] = found.driver, found.reason
        parsed = drivers[told["driver"]].parse(payload)
    except PayloadError as error:
        told["error"] = {"code": error.code, "message": str(error)}
        return told
    told["ignored"] = parsed.ignored
    told["alerts"] = [_would_become(config, alert) for alert in parsed.alerts]
    told["errors"] = [{"index": bad.index, "message": bad.message} for bad in parsed.errors]
    return told


def _would_become(config: Config, alert: Alert) -> dict[str, Any]:
    """All fields of an alert, and where it would go."""
    route = choose(config.routes, alert, _WEBHOOK)
    fields = shapes.alert_fields(alert)
    return {
        **fields,
        "group_key": group_key(alert, route.group_by if route else config.alerts.group_by),
        "pipeline": route.name if route else None,
        "channels": list(route.channels) if route else [],
    }


def _first_line(detect: object) -> str:
    return (detect.__doc__ or "").strip().partition("\n")[0]


def _contents(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"cannot read {name}: {reason}.") from error


def _print_trial(told: Mapping[str, Any]) -> None:
    if told["driver"] is not None:
        print_fields([("driver", f"{told['driver']}: {told['because']}")])
    print_table(
        ("DRIVER", "TAKES IT", "BECAUSE IT HAS, OR LOOKS FOR"),
        [
            (each["driver"], "yes" if each["claims"] else "no", each["claims"] or each["looks_for"])
            for each in told["detection"]
        ],
        empty="",
    )
    for number, alert in enumerate(told["alerts"], start=1):
        click.echo(f"\nalert {number} of {len(told['alerts'])}")
        channels = ", ".join(alert["channels"]) or "nobody"
        goes_to = f"{alert['pipeline']}, which may tell {channels}" if alert["pipeline"] else "none: unrouted"
        print_fields([*_fields(alert), ("pipeline", goes_to), ("grouped by", alert["group_key"])])
        _print_description(alert)
    for bad in told["errors"]:
        click.echo(f"\nthe alert with index {bad['index']} cannot be used: it {bad['message']}")
    if told["ignored"]:
        click.echo(f"\nit would be answered 200 and ignored: {told['ignored']}")
    if told["error"]:
        click.echo(f"\n{told['error']['code']}: {told['error']['message']}")


def _fields(alert: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """What is said about an alert, but for its description."""
    return [
        ("name", alert["name"]),
        ("status", alert["status"]),
        ("severity", alert["severity"]),
        ("source", alert["source"]),
        ("fingerprint", alert["fingerprint"]),
        ("starts", alert["starts_at"]),
        ("ends", alert["ends_at"]),
        ("link", alert["generator_url"]),
        *((f"label {name}", value) for name, value in alert["labels"].items()),
        *((f"annotation {name}", value) for name, value in alert["annotations"].items()),
    ]


def _print_description(alert: Mapping[str, Any]) -> None:
    if alert["description"]:
        click.echo()
        print_text(alert["description"])


def _changes(changes: Any) -> str:
    """What changed; of texts that may be long only the name."""
    pairs = (changes or {}).items()
    return ", ".join(f"{name} {old} -> {new}" if name in _SHORT else name for name, (old, new) in pairs)
