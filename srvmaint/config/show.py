"""The configuration in effect, for people: every default filled in, no secret shown.

The TOML text made here can be loaded again, except for secrets that were written in clear.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from srvmaint.config._toml import assignments, plain
from srvmaint.config.schema import TABLES, Config
from srvmaint.pipeline.definition import BUILT_IN, PRESETS
from srvmaint.pipeline.routing import Match, Route
from srvmaint.settings import Secret, describe

_DRIVERS: Final = {"alerts": "configs", "checkers": "drivers", "intelligence": "configs"}
"""Section to its field that has the drivers' settings."""


def as_data(config: Config) -> dict[str, Any]:
    """Everything `config show --json` prints."""
    return {
        "path": str(config.path) if config.path is not None else None,
        "database": str(config.storage.database),
        "skips": {"checkers": dict(config.skips.checkers), "channels": dict(config.skips.channels)},
        "config": {
            **{name: {**_keys(config, name), **_drivers(config, name)} for name in TABLES},
            "heartbeats": [plain(each) for each in config.heartbeats],
            "channels": _channels(config),
            "pipelines": [_pipeline(route, config) for route in config.routes],
        },
    }


def as_toml(config: Config) -> str:
    """Everything `config show` prints."""
    blocks = [_preamble(config)]
    for name in TABLES:
        blocks.append(f"[{name}]\n{assignments(_keys(config, name))}")
        blocks += [f"[{name}.{driver}]\n{assignments(keys)}" for driver, keys in _drivers(config, name).items()]
    blocks += [f"[[heartbeats]]\n{assignments(plain(each))}" for each in config.heartbeats]
    blocks += [f"[[channels]]\n{assignments(keys)}" for keys in _channels(config)]
    blocks += [f"[[pipelines]]\n{assignments(_pipeline(route, config))}" for route in config.routes]
    return "\n".join(blocks)


def secrets_of(config: Config) -> Iterator[str]:
    """Every secret the configuration holds, for whoever has to keep them to himself."""
    owners: list[Any] = [channel.config for channel in config.channels]
    owners += [*config.alerts.configs.values(), *config.intelligence.configs.values()]
    for owner in owners:
        yield from _secrets_in([getattr(owner, item.name) for item in describe(type(owner))])


def _secrets_in(value: Any) -> Iterator[str]:
    if isinstance(value, Secret):
        yield value.reveal()
    elif isinstance(value, Mapping):
        yield from _secrets_in([*value.values()])
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _secrets_in(entry)


def _preamble(config: Config) -> str:
    lines = [f"from {config.path}" if config.path is not None else "the built-in defaults: there is no file"]
    lines.append(f"the database is {config.storage.database}")
    lines += [f"checker {name} is skipped: {variable}" for name, variable in config.skips.checkers.items()]
    lines += [f"channel {name} is skipped: {variable}" for name, variable in config.skips.channels.items()]
    return "".join(f"# {line}\n" for line in lines)


def _keys(config: Config, name: str) -> dict[str, Any]:
    keys: dict[str, Any] = plain(getattr(config, name))
    return keys


def _drivers(config: Config, name: str) -> dict[str, Any]:
    if name not in _DRIVERS:
        return {}
    configs: Mapping[str, Any] = getattr(getattr(config, name), _DRIVERS[name])
    shown = {driver: plain(settings) for driver, settings in configs.items()}
    return {driver: keys for driver, keys in shown.items() if keys}


def _channels(config: Config) -> list[dict[str, Any]]:
    return [{**plain(channel), **plain(channel.config)} for channel in config.channels]


def _pipeline(route: Route, config: Config) -> dict[str, Any]:
    """A route as its table in the file."""
    shown: dict[str, Any] = {"name": str(route.name)}
    if PRESETS.get(route.definition.name) is route.definition:
        shown["preset"] = route.definition.name
    elif config.definitions.get(route.definition.name) is route.definition or route.definition.name in BUILT_IN:
        shown["definition"] = route.definition.name
    else:
        written = route.definition.as_json()
        shown |= {"version": written["version"], "nodes": [_node(node) for node in written["nodes"]]}
    if match := _match(route.match):
        shown["match"] = match
    return shown | {"channels": list(route.channels), "group_by": list(route.group_by)}


def _node(written: dict[str, Any]) -> dict[str, Any]:
    """A node as its table in the file; TOML has no null, so the end is `false`."""
    config = {key: False if value is None else value for key, value in written["config"].items()}
    shown: dict[str, Any] = plain({**written, "config": config})
    return shown | ({"next": False} if written.get("next", "") is None else {})


def _match(match: Match) -> dict[str, list[str]]:
    shown: dict[str, list[str]] = {}
    for test in match.tests:
        shown[test.field] = [
            *sorted(test.wanted),
            *(f"re:{pattern.pattern}" for pattern in test.wanted_patterns),
            *(f"!{value}" for value in sorted(test.unwanted)),
            *(f"!re:{pattern.pattern}" for pattern in test.unwanted_patterns),
        ]
    return shown
