"""The list of heartbeats: what `srvmaint heartbeat list` shows. Apart, so that a wrapped job does not load the rest."""

from __future__ import annotations

from typing import Any

from srvmaint.cli._alone import read
from srvmaint.cli._context import Context
from srvmaint.cli._output import print_json, print_table
from srvmaint.clock import SECOND, Clock, human_span, iso
from srvmaint.config.heartbeats import expected
from srvmaint.config.schema import Config
from srvmaint.incidents.heartbeat import Expected, Pulse, missed_at, state_of
from srvmaint.store.heartbeats import SELECT, pulse_from
from srvmaint.store.reader import Reader


def show(context: Context, *, as_json: bool) -> None:
    """Print what is known of every job that is expected."""
    config = context.load_config()

    async def pulses(reader: Reader) -> list[Pulse]:
        return [pulse_from(row) for row in await reader.rows(SELECT)]

    shapes = listing(config, {pulse.slug: pulse for pulse in read(context, pulses)}, Clock().now())
    if as_json:
        print_json({"items": shapes})
        return
    print_table(
        ("HEARTBEAT", "STATE", "LAST GOOD", "MISSED FROM", "EVERY", "GRACE", "EXIT CODE", "TOOK", "OUTPUT"),
        [
            (
                each["slug"],
                each["state"] + (", running" if each["running"] else ""),
                each["ok_at"] or "-",
                each["missed_at"] or "-",
                each["every"],
                each["grace"],
                "-" if each["exit_code"] is None else str(each["exit_code"]),
                "-" if each["duration_ms"] is None else human_span(each["duration_ms"] / SECOND),
                (each["output"].splitlines() or [""])[-1][:60],
            )
            for each in shapes
        ],
        empty="no heartbeats: add [[heartbeats]] to the configuration",
    )


def listing(config: Config, pulses: dict[str, Pulse], now: int) -> list[dict[str, Any]]:
    """Every expected job with what is known of it; nothing is known until a daemon has begun to listen for it."""
    written = {str(each.slug): {"every": str(each.every), "grace": str(each.grace)} for each in config.heartbeats}
    return [_shape(each, pulses.get(each.slug), now) | written[each.slug] for each in expected(config, "")]


def _shape(job: Expected, pulse: Pulse | None, now: int) -> dict[str, Any]:
    if pulse is None:
        pulse = Pulse(job.slug, now, now, now)
        return _fields(pulse) | {"state": "unknown", "missed_at": None, "running": False}
    return _fields(pulse) | {
        "state": state_of(pulse, job, now).value,
        "missed_at": iso(missed_at(pulse, job)),
        "running": pulse.is_running,
    }


def _fields(pulse: Pulse) -> dict[str, Any]:
    return {
        "slug": pulse.slug,
        "ok_at": iso(pulse.ok_at),
        "started_at": iso(pulse.started_at),
        "failed_at": iso(pulse.failed_at),
        "exit_code": pulse.exit_code,
        "duration_ms": pulse.duration_ms,
        "output": pulse.output,
    }
