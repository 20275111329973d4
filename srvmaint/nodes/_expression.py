"""What `when` and `condition` ask: a small language that can look and compare, and nothing else.

    severity == "critical" and not analyze.has_errors
    checks.disk.status in ["warning", "critical"] or incident.labels.team contains "db"

Operators, loosest first: `or`, `and`, `not`, then one of `==  !=  <  <=  >  >=  in  not in  contains`. Operands: a
"text", a number, `true`, `false`, `null`, a list `[...]`, or a path such as `incident.labels.team` (a part with odd
characters in quotes: `incident.labels."a/b"`). What a path does not find is null, and an operand alone holds unless it
is null, false, 0 or empty. Words of a known scale (`info < warning < critical`, `low < medium < high < critical`,
`skipped < ok < unknown < warning < critical`) are compared by their rank; other texts only for equality.

Nothing is called and nothing is evaluated by the interpreter. What names mean is decided by `_scope`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, Protocol, Self

from srvmaint.model import CHECK_ORDER, Priority

LONGEST: Final = 1000
"""Characters of an expression."""
DEEPEST: Final = 20
"""Parentheses, lists and `not` inside one another."""

Path = tuple[str, ...]
_TOKEN: Final = re.compile(
    r"""\s*(?:
    (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<number>-?[0-9]+(?:\.[0-9]+)?(?![\w.]))
  | (?P<path>[A-Za-z_][\w-]*(?:\.(?:[\w-]+|"(?:[^"\\]|\\.)*"))*)
  | (?P<sign>==|!=|<=|>=|<|>|\(|\)|\[|\]|,)
  | (?P<end>$)
  )""",
    re.VERBOSE | re.ASCII,
)
_PART: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|([^.]+)')
_DOTTED: Final = re.compile(r'(?:[\w-]+|"(?:[^"\\]|\\.)*")(?:\.(?:[\w-]+|"(?:[^"\\]|\\.)*"))*', re.ASCII)
_CONSTANTS: Final = {"true": True, "false": False, "null": None}
_WORDS: Final = frozenset({"and", "or", "not", "in", "contains", *_CONSTANTS})
_SCALES: Final[tuple[tuple[str, ...], ...]] = (
    ("info", "warning", "critical"),
    tuple(Priority),
    tuple(reversed(CHECK_ORDER)),
)


class Dotted(str):
    """A path by itself, as a setting: `context.cpu.load1`, `labels."a/b"`, `recommendations.0.title`."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a path; raises ValueError with the phrase an operator needs."""
        if not isinstance(value, str) or len(value) > LONGEST or not _DOTTED.fullmatch(value):
            raise ValueError('must be names with dots between them, such as "context.cpu.load1"')
        return cls(value)

    @property
    def parts(self) -> Path:
        """Its names."""
        return _parts(self)


class Names(Protocol):
    """What paths are looked up in."""

    def value(self, path: Path) -> Any:
        """What is there; None when nothing is."""


_Operand = Callable[[Names], Any]


class Expression:
    """An expression that has been read: `parse` makes it, `holds` asks it."""

    __slots__ = ("_ask", "paths", "text")

    def __init__(self, text: str, ask: _Operand, paths: tuple[Path, ...]) -> None:
        self.text = text
        self.paths = paths
        """Every path in it, for whoever knows which names there are."""
        self._ask = ask

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read an expression; raises ValueError with the phrase an operator needs."""
        if not isinstance(value, str) or not value.strip():
            raise ValueError("must be an expression such as \"severity == 'critical'\"")
        if len(value) > LONGEST:
            raise ValueError(f"must be at most {LONGEST} characters")
        reader = _Reader(value)
        ask = reader.whole()
        return cls(value, ask, tuple(reader.paths))

    def holds(self, names: Names) -> bool:
        """Whether it is so. Never raises: what cannot be compared is not so."""
        return bool(self._ask(names))

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


class _Reader:
    """Recursive descent over one text; each method returns what asks its part."""

    def __init__(self, text: str) -> None:
        self.paths: list[Path] = []
        self._text = text
        self._at = 0
        self._depth = 0
        self._kind = ""
        self._word = ""
        self._advance()

    def whole(self) -> _Operand:
        ask = self._either()
        if self._kind != "end":
            raise self._unexpected("`and`, `or` or the end")
        return ask

    def _either(self) -> _Operand:
        options = [self._all()]
        while self._take("or"):
            options.append(self._all())
        return options[0] if len(options) == 1 else lambda names: any(option(names) for option in options)

    def _all(self) -> _Operand:
        parts = [self._negated()]
        while self._take("and"):
            parts.append(self._negated())
        return parts[0] if len(parts) == 1 else lambda names: all(part(names) for part in parts)

    def _negated(self) -> _Operand:
        if not self._take("not"):
            return self._compared()
        self._deeper()
        inner = self._negated()
        self._depth -= 1
        return lambda names: not inner(names)

    def _compared(self) -> _Operand:
        left = self._operand()
        for sign, compare in _COMPARISONS.items():
            if self._take(*sign.split()):
                right = self._operand()
                return lambda names: compare(left(names), right(names))
        return left

    def _operand(self) -> _Operand:
        if self._take("("):
            self._deeper()
            inner = self._either()
            self._expect(")")
            return inner
        if self._take("["):
            return self._list()
        kind, token = self._kind, self._word
        if kind == "text":
            self._advance()
            return _constant(_unquoted(token[1:-1]))
        if kind == "number":
            self._advance()
            return _constant(float(token))
        if kind == "path" and token in _CONSTANTS:
            self._advance()
            return _constant(_CONSTANTS[token])
        if kind == "path" and token not in _WORDS:
            self._advance()
            path = _parts(token)
            self.paths.append(path)
            return lambda names: names.value(path)
        raise self._unexpected("a path, a text in quotes, a number, a list or `(`")

    def _list(self) -> _Operand:
        self._deeper()
        entries: list[_Operand] = []
        while not (self._kind == "sign" and self._word == "]"):
            entries.append(self._operand())
            if not self._take(","):
                break
        self._expect("]")
        return lambda names: [entry(names) for entry in entries]

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ValueError(f"is nested more than {DEEPEST} deep")

    def _take(self, *words: str) -> bool:
        """Go on behind these words if they are next."""
        before = (self._at, self._kind, self._word)
        for word in words:
            if self._kind not in ("path", "sign") or self._word != word:
                self._at, self._kind, self._word = before
                return False
            self._advance()
        return True

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise self._unexpected(f"`{sign}`")
        self._depth -= 1

    def _advance(self) -> None:
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            place = len(self._text) - len(self._text[self._at :].lstrip())
            raise ValueError(f"cannot be read at character {place + 1}: {self._text[place : place + 20]!r}")
        self._at = match.end()
        self._kind = match.lastgroup or ""
        self._word = match[self._kind]

    def _unexpected(self, wanted: str) -> ValueError:
        found = f"{self._word!r}" if self._kind != "end" else "the end"
        return ValueError(f"has {found} where {wanted} should be")


def _constant(value: Any) -> _Operand:
    return lambda _names: value


def _parts(text: str) -> Path:
    return tuple(bare or _unquoted(quoted) for quoted, bare in _PART.findall(text))


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _number(value: Any) -> float | None:
    """The value as a number, if it is one; labels carry theirs as text."""
    if isinstance(value, bool):
        return None
    try:
        return float(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, int | float) != isinstance(right, int | float):
        one, other = _number(left), _number(right)
        return one is not None and one == other
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    return bool(left == right)


def _order(left: Any, right: Any) -> float | None:
    """Negative, zero or positive as `left` is before, beside or behind `right`; None when nobody can say."""
    one, other = _number(left), _number(right)
    if one is not None and other is not None:
        return one - other
    for scale in _SCALES:
        if left in scale and right in scale:
            return scale.index(left) - scale.index(right)
    return None


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(whole, str):
        return isinstance(part, str) and part in whole
    if isinstance(whole, dict):
        return part in whole if isinstance(part, str) else False
    return isinstance(whole, list | tuple) and any(_equal(entry, part) for entry in whole)


def _ordered(accepts: Callable[[float], bool]) -> Callable[[Any, Any], bool]:
    def compare(left: Any, right: Any) -> bool:
        order = _order(left, right)
        return order is not None and accepts(order)

    return compare


_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<=": _ordered(lambda order: order <= 0),
    ">=": _ordered(lambda order: order >= 0),
    "<": _ordered(lambda order: order < 0),
    ">": _ordered(lambda order: order > 0),
    "in": lambda left, right: _contains(right, left),
    "not in": lambda left, right: not _contains(right, left),
    "contains": _contains,
}
