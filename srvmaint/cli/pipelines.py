"""Look at pipelines, ask which one an alert takes, bring definitions in and out."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, Final

import click

from srvmaint.cli._context import Context
from srvmaint.cli._output import json_option, print_fields, print_json, print_table
from srvmaint.config import definitions
from srvmaint.config.schema import Config
from srvmaint.errors import ConfigError, NotFoundError, Problem, UsageError
from srvmaint.model import Alert, AlertStatus, Severity
from srvmaint.pipeline import definition, routing
from srvmaint.pipeline.definition import BUILT_IN, Definition, NodeSpec
from srvmaint.registry import nearest

_BY_NAME: Final = "by name only"
_FIELDS: Final = ("name", "source", "severity", "status", "origin")
"""Of the words of `pipelines route` those that are no labels; `alertname` is the name as well."""

_PAIR: Final = re.compile(r'([A-Za-z_][\w.-]*)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]+)')


@click.group(invoke_without_command=True)
@click.pass_context
def command(click_context: click.Context) -> None:
    """Look at pipelines, ask which one an alert takes, bring definitions in and out."""
    if click_context.invoked_subcommand is None:
        click_context.invoke(list_pipelines)


@command.command("list")
@json_option
@click.pass_obj
def list_pipelines(context: Context, as_json: bool = False) -> None:
    """Show the pipelines in the order in which they are tried, then what is executed by name only."""
    config = context.load_config()
    found = [_of_route(route) for route in config.routes]
    found += [_of_definition(config, name, each) for name, each in _unrouted(config).items()]
    if as_json:
        print_json({"items": found, "next": None})
        return
    print_table(
        ("PIPELINE", "MATCH", "NODES", "CHANNELS", "GROUP BY"),
        [
            (
                each["name"],
                _matches(each),
                _way(_definition_of(config, each["name"])),
                ", ".join(each["channels"]) or "-",
                ", ".join(each["group_by"]) or "-",
            )
            for each in found
        ],
        empty="no pipelines",
    )


@command.command()
@click.argument("name", metavar="NAME")
@json_option
@click.pass_obj
def show(context: Context, name: str, as_json: bool) -> None:
    """Show one pipeline with its nodes."""
    config = context.load_config()
    found = _definition_of(config, name)
    route = next((each for each in config.routes if each.name == name), None)
    shape = _of_route(route) if route is not None else _of_definition(config, name, found)
    if as_json:
        print_json(shape)
        return
    print_fields(
        (
            ("pipeline", name),
            ("what it is", found.description),
            ("match", _matches(shape)),
            ("definition", shape["from"]),
            ("channels", ", ".join(shape["channels"]) or "nobody"),
            ("grouped by", ", ".join(shape["group_by"])),
        )
    )
    click.echo()
    print_table(
        ("NODE", "TYPE", "GOES ON WITH", "WHEN", "CONFIG", "IF IT FAILS"),
        [_row(spec, written) for spec, written in zip(found.nodes, shape["definition"]["nodes"], strict=True)],
        empty="no nodes",
    )


@command.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@json_option
@click.pass_obj
def validate(context: Context, file: Path | None, as_json: bool) -> int:
    """Validate the configured pipelines, or the JSON definition in FILE (`-` is stdin)."""
    config = context.load_config()
    if file is None:
        names = [route.name for route in config.routes] + [*config.definitions]
        print_json({"valid": True, "problems": []}) if as_json else click.echo(f"ok: {', '.join(names)}")
        return 0
    data, problems = _read(file)
    if not problems:
        known = definitions.known_names(config)
        problems = definition.parse(data, name=file.stem, where="", known=known)[1]
    if as_json:
        found = [{"path": problem.path, "message": problem.message} for problem in problems]
        print_json({"valid": not problems, "problems": found})
    elif not problems:
        click.echo(f"ok: {file}")
    else:
        raise ConfigError(_in_file(problems, file))
    return 2 if problems else 0


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", metavar="NAME", help="What it is called; default: its `name`, or the file's.")
@click.option("--replace", is_flag=True, help="Write over the one that is there.")
@click.pass_obj
def bring_in(context: Context, file: Path, name: str | None, replace: bool) -> None:
    """Put the JSON definition in FILE (`-` is stdin) into pipelines.d beside srvmaint.toml, validated."""
    config = context.load_config()
    data, problems = _read(file)
    if problems:
        raise ConfigError(_in_file(problems, file))
    given = data.get("name") if isinstance(data, dict) else None
    chosen = name or (given if isinstance(given, str) else None) or (file.stem if str(file) != "-" else None)
    if not chosen:
        raise UsageError("cannot import from stdin without a name. Say --name NAME.")
    try:
        click.echo(definitions.keep(config, chosen, data, is_new=not replace))
    except ConfigError as error:
        raise ConfigError(_in_file(list(error.problems), file)) from None
    click.echo("a running daemon uses it after a reload: systemctl reload srvmaint, or SIGHUP.", err=True)


@command.command()
@click.argument("name", metavar="NAME")
@click.pass_obj
def export(context: Context, name: str) -> None:
    """Print a definition as JSON, as `import` takes it."""
    click.echo(json.dumps(_written(_definition_of(context.load_config(), name)), indent=2, ensure_ascii=False))


@command.command()
@click.argument("labels", metavar="LABELS")
@json_option
@click.pass_obj
def route(context: Context, labels: str, as_json: bool) -> int:
    """Say which pipeline an alert with these LABELS takes, why, and what the others say.

    LABELS is a JSON object, or name="value" pairs with commas between them, in braces or not. name (or alertname),
    source, severity, status and origin are the alert's own; everything else is a label. Exit code 1 when none takes it.
    """
    config = context.load_config()
    alert, origin = _alert(_labels(labels))
    answers = routing.ask_all(config.routes, alert, origin)
    taken = next((answer for answer in answers if answer.is_taken), None)
    if as_json:
        print_json(
            {
                "pipeline": taken.route.name if taken else None,
                "because": taken.because if taken else "no pipeline matches",
                "channels": list(taken.route.channels) if taken else [],
                "routes": [_said(each) for each in answers],
            }
        )
        return 0 if taken else 1
    print_table(
        ("PIPELINE", "TAKES IT", "BECAUSE"),
        [(each.route.name, "yes" if each.is_taken else "no", each.because) for each in answers],
        empty="no pipelines",
    )
    if taken is None:
        click.echo("=> none: it is recorded as unrouted, and nobody is told. Add a last pipeline without `match`.")
        return 1
    channels = ", ".join(taken.route.channels) or "nobody"
    click.echo(f"=> {taken.route.name}: {_way(taken.route.definition)}; its channels: {channels}")
    return 0


def _said(answer: routing.Answer) -> dict[str, Any]:
    return {
        "pipeline": answer.route.name,
        "matches": answer.matches,
        "taken": answer.is_taken,
        "because": answer.because,
    }


def _unrouted(config: Config) -> dict[str, Definition]:
    """What can be executed by name and is no pipeline's."""
    routed = {route.name for route in config.routes}
    return {name: each for name, each in {**config.definitions, **BUILT_IN}.items() if name not in routed}


def _definition_of(config: Config, name: str) -> Definition:
    found = {**_unrouted(config), **{route.name: route.definition for route in config.routes}}
    if name not in found:
        raise NotFoundError(f"there is no pipeline {name!r}{nearest(name, tuple(found))}")
    return found[name]


def _of_route(route: routing.Route) -> dict[str, Any]:
    own = route.definition.name
    return {
        "name": str(route.name),
        "match": [f"{test.field} = {test.wishes()}" for test in route.match.tests],
        "from": own if own != route.name or own in BUILT_IN else "nodes of its own",
        "definition": _written(route.definition),
        "channels": list(route.channels),
        "group_by": list(route.group_by),
    }


def _of_definition(config: Config, name: str, found: Definition) -> dict[str, Any]:
    return {
        "name": name,
        "match": None,
        "from": "built in" if name in BUILT_IN else f"{definitions.FOLDER}/{name}.json",
        "definition": _written(found),
        "channels": [str(channel.name) for channel in config.channels],
        "group_by": [],
    }


def _written(found: Definition) -> dict[str, Any]:
    """The definition as plain JSON."""
    plain: dict[str, Any] = json.loads(json.dumps(found.as_json()))
    return plain


def _matches(shape: dict[str, Any]) -> str:
    return _BY_NAME if shape["match"] is None else "; ".join(shape["match"]) or "everything"


def _way(found: Definition) -> str:
    """The nodes in a line; one at which the way forks has a question mark."""
    return " > ".join(f"{spec.id}?" if spec.branches else spec.id for spec in found.walk())


def _row(spec: NodeSpec, written: dict[str, Any]) -> tuple[str, ...]:
    ways = [f"{key}: {target or 'the end'}" for key, target in spec.branches.items()]
    config = {key: value for key, value in written["config"].items() if key not in spec.branches}
    return (
        spec.id,
        spec.type,
        ", ".join(ways) or spec.next or "the end",
        str(spec.when or ""),
        json.dumps(config, ensure_ascii=False) if config else "",
        "the run fails" if spec.required else "the run goes on",
    )


def _read(file: Path) -> tuple[Any, list[Problem]]:
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        return None, [Problem("", f"cannot be read: {error.strerror}")]
    return definitions.read_json(raw)


def _in_file(problems: list[Problem], file: Path) -> list[Problem]:
    return [Problem(problem.path, problem.message, problem.line, str(file)) for problem in problems]


def _labels(text: str) -> dict[str, str]:
    """A JSON object, or `{name="value", ...}` as PromQL and amtool have it.

    Raises:
        UsageError: it is neither.
    """
    try:
        data = json.loads(text)
    except ValueError:
        data = None
    if isinstance(data, dict):
        return {str(key): value if isinstance(value, str) else json.dumps(value) for key, value in data.items()}
    inner = text.strip().removeprefix("{").removesuffix("}")
    found = _PAIR.findall(inner)
    if data is not None or _PAIR.sub("", inner).strip(", \t\n"):
        raise UsageError(
            f'cannot read {text!r}: write {{"severity": "critical", "team": "db"}} or severity="critical",team="db".'
        )
    return {name: json.loads(value) if value.startswith('"') else value for name, value in found}


def _alert(words: dict[str, str]) -> tuple[Alert, str]:
    """The alert these words describe, and how it arrives."""
    words = {key.removeprefix("label."): value for key, value in words.items()}
    name = words.get("name") or words.get("alertname") or ""
    severity, status = words.get("severity", Severity.WARNING), words.get("status", AlertStatus.FIRING)
    origin = words.get("origin", routing.ORIGINS[0])
    for key, value, known in (
        ("severity", severity, [*Severity]),
        ("status", status, [*AlertStatus]),
        ("origin", origin, [*routing.ORIGINS]),
    ):
        if value not in known:
            raise UsageError(f"{key} cannot be {value!r}{nearest(value, known)}")
    labels = {key: value for key, value in words.items() if key not in _FIELDS}
    source = words.get("source", "generic")
    return Alert(source, "", name, AlertStatus(status), Severity(severity), labels=labels), origin
