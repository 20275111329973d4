"""Look at bodies that could not be used, and offer them again."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

import click

from srvmaint.cli._alone import do, read
from srvmaint.cli._context import Context
from srvmaint.cli._daemon import Daemon
from srvmaint.cli._output import json_option, print_fields, print_json, print_table, print_text
from srvmaint.errors import PayloadError, SrvmaintError, UsageError
from srvmaint.services import Services
from srvmaint.store import pages
from srvmaint.store.reader import Reader
from srvmaint.store.records import Rejected
from srvmaint.store.rejected import UNAUTHORIZED
from srvmaint.web import bodies
from srvmaint.web.api.rejected import offer_again, shape, whole_shape

WAIT_SECONDS: Final = 60.0
REFUSED: Final = "refused"
_PAGE: Final = 100
_LARGEST: Final = 100_000_000
"""What a packed body may unpack to on this screen."""
code_option = click.option("--code", metavar="CODE", help="Only those refused for this: unauthorized, undetected, ...")


@click.group(invoke_without_command=True)
@click.pass_context
def command(click_context: click.Context) -> None:
    """Look at bodies that could not be used, and offer them again."""
    if click_context.invoked_subcommand is None:
        click_context.invoke(list_rejected)


@command.command("list")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="How many, newest first.")
@code_option
@json_option
@click.pass_obj
def list_rejected(context: Context, limit: int = 20, code: str | None = None, as_json: bool = False) -> None:
    """Show the latest bodies that could not be used."""
    filters = {"code": code} if code else {}
    page = read(context, lambda reader: pages.page(reader, "rejected", filters, limit=limit))
    found = [shape(each) for each in page.items]
    if as_json:
        print_json({"items": found, "next": page.next})
        return
    print_table(
        ("REJECTED", "AT", "DRIVER", "CODE", "BYTES", "REPLAYED", "REASON"),
        [
            (
                each["id"],
                each["at"],
                each["driver"] or "-",
                each["code"],
                str(each["size"]),
                each["replayed_at"] or "-",
                each["reason"],
            )
            for each in found
        ],
        empty="no rejected bodies",
    )


@command.command()
@click.argument("rejected_id", metavar="REJECTED")
@click.option("--raw", is_flag=True, help="Print nothing but the body, byte for byte.")
@json_option
@click.pass_obj
def show(context: Context, rejected_id: str, raw: bool, as_json: bool) -> None:
    """Show why a body was refused, its headers and the body."""
    found = read(context, lambda reader: pages.rejected_body(reader, rejected_id))
    if raw:
        click.echo(_unpacked(found), nl=False)
        return
    if as_json:
        print_json(whole_shape(found))
        return
    told = shape(found)
    print_fields(
        (
            ("rejected", told["id"]),
            ("at", told["at"]),
            ("driver", told["driver"] or "not named"),
            ("code", told["code"]),
            ("reason", told["reason"]),
            ("trace", told["trace_id"]),
            ("replayed", told["replayed_at"]),
            ("bytes", str(told["size"])),
            *told["headers"].items(),
        )
    )
    click.echo()
    print_text(_unpacked(found).decode("utf-8", "backslashreplace"))


@command.command()
@click.argument("rejected_ids", metavar="REJECTED...", nargs=-1)
@click.option(
    "--all",
    "is_all",
    is_flag=True,
    help="Every one not accepted since, oldest first; of strangers only with --code unauthorized.",
)
@code_option
@click.option("--driver", metavar="DRIVER", help="Whose they are, instead of what their address said.")
@json_option
@click.pass_obj
def replay(
    context: Context,
    rejected_ids: tuple[str, ...],
    is_all: bool,
    code: str | None,
    driver: str | None,
    as_json: bool,
) -> int:
    """Offer bodies again as they came; their senders' secrets are not asked for.

    Exit code 1 when any of them cannot be used now either.
    """
    if bool(rejected_ids) == is_all or (code is not None and not is_all):
        raise UsageError("say which: ids, or --all, which can be narrowed with --code.")
    wanted = read(context, lambda reader: _waiting(reader, code)) if is_all else rejected_ids
    daemon = Daemon(context.load_config().server.listen)
    terminal = sys.stderr if as_json else None
    results = (
        do(
            context,
            lambda services: _offer(services, wanted, driver),
            lambda: [_ask(daemon, each, driver) for each in wanted],
            terminal,
        )
        if wanted
        else []
    )
    print_json({"items": results}) if as_json else _print(results)
    return 1 if any(each["status"] == REFUSED for each in results) else 0


async def _waiting(reader: Reader, code: str | None) -> list[str]:
    """What has not been accepted since, oldest first. What a stranger may have sent has to be asked for by name."""
    found: list[str] = []
    filters = {"code": code} if code else {}
    page = await pages.page(reader, "rejected", filters, limit=_PAGE)
    while True:
        fresh = [each for each in page.items if each.replayed_at is None]
        found += [each.id for each in fresh if code == UNAUTHORIZED or each.code != UNAUTHORIZED]
        if page.next is None:
            return found[::-1]
        page = await pages.page(reader, "rejected", filters, limit=_PAGE, cursor=page.next)


async def _offer(services: Services, wanted: Iterable[str], driver: str | None) -> list[dict[str, Any]]:
    """Offer them here, and wait for what comes of it."""
    results = []
    for each in wanted:
        try:
            _, body = await offer_again(services, each, driver)
        except SrvmaintError as error:
            body = {"message": str(error)}
        results.append(_result(each, body))
    for run in [run for result in results for run in result["runs"]]:
        await services.watch.end_of(run["run_id"], WAIT_SECONDS)
    return results


def _ask(daemon: Daemon, rejected_id: str, driver: str | None) -> dict[str, Any]:
    """Have the daemon offer one."""
    query = f"?{urlencode({'driver': driver})}" if driver else ""
    try:
        return _result(rejected_id, daemon.call("POST", f"/rejected/{quote(rejected_id, safe='')}/replay/{query}"))
    except SrvmaintError as error:
        return _result(rejected_id, {"message": str(error)})


def _result(rejected_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What became of one: accepted, ignored or refused."""
    return {
        "id": rejected_id,
        "status": body.get("status", REFUSED),
        "driver": body.get("driver"),
        "alerts": body.get("alerts"),
        "runs": body.get("runs", []),
        "errors": body.get("errors", []),
        "message": body.get("message") or body.get("reason"),
    }


def _print(results: Sequence[Mapping[str, Any]]) -> None:
    print_table(
        ("REJECTED", "RESULT", "DRIVER", "ALERTS", ""),
        [
            (
                each["id"],
                each["status"],
                each["driver"] or "-",
                _counts(each["alerts"]),
                each["message"] or "; ".join(f"alert {bad['index']} {bad['message']}" for bad in each["errors"]),
            )
            for each in results
        ],
        empty="nothing to offer again",
    )


def _counts(alerts: Mapping[str, int] | None) -> str:
    return ", ".join(f"{count} {name}" for name, count in (alerts or {}).items() if count) or "-"


def _unpacked(found: Rejected) -> bytes:
    """The body as it was before it was packed for the way."""
    try:
        return bodies.unpack(found.body, found.headers, _LARGEST)
    except PayloadError:
        return found.body
