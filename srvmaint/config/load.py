"""The whole configuration: everything `host` reads, then alerts, intelligence, channels and pipelines.

This imports the drivers that are configured. What only looks at the host uses `host.load_host`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from srvmaint import nodes, notify, registry
from srvmaint.config import _source
from srvmaint.config._reading import Reading, begin, warn_about_readers
from srvmaint.config.definitions import FOLDER, read_folder
from srvmaint.config.host import host_parts, skips
from srvmaint.config.schema import (
    FAMILIES,
    Alerts,
    Channel,
    Config,
    Heartbeat,
    Incidents,
    Intelligence,
    Pipeline,
    Server,
)
from srvmaint.pipeline import definition, routing
from srvmaint.pipeline.definition import Definition
from srvmaint.settings import describe


def find(path: Path | None, environ: Mapping[str, str], cwd: Path = Path()) -> Path | None:
    """The file `load` would read; None for the built-in defaults.

    Raises:
        ConfigError: a file was asked for by name and is not there.
    """
    return _source.search(path, environ, cwd)


def load(path: Path | None, environ: Mapping[str, str], cwd: Path = Path()) -> Config:
    """Read everything.

    Args:
        path: the file, as `--config` names it; None to search for it.
        environ: the environment.
        cwd: what relative names are relative to.

    Raises:
        ConfigError: with every problem at once, each with its place in the file.
    """
    reading = begin(path, environ, cwd)
    parts = host_parts(reading, is_every=True)
    server = reading.section(Server, "server")
    alerts = _alerts(reading)
    incidents = reading.section(Incidents, "incidents")
    intelligence = _intelligence(reading)
    heartbeats = _heartbeats(reading)
    channels, drivers = _channels(reading)
    checkers = parts["checkers"]
    known = nodes.Known(
        checkers=_nameable(reading, "checkers", (*checkers.drivers, *checkers.enabled)),
        providers=_nameable(reading, "intelligence", (*intelligence.configs, intelligence.provider)),
        channels=drivers,
    )
    definitions, wrong = read_folder(reading.source.folder, known)
    reading.decoder.problems.extend(wrong)
    routes = _routes(reading, known, alerts.group_by, definitions)
    reading.finish()
    warn_about_readers(reading)
    skipped = skips(reading, "NOTIFY", "channel", drivers, drivers)
    parts["skips"] = replace(parts["skips"], channels=skipped)
    if all(route.match.tests for route in routes):
        reading.warnings.append(
            "no pipeline matches every alert: one that matches none is recorded and nobody is told."
            " Add a last pipeline without `match`."
        )
    reading.warnings += [warning for route in routes for warning in _reaching_nobody(route, known)]
    return Config(
        **parts,
        server=server,
        alerts=alerts,
        incidents=incidents,
        intelligence=intelligence,
        heartbeats=heartbeats,
        channels=channels,
        routes=routes,
        definitions=definitions,
        warnings=tuple(reading.warnings),
    )


def _nameable(reading: Reading, section: str, usable: tuple[str, ...]) -> tuple[str, ...]:
    """The drivers a node may name: the usable and the broken ones, which have been complained about already."""
    table = reading.table(section)
    return tuple(name for name in registry.names(FAMILIES[section]) if name in usable or name in table)


def _alerts(reading: Reading) -> Alerts:
    package = FAMILIES["alerts"]
    known = registry.names(package)
    section = reading.section(Alerts, "alerts", ignore=known)
    chosen = reading.names(reading.table("alerts"), "alerts.drivers", known, known, "alert driver")
    return replace(section, drivers=chosen, configs=reading.drivers(package, "alerts", chosen))


def _intelligence(reading: Reading) -> Intelligence:
    package = FAMILIES["intelligence"]
    known = registry.names(package)
    section = reading.section(Intelligence, "intelligence", ignore=known)
    if section.provider not in known:
        nearest = registry.nearest(section.provider, known)
        reading.decoder.complain("intelligence.provider", f"there is no provider {section.provider!r}{nearest}")
    return replace(section, configs=reading.drivers(package, "intelligence", [section.provider], is_every=True))


def _heartbeats(reading: Reading) -> tuple[Heartbeat, ...]:
    tables = reading.tables("heartbeats")
    found = [reading.decoder.section(Heartbeat, table, path) for path, table in tables]
    reading.unique("heartbeat", [(path, table.get("slug")) for path, table in tables], key="slug")
    return tuple(each for each in found if each is not None)


def _channels(reading: Reading) -> tuple[tuple[Channel, ...], dict[str, str]]:
    """The channels, and name to driver of all of them: a broken one is no unknown one."""
    tables = reading.tables("channels")
    if not reading.source.table.get("channels"):
        tables = [("channels", {"name": "console", "driver": "console"})]
    common = tuple(item.name for item in describe(Channel))
    known = registry.names(notify.PACKAGE)
    reading.unique("channel", [(path, table.get("name")) for path, table in tables])
    channels: list[Channel] = []
    drivers: dict[str, str] = {}
    for path, table in tables:
        own = {key: value for key, value in table.items() if key not in common}
        channel = reading.decoder.section(Channel, table, path, ignore=tuple(own))
        name, driver = table.get("name"), table.get("driver")
        if isinstance(name, str):
            drivers[name] = str(driver)
        if not isinstance(driver, str):
            continue
        if driver not in known:
            nearest = registry.nearest(driver, known)
            reading.decoder.complain(f"{path}.driver", f"there is no channel driver {driver!r}{nearest}")
            continue
        config = reading.driver(notify.PACKAGE, driver, own, path, ignore=common)
        if channel is not None and config is not None:
            channels.append(replace(channel, config=config))
    return tuple(channels), drivers


def _routes(
    reading: Reading, known: nodes.Known, group_by: tuple[str, ...], definitions: Mapping[str, Definition]
) -> tuple[routing.Route, ...]:
    tables = reading.tables("pipelines")
    if not reading.source.table.get("pipelines"):
        tables = [("pipelines", {"name": "full", "preset": "full"})]
    reading.unique("pipeline", [(path, table.get("name")) for path, table in tables])
    routes: list[routing.Route] = []
    for path, table in tables:
        section = reading.decoder.section(Pipeline, table, path)
        match = _match(reading, table, path)
        plan = _definition(reading, table, path, known, definitions)
        channels = reading.names(table, f"{path}.channels", known.channels, known.channels, "channel")
        if section is not None and match is not None and plan is not None:
            routes.append(routing.Route(str(section.name), match, plan, channels, section.group_by or group_by))
    return tuple(routes)


def _match(reading: Reading, table: Mapping[str, object], path: str) -> routing.Match | None:
    raw = table.get("match", {})
    if not isinstance(raw, Mapping):
        return None
    match, problems = routing.parse_match(raw, f"{path}.match")
    reading.decoder.problems.extend(problems)
    return match


def _definition(
    reading: Reading,
    table: Mapping[str, object],
    path: str,
    known: nodes.Known,
    definitions: Mapping[str, Definition],
) -> Definition | None:
    """The definition of a pipeline; what has the wrong type altogether has been said by its section."""
    preset, file, raw = table.get("preset"), table.get("definition"), table.get("nodes")
    name = table.get("name")
    if isinstance(name, str) and name in definitions and file != name:
        where = f"{FOLDER}/{name}.json"
        reading.decoder.complain(
            f"{path}.name", f'{name!r} is {where} already: rename one, or set definition = "{name}"'
        )
    if isinstance(preset, str):
        return _chosen(reading, f"{path}.preset", preset, definition.PRESETS, "preset")
    if isinstance(file, str):
        return _chosen(reading, f"{path}.definition", file, {**definition.BUILT_IN, **definitions}, "definition")
    if not isinstance(raw, list):
        return None
    data = {key: table[key] for key in ("version", "nodes") if key in table}
    plan, problems = definition.parse(data, name=str(table.get("name", "")), where=path, known=known)
    reading.decoder.problems.extend(problems)
    return plan


def _chosen(reading: Reading, path: str, name: str, among: Mapping[str, Definition], noun: str) -> Definition | None:
    """The definition of that name; a file that is there and broken has been complained about already."""
    folder = reading.source.folder
    is_broken = name not in among and folder is not None and (folder / FOLDER / f"{name}.json").is_file()
    if name not in among and not is_broken:
        reading.decoder.complain(path, f"there is no {noun} {name!r}{registry.nearest(name, tuple(among))}")
    return among.get(name)


def _reaching_nobody(route: routing.Route, known: nodes.Known) -> Iterator[str]:
    """Warnings about nodes that tell nobody as things are."""
    for spec in route.definition.nodes:
        module = registry.load(nodes.PACKAGE, spec.type)
        reason = module.reaches_nobody(spec.config, known) if hasattr(module, "reaches_nobody") else None
        if reason is not None:
            yield f"the step {spec.id} of pipeline {route.name} tells nobody: {reason}. Add one to [[channels]]."
