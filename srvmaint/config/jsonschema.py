"""The JSON Schema of `srvmaint.toml` (draft 2020-12), from the declarations: what an editor completes and checks with.

It is looser than `config check`: what only the program can know (names of channels, circles of nodes) is not in it.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from srvmaint import nodes, notify, registry
from srvmaint.config._toml import plain
from srvmaint.config.schema import FAMILIES, TABLES, Channel, Heartbeat, Pipeline
from srvmaint.pipeline.definition import PRESETS
from srvmaint.settings import Setting, describe

_SECRET: Final = {
    "description": "a secret: where it is, or the value itself",
    "oneOf": [
        {"type": "string", "minLength": 1},
        *(
            {
                "type": "object",
                "properties": {kind: {"type": "string", "minLength": 1}},
                "required": [kind],
                "additionalProperties": False,
            }
            for kind in ("env", "file", "credential")
        ),
    ],
}
_BY_NAME: Final[dict[str, dict[str, Any]]] = {
    "duration": {"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*(ms|s|m|h|d|w)\s*$"},
    "size": {"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*([KMGTkmgt][iI]?)?[Bb]\s*$"},
    "percent": {"type": "number", "minimum": 0, "maximum": 100},
    "secret": {"$ref": "#/$defs/secret"},
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
}
_NODES: Final = {"type": "object", "required": ["id", "type"]}


def json_schema() -> dict[str, Any]:
    """The schema of the whole file."""
    tables = {name: _section(name, section) for name, section in TABLES.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "srvmaint.toml",
        "type": "object",
        "properties": {
            **tables,
            "heartbeats": {"type": "array", "items": _object(Heartbeat, describe(Heartbeat))},
            "channels": {"type": "array", "items": {"oneOf": [*map(_channel, registry.names(notify.PACKAGE))]}},
            "pipelines": {"type": "array", "items": _pipeline()},
        },
        "additionalProperties": False,
        "$defs": {"secret": _SECRET},
    }


def _section(name: str, section: type) -> dict[str, Any]:
    schema = _object(section, describe(section))
    if name in FAMILIES:
        package = FAMILIES[name]
        for driver in registry.names(package):
            config = registry.load(package, driver).Config
            schema["properties"][driver] = _object(config, describe(config))
    return schema


def _channel(driver: str) -> dict[str, Any]:
    config = registry.load(notify.PACKAGE, driver).Config
    schema = _object(Channel, [*describe(Channel), *describe(config)])
    schema["properties"]["driver"] = {"const": driver, "description": _summary(config)}
    return schema


def _pipeline() -> dict[str, Any]:
    schema = _object(Pipeline, describe(Pipeline))
    schema["properties"]["preset"]["enum"] = [*PRESETS]
    node = {**_NODES, "properties": {"type": {"enum": [*registry.names(nodes.PACKAGE)]}}}
    schema["properties"]["nodes"]["items"] = node
    schema["oneOf"] = [{"required": [way]} for way in ("preset", "definition", "nodes")]
    return schema


def _object(section: type, items: Iterable[Setting]) -> dict[str, Any]:
    settings = [*items]
    schema: dict[str, Any] = {
        "type": "object",
        "description": _summary(section),
        "properties": {item.name: _property(item) for item in settings},
        "additionalProperties": False,
    }
    if required := [item.name for item in settings if item.required]:
        schema["required"] = required
    return schema


def _property(item: Setting) -> dict[str, Any]:
    schema = {**_typed(item, item.type), "description": item.help}
    if not item.required and item.default is not None:
        schema["default"] = plain(item.default)
    if item.example is not None:
        schema["examples"] = [plain(item.example)]
    return schema


def _typed(item: Setting, kind: Any) -> dict[str, Any]:
    item = dataclasses.replace(item, type=kind)
    arguments = [part for part in typing.get_args(kind) if part is not type(None)]
    if len(arguments) == 1 and type(None) in typing.get_args(kind):
        return _typed(item, arguments[0])
    if kind is Any:
        return {}
    if item.type_name == "list":
        return {"type": "array", "items": _typed(item, arguments[0])}
    if item.type_name == "table":
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            return _object(kind, describe(kind))
        return {"type": "object", "additionalProperties": _typed(item, arguments[1])}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"enum": [member.value for member in kind]}
    if item.choices:
        return {"enum": [*item.choices]}
    schema = dict(_BY_NAME[item.type_name])
    if item.type_name in ("integer", "number", "percent"):
        bounds = {"minimum": item.minimum, "maximum": item.maximum}
        schema.update({bound: limit for bound, limit in bounds.items() if limit is not None})
    return schema


def _summary(section: type) -> str:
    return (section.__doc__ or "").strip().split("\n")[0]
