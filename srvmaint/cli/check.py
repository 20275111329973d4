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
from srvmaint.settings import describe, from_text

if TYPE_CHECKING:
    from srvmaint.config.schema import HostConfig

_OWN_FLAGS: Final = {
    "per_cpu": ("cpu",),
    "samples": ("cpu", "io"),
    "paths": ("disk",),
    "names": ("process",),
    "hosts": ("network",),
}
"""Settings that can be given on the command line, and the checkers that have them."""
_LEVELS: Final = ("warning", "critical")
_TAKEN: Final = ("check", "metric", "unit", "instance", "host")
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
@click.option("--warning", metavar="LEVEL", help="What is a warning, as in the settings; with exactly one CHECKER.")
@click.option("--critical", metavar="LEVEL", help="What is critical, as in the settings; with exactly one CHECKER.")
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
@click.option(
    "--hosts", multiple=True, metavar="HOST", help="network: these instead of the configured; repeat or use commas."
)
@click.option("--hostname", metavar="NAME", help="What this machine is called in text, JSON and Prometheus results.")
@click.option(
    "--label", "label", multiple=True, metavar="KEY=VALUE", help="A label for those results; repeat for more."
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
    hosts: tuple[str, ...],
    hostname: str | None,
    label: tuple[str, ...],
) -> None:
    """Look at this host now: every enabled checker, or the CHECKERs named."""
    style = "json" if is_json else style or "text"
    try:
        origin = formats.Origin(hostname or "", _labels(label))
        config = _context(ctx).load_host_config()
        if is_list:
            click.echo(_listing(config, is_json=style == "json"))
            return
        chosen = _chosen(checkers, config.checkers.enabled)
        given = {
            "warning": warning,
            "critical": critical,
            "per_cpu": per_cpu or None,
            "samples": 1 if per_cpu and samples is None else samples,
            "paths": _split(paths) or None,
            "names": _split(names) or None,
            "hosts": _split(hosts) or None,
        }
        configs = _configs(chosen, config.checkers.drivers, given, named=len(checkers))
        results = _run(chosen, configs, config, is_everything=include_skipped)
    except SrvmaintError as error:
        if style != "nagios":
            raise
        click.echo(formats.nagios_failure(str(error)))
        ctx.exit(_PLUGIN_UNKNOWN)
    click.echo(formats.FORMATS[style](results, origin))
    ctx.exit(formats.exit_code(results, _fails_from(is_warning=fail_on_warning, is_critical=fail_on_critical)))


def _context(ctx: click.Context) -> Context:
    context: Context = ctx.obj
    return context


def _fails_from(*, is_warning: bool, is_critical: bool) -> CheckStatus | None:
    if is_warning:
        return CheckStatus.WARNING
    return CheckStatus.CRITICAL if is_critical else None


def _split(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(part.strip() for value in paths for part in value.split(",") if part.strip())


def _labels(pairs: Iterable[str]) -> dict[str, str]:
    """`--label k=v` as a table, in names that Prometheus takes and that the results do not use themselves."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not (name.isascii() and name.isidentifier()) or name.startswith("__"):
            raise UsageError(f"cannot use --label {pair}: write NAME=VALUE, the name of letters, digits and _.")
        if name in _TAKEN:
            raise UsageError(f"cannot use --label {pair}: the results have a label {name} of their own.")
        found[name] = value
    return found


def _chosen(named: tuple[str, ...], enabled: tuple[str, ...]) -> tuple[str, ...]:
    """The checkers to run, each once; naming one runs it even when it is not enabled."""
    known = registry.names(PACKAGE)
    for name in named:
        if name not in known:
            raise UsageError(f"there is no checker {name!r}{registry.nearest(name, known)}")
    return tuple(dict.fromkeys(named or enabled))


def _configs(names: tuple[str, ...], configured: Any, given: dict[str, Any], *, named: int) -> dict[str, Any]:
    """Each checker's settings, with what the command line says about them."""
    if named != 1 and any(given[level] is not None for level in _LEVELS):
        raise UsageError("cannot use --warning or --critical here: they need exactly one named checker. Name one.")
    told: dict[str, dict[str, Any]] = {name: {} for name in names}
    for option, value in given.items():
        if value is None:
            continue
        owners = names if option in _LEVELS else _OWN_FLAGS[option]
        taking = [owner for owner in owners if owner in told]
        if not taking:
            flag = option.replace("_", "-")
            raise UsageError(
                f"cannot use --{flag}: it belongs to the {' and the '.join(owners)} checker, "
                "which is not among those that run."
            )
        for owner in taking:
            told[owner][option] = value
    configs = {name: _config(name, configured.get(name), told[name]) for name in names}
    for name, config in configs.items():
        _refuse(name, config.problems() if hasattr(config, "problems") else [])
    return configs


def _config(name: str, configured: Any, told: dict[str, Any]) -> Any:
    """A checker's settings; it may have none in the file if the command line says all it needs."""
    if configured is not None and not told:
        return configured
    section = registry.load(PACKAGE, name).Config
    known = {item.name: item for item in describe(section)}
    values = {}
    for option, value in told.items():
        if option not in known:
            raise UsageError(f"cannot use --{option}: the {name} checker has no such level.")
        values[option] = _level(option, value, known[option].type) if option in _LEVELS else value
    missing = [item.name for item in known.values() if configured is None and item.required and item.name not in values]
    if missing:
        flags = "".join(f", or give --{option}" for option in missing if option in _OWN_FLAGS)
        raise UsageError(
            f"cannot run {name}: it needs to be told its {' and '.join(missing)}. Add a [checkers.{name}] section with "
            f"{'them' if len(missing) > 1 else 'it'} to the configuration{flags}."
        )
    return section(**values) if configured is None else dataclasses.replace(configured, **values)


def _level(option: str, text: str, kind: Any) -> Any:
    """A level as the checker's own setting has it: a percentage, a duration, a number."""
    try:
        return from_text(kind, text)
    except ValueError as error:
        raise UsageError(f"cannot use --{option} {text}: it {error}.") from error


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
