"""Look at this host now, from a terminal, from cron, or as a Nagios or Checkmk plugin.

Runs from cron every minute, so nothing of the daemon is imported: no event loop, no HTTP, no templates. What the
results look like is in `_check_formats`; what the checkers are is in `checkers/`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import click

from srvmaint import registry
from srvmaint.checkers import PACKAGE
from srvmaint.checkers._run import Runner, build
from srvmaint.cli import _check_formats as formats
from srvmaint.cli._context import Context
from srvmaint.clock import Clock
from srvmaint.errors import SrvmaintError, UsageError
from srvmaint.host.linux import LinuxHost
from srvmaint.model import CheckResult, CheckStatus
from srvmaint.settings import Decoder, Secret, describe

if TYPE_CHECKING:
    from srvmaint.config.schema import HostConfig

_OWN_FLAGS: Final = {"samples": ("cpu", "io"), "per_cpu": ("cpu",), "paths": ("disk",), "names": ("process",)}
"""Settings that can be given on the command line, and the checkers that have them."""
_LEVELS: Final = ("warning", "critical")
_BAD_ARGUMENTS: Final = 2
_PLUGIN_UNKNOWN: Final = 3

_EPILOG: Final = """\b
Exit code, the worst of all checks: 0 ok, 2 critical, 1 warning, 3 unknown (in
this order of precedence: unknown never hides a warning). Skipped checks do not
count. 2 is also a mistake on the command line or in the configuration; with
--format nagios a mistake in the configuration is 3.
--fail-on-warning   1 and 2 as above; a check that is unknown ends with 0
--fail-on-critical  2 as above; everything else ends with 0"""


@click.command("check", epilog=_EPILOG)
@click.argument("checkers", nargs=-1, metavar="[CHECKER]...")
@click.option("--list", "is_list", is_flag=True, help="List the checkers and run none.")
@click.option("--json", "is_json", is_flag=True, help="Short for --format json.")
@click.option(
    "--format", "style", type=click.Choice(list(formats.FORMATS)), default=None, help="How to write the results. [text]"
)
@click.option("--fail-on-warning", is_flag=True, help="Only warning and critical end with a code other than 0.")
@click.option("--fail-on-critical", is_flag=True, help="Only critical ends with a code other than 0.")
@click.option("--include-skipped", is_flag=True, help="Run also what CHECKERS_SKIP or CHECKERS_SKIP_ALL says to skip.")
@click.option(
    "--warning", default=None, metavar="LEVEL", help="What is a warning (80, 5GB, ...); with exactly one CHECKER."
)
@click.option(
    "--critical", default=None, metavar="LEVEL", help="What is critical (95, 20GB, ...); with exactly one CHECKER."
)
@click.option(
    "--samples",
    type=click.IntRange(0, 300),
    default=None,
    metavar="SECONDS",
    help="cpu, io: watch this long first, one sample a second; 0 does not wait.",
)
@click.option(
    "--per-cpu", is_flag=True, help="cpu: let the busiest core decide; watches for 1 s unless --samples is given."
)
@click.option(
    "--paths", multiple=True, metavar="PATH", help="disk: these instead of the configured; repeat or use commas."
)
@click.option(
    "--names",
    multiple=True,
    metavar="NAME",
    help="process: these have to run, instead of the configured; repeat or use commas.",
)
@click.pass_context
def command(
    ctx: click.Context,
    checkers: tuple[str, ...],
    is_list: bool,
    is_json: bool,
    style: str | None,
    fail_on_warning: bool,
    fail_on_critical: bool,
    include_skipped: bool,
    warning: str | None,
    critical: str | None,
    samples: int | None,
    per_cpu: bool,
    paths: tuple[str, ...],
    names: tuple[str, ...],
) -> None:
    """Look at this host now: every enabled checker, or the CHECKERs named."""
    style = "json" if is_json else style or "text"
    try:
        config = _context(ctx).load_host_config()
        if is_list:
            click.echo(_listing(config, is_json=style == "json"))
            return
        chosen = _chosen(checkers, config.checkers.enabled)
        given = {
            "warning": _number(warning),
            "critical": _number(critical),
            "per_cpu": per_cpu or None,
            "samples": 1 if per_cpu and samples is None else samples,
            "paths": _split(paths) or None,
            "names": _split(names) or None,
        }
        configs = _configs(chosen, config.checkers.drivers, given, named=len(checkers))
        results = _run(chosen, configs, config, is_everything=include_skipped)
    except SrvmaintError as error:
        if style != "nagios":
            raise
        click.echo(formats.nagios_failure(str(error)))
        ctx.exit(_PLUGIN_UNKNOWN)
    click.echo(formats.FORMATS[style](results))
    ctx.exit(formats.exit_code(results, _fails_from(is_warning=fail_on_warning, is_critical=fail_on_critical)))


def _context(ctx: click.Context) -> Context:
    context: Context = ctx.obj
    return context


def _fails_from(*, is_warning: bool, is_critical: bool) -> CheckStatus | None:
    if is_warning:
        return CheckStatus.WARNING
    return CheckStatus.CRITICAL if is_critical else None


def _split(values: Iterable[str]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def _number(text: str | None) -> float | str | None:
    """A level as the configuration would hold it: 80 is a number, 5GB a text."""
    try:
        return None if text is None else int(text) if text.isdigit() else float(text)
    except ValueError:
        return text


def _chosen(named: tuple[str, ...], enabled: tuple[str, ...]) -> tuple[str, ...]:
    """The checkers to run, each once; naming one runs it even when it is not enabled."""
    known = registry.names(PACKAGE)
    for name in named:
        if name not in known:
            raise UsageError(f"there is no checker {name!r}{registry.nearest(name, known)}")
    return tuple(dict.fromkeys(named or enabled))


def _configs(names: tuple[str, ...], configured: Any, given: dict[str, Any], *, named: int) -> dict[str, Any]:
    """Each checker's settings, with what the command line says about them."""
    configs = {name: configured[name] if name in configured else _defaults(name) for name in names}
    if named != 1 and any(given[level] is not None for level in _LEVELS):
        raise UsageError("cannot use --warning or --critical here: they need exactly one named checker. Name one.")
    for option, value in given.items():
        if value is None:
            continue
        owners = names if option in _LEVELS else _OWN_FLAGS[option]
        taking = [owner for owner in owners if owner in configs]
        if not taking:
            raise UsageError(
                f"cannot use {_flag(option)}: it belongs to the {' and the '.join(owners)} checker, "
                "which is not among those that run."
            )
        for owner in taking:
            configs[owner] = _with(configs[owner], option, value)
    for name, config in configs.items():
        _refuse(name, config.problems() if hasattr(config, "problems") else [])
    return configs


def _defaults(name: str) -> Any:
    try:
        return registry.load(PACKAGE, name).Config()
    except TypeError as error:  # a setting without a default
        raise UsageError(
            f"cannot run {name}: it needs settings. Add [checkers.{name}] to the configuration."
        ) from error


def _flag(option: str) -> str:
    return f"--{option.replace('_', '-')}"


def _with(config: Any, option: str, value: Any) -> Any:
    """The settings with one more, read as the configuration would read it."""
    item = next((item for item in describe(type(config)) if item.name == option), None)
    if item is None:
        raise UsageError(f"cannot use {_flag(option)}: this checker has no such level.")
    decoder = Decoder(lambda raw: Secret(str(raw)))
    decoded = decoder.setting(item, value, option)
    if decoder.problems:
        shown = ",".join(value) if isinstance(value, list) else value
        raise UsageError(f"cannot use {_flag(option)} {shown}: it {decoder.problems[0].message}.")
    return dataclasses.replace(config, **{option: decoded})


def _refuse(name: str, problems: list[str]) -> None:
    if problems:
        raise UsageError(f"cannot check {name}: {'; '.join(problems)}.")


def _run(
    names: tuple[str, ...], configs: dict[str, Any], config: HostConfig, *, is_everything: bool
) -> list[CheckResult]:
    """Run them side by side; those that measure between two looks are given time for it first."""
    clock = Clock()
    skip = (
        {} if is_everything else {name: config.skips.checkers[name] for name in names if name in config.skips.checkers}
    )
    drivers = build([name for name in names if name not in skip], configs, LinuxHost(clock))
    _watch({name: getattr(configs[name], "samples", 0) for name in drivers}, drivers)
    return Runner(drivers, clock=clock, timeout=config.checkers.timeout, skip=skip).run(names)


def _watch(samples: dict[str, int], drivers: dict[str, Any]) -> None:
    """Let those checkers that ask for it look once a second before they are asked what they saw."""
    watching = [name for name, count in samples.items() if count]
    if not watching:
        return
    longest = max(samples.values())
    click.echo(f"watching for {longest} s: {', '.join(watching)}", err=True)
    for second in range(1, longest + 1):
        threading.Event().wait(1)
        for name in watching:
            if second <= samples[name]:
                with contextlib.suppress(OSError, ValueError):  # the check itself meets it again, and reports it
                    drivers[name].sample()


def _listing(config: HostConfig, *, is_json: bool) -> str:
    """The checkers there are, whether they run by default, and what each looks at."""
    rows = [
        {
            "checker": name,
            "enabled": name in config.checkers.enabled,
            "skipped": config.skips.checkers.get(name),
            "description": (registry.load(PACKAGE, name).__doc__ or "").strip().partition("\n")[0],
        }
        for name in registry.names(PACKAGE)
    ]
    if is_json:
        import json  # noqa: PLC0415 - only this output needs it

        return json.dumps({"checkers": rows}, ensure_ascii=False)
    width = max(len(str(row["checker"])) for row in rows)
    return "\n".join(f"{row['checker']:<{width}}  {_state(row):<8}  {row['description']}" for row in rows)


def _state(row: dict[str, Any]) -> str:
    if row["skipped"]:
        return "skipped"
    return "enabled" if row["enabled"] else "off"
