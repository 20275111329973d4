"""The vocabulary of configuration sections.

A section is a frozen dataclass whose fields are made with `setting(...)`. From that one line come decoding with every
problem at once, the example file, the reference and the JSON Schema. Nothing here reads a file or knows any particular
section.
"""

from __future__ import annotations

import dataclasses
import math
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol, Self, TypeVar

from srvmaint import registry
from srvmaint.errors import Problem

S = TypeVar("S")
_REQUIRED: Final = dataclasses.MISSING
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_BARE_KEY: Final = r"[A-Za-z0-9_-]+"
_CENTURY: Final = 36500 * 86400.0
_DURATION: Final = r"([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*(ms|s|m|h|d|w)"
_SIZE: Final = r"([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*([A-Za-z]{1,3})"
_SIZES: Final = {
    "B": 1,
    "KB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "TB": 1000**4,
    "KIB": 1024,
    "MIB": 1024**2,
    "GIB": 1024**3,
}


class Duration(float):
    """Seconds, written `"30s"`, `"5m"`, `"90d"` in the file."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read `"30s"`; raises ValueError with the phrase an operator needs."""
        match = re.fullmatch(_DURATION, text.strip()) if isinstance(text, str) else None
        if match is None:
            raise ValueError('must be a duration such as "30s", "5m" or "90d"')
        seconds = float(match[1]) * _UNITS[match[2]]
        if seconds > _CENTURY:
            raise ValueError("must be shorter than a century")
        return cls(seconds)

    def __str__(self) -> str:
        for unit, fewest in (("d", 2), ("h", 1), ("m", 1), ("s", 1), ("ms", 1)):  # "24h" says it better than "1d"
            count = round(self / _UNITS[unit], 6)
            if count >= fewest and count == int(count):
                return f"{int(count)}{unit}"
        return f"{float(self):.6f}".rstrip("0").rstrip(".") + "s"


class Size(int):
    """Bytes, written `"10MB"` in the file."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read `"10MB"` or `"64MiB"`; raises ValueError with the phrase an operator needs."""
        match = re.fullmatch(_SIZE, text.strip()) if isinstance(text, str) else None
        if match is None or match[2].upper() not in _SIZES:
            raise ValueError('must be a size such as "10MB" or "64MiB"')
        return cls(float(match[1]) * _SIZES[match[2].upper()])

    def __str__(self) -> str:
        for unit in ("TB", "GB", "MB", "KB"):
            if self >= _SIZES[unit] and self % _SIZES[unit] == 0:
                return f"{int(self) // _SIZES[unit]}{unit}"
        return f"{int(self)}B"


class Percent(float):
    """A number from 0 to 100."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read `80` or `80.5`; raises ValueError with the phrase an operator needs."""
        whole = 100
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= whole:
            raise ValueError("must be a percentage from 0 to 100")
        return cls(value)

    def __str__(self) -> str:
        return f"{float(self):g}"


class Secret:
    """A value that never shows itself: not in `str`, `repr`, an error, a log line or an API answer."""

    __slots__ = ("_value", "origin")

    def __init__(self, value: str, origin: str = "literal") -> None:
        self._value = value
        self.origin = origin
        """Where it came from: `env NAME`, `file /path`, `credential name` or `literal`."""

    def reveal(self) -> str:
        """The secret itself. Call it where it goes onto the wire, nowhere else."""
        return self._value

    def __repr__(self) -> str:
        return f"<secret from {self.origin}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


SecretReader = Callable[[object], Secret]
"""Turns what the file says (`{env = "NAME"}`, a literal, ...) into a Secret; raises ValueError."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What one field of a section can tell about itself."""

    name: str
    type: Any
    default: Any
    help: str
    example: Any
    minimum: float | None
    maximum: float | None
    choices: tuple[str, ...]

    @property
    def required(self) -> bool:
        """True when the section cannot exist without it."""
        return self.default is _REQUIRED

    @property
    def secret(self) -> bool:
        """True when its value must never be shown."""
        return self.type is Secret or Secret in typing.get_args(self.type)

    @property
    def type_name(self) -> str:
        """`duration`, `size`, `percent`, `secret`, `string`, `integer`, `number`, `boolean`, `list` or `table`."""
        kind = _bare(self.type)
        origin = typing.get_origin(kind)
        if origin is tuple:
            return "list"
        if origin is dict or dataclasses.is_dataclass(kind):
            return "table"
        return _TYPE_NAMES.get(kind, "string")

    @property
    def members(self) -> type | None:
        """The section that each table of a list of tables is; None for any other setting."""
        kind = _bare(self.type)
        inner = typing.get_args(kind)[0] if typing.get_origin(kind) is tuple else None
        return inner if isinstance(inner, type) and dataclasses.is_dataclass(inner) else None


def setting(
    default: Any = _REQUIRED,
    *,
    help: str,  # noqa: A002 - it is the setting's help
    example: Any = None,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare a field of a section: its default, what it means, an example, and its bounds."""
    metadata = {"help": help, "example": example, "minimum": minimum, "maximum": maximum, "choices": choices}
    if isinstance(default, dict):
        return dataclasses.field(default_factory=lambda: dict(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def describe(section: type) -> Iterator[Setting]:
    """The settings of a section, in the order they were declared; fields not made by `setting` are not settings."""
    hints = typing.get_type_hints(section)
    for item in dataclasses.fields(section):
        if "help" not in item.metadata:
            continue
        default = item.default
        if item.default_factory is not dataclasses.MISSING:
            default = item.default_factory()
        yield Setting(name=item.name, type=hints[item.name], default=default, **item.metadata)


def needs_settings(section: type) -> bool:
    """Whether a section cannot be used with its defaults alone."""
    if any(item.required for item in describe(section)):
        return True
    built = section()
    return isinstance(built, _Examined) and bool(built.problems())


def join(path: str, key: str) -> str:
    """The dotted path of `key` below `path`; a key that needs quotes in TOML has them here as well."""
    if not re.fullmatch(_BARE_KEY, key):
        key = '"' + key.encode("unicode_escape").decode("ascii").replace('"', '\\"') + '"'
    return f"{path}.{key}" if path else key


class Decoder:
    """Turns a parsed TOML table into a section and collects every problem on the way.

    A section may have a method `problems(self) -> list[str]` for what no single field can know ("warning must be below
    critical"); it is asked once every field is good, and its phrases are reported under the section's path. A field's
    type may be any class with `parse(value)`, which raises ValueError with the phrase an operator needs.
    """

    def __init__(self, read_secret: SecretReader) -> None:
        self.problems: list[Problem] = []
        self._read_secret = read_secret

    def complain(self, path: str, message: str) -> None:
        """Note one problem; decoding goes on."""
        self.problems.append(Problem(path, message))

    def section(self, section: type[S], table: object, path: str, *, ignore: tuple[str, ...] = ()) -> S | None:
        """Decode `table` as `section`; None when it cannot be built (the problems say why).

        `ignore` names keys of the table that somebody else decodes.
        """
        if not isinstance(table, Mapping):
            self.complain(path, "must be a table")
            return None
        known = {item.name: item for item in describe(section)}
        for key in table:
            if key not in known and key not in ignore:
                self.complain(join(path, key), f"unknown key{registry.nearest(key, (*known, *ignore))}")
        values: dict[str, Any] = {}
        before = len(self.problems)
        for name, item in known.items():
            if name in table:
                values[name] = self._value(item, item.type, table[name], join(path, name))
            elif item.required:
                self.complain(join(path, name), f"is required: {item.help}")
        if len(self.problems) > before:
            return None
        built = section(**values)
        phrases = built.problems() if isinstance(built, _Examined) else []
        for phrase in phrases:
            self.complain(path, phrase)
        return None if phrases else built

    def _value(self, item: Setting, kind: Any, raw: object, path: str) -> Any:
        kind = _bare(kind)
        origin = typing.get_origin(kind)
        if origin is tuple:
            return self._list(item, typing.get_args(kind)[0], raw, path)
        if origin is dict:
            return self._table(item, typing.get_args(kind)[1], raw, path)
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            return self.section(kind, raw, path)
        if kind is Any:
            return raw
        try:
            value = self._scalar(kind, raw)
            _check_bounds(item, value)
        except ValueError as error:
            self.complain(path, str(error))
            return None
        return value

    def _scalar(self, kind: Any, raw: object) -> Any:
        if kind is Secret:
            return self._read_secret(raw)
        if hasattr(kind, "parse"):
            return kind.parse(raw)
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            values = tuple(member.value for member in kind)
            if raw in values:
                return kind(raw)
            raise ValueError(f"must be one of {', '.join(values)}{_did_you_mean(raw, values)}")
        if kind is float and isinstance(raw, int | float) and not isinstance(raw, bool):
            return _finite(raw)
        if not isinstance(raw, kind) or (kind is int and isinstance(raw, bool)):
            raise ValueError(f"must be {_ARTICLES[kind]}")
        return raw

    def _list(self, item: Setting, kind: Any, raw: object, path: str) -> tuple[Any, ...] | None:
        if not isinstance(raw, list):
            self.complain(path, "must be a list: write it in [ ]")
            return None
        return tuple(self._value(item, kind, entry, f"{path}[{index}]") for index, entry in enumerate(raw))

    def _table(self, item: Setting, kind: Any, raw: object, path: str) -> dict[str, Any] | None:
        if not isinstance(raw, Mapping):
            self.complain(path, "must be a table")
            return None
        return {key: self._value(item, kind, value, join(path, key)) for key, value in raw.items()}


@typing.runtime_checkable
class _Examined(Protocol):
    def problems(self) -> list[str]: ...


def from_text(kind: Any, text: str) -> Any:
    """A setting's value as it is typed on a command line: `80`, `500ms`, `14`.

    Raises:
        ValueError: with the phrase an operator needs.
    """
    kind = _bare(kind)
    if kind in (Percent, int, float):
        try:
            number = int(text) if kind is int else float(text)
        except ValueError:
            raise ValueError(f"must be {_ARTICLES.get(kind, 'a percentage from 0 to 100')}") from None
        return Percent.parse(number) if kind is Percent else _finite(number) if kind is float else number
    return kind.parse(text) if hasattr(kind, "parse") else text


def _finite(raw: float) -> float:
    largest = 1e15
    if not math.isfinite(raw) or abs(raw) > largest:
        raise ValueError("must be a finite number")
    return float(raw)


def _bare(kind: Any) -> Any:
    """`X` for `X | None`."""
    options = [option for option in typing.get_args(kind) if option is not type(None)]
    is_union = type(None) in typing.get_args(kind)
    return options[0] if is_union and len(options) == 1 else kind


def _check_bounds(item: Setting, value: Any) -> None:
    if item.choices and value not in item.choices:
        raise ValueError(f"must be one of {', '.join(item.choices)}{_did_you_mean(value, item.choices)}")
    if item.minimum is not None and value < item.minimum:
        raise ValueError(f"must be at least {type(value)(item.minimum)}")
    if item.maximum is not None and value > item.maximum:
        raise ValueError(f"must be at most {type(value)(item.maximum)}")
    if isinstance(value, int) and abs(value) > _LARGEST_INTEGER:
        raise ValueError("must be a number of reasonable size")


def _did_you_mean(value: object, choices: tuple[str, ...]) -> str:
    tail = registry.nearest(str(value), choices)
    return tail if "did you mean" in tail else ""


_LARGEST_INTEGER: Final = 2**63 - 1
"""What SQLite and the JSON readers of this world can hold."""
_ARTICLES: Final = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}
_TYPE_NAMES: Final[dict[Any, str]] = {
    Duration: "duration",
    Size: "size",
    Percent: "percent",
    Secret: "secret",
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
}
