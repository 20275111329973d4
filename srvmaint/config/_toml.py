"""Values of settings as JSON and as TOML text. A secret becomes where it came from, or stars."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from srvmaint.settings import Duration, Percent, Secret, Size, describe

HIDDEN: Final = "********"
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


def plain(value: Any) -> Any:
    """The value as JSON has it: durations and sizes as they are written, secrets without their value, no nulls."""
    if isinstance(value, Secret):
        kind, _, name = value.origin.partition(" ")
        return {kind: name} if name else HIDDEN
    if isinstance(value, Duration | Size):
        return str(value)
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return int(value) if isinstance(value, Percent) and float(value).is_integer() else float(value)
    if isinstance(value, str):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain({item.name: getattr(value, item.name) for item in describe(type(value))})
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items() if entry is not None}
    if isinstance(value, Sequence):
        return [plain(entry) for entry in value]
    return str(value)


def literal(value: Any) -> str:
    """What `plain` made, as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{key_text(key)} = {literal(entry)}" for key, entry in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list):
        if value and all(isinstance(entry, Mapping) for entry in value):
            return "[\n" + "".join(f"  {literal(entry)},\n" for entry in value) + "]"
        return f"[{', '.join(literal(entry) for entry in value)}]"
    return repr(value)


def key_text(key: str) -> str:
    """A key as TOML wants it: quoted where it must be."""
    return key if _BARE.fullmatch(key) else literal(key)


def assignments(table: Mapping[str, Any]) -> str:
    """`key = value` lines."""
    return "".join(f"{key_text(key)} = {literal(value)}\n" for key, value in table.items())
