"""Which line of a TOML text a dotted path is on: what `tomllib` knows and does not tell.

The text has already been parsed, so nothing is judged here; whatever is not understood simply has no line. Inside
inline tables and lists everything is on the line of its key.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Final

from srvmaint.settings import join

_BLANK: Final = r"(?:[ \t\r\n]|#[^\n]*)*"
_KEY: Final = r"""[ \t]*([A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')[ \t]*(\.?)"""
_TOKENS: Final = (
    r'''"""(?:[^\\]|\\.)*?"""(?:"{0,2})''',
    r"""'''.*?'''(?:'{0,2})""",
    r'''"(?:[^"\\\n]|\\.)*"''',
    r"'[^'\n]*'",
    r"#[^\n]*",
    r"[\[{]|[\]}]",
    r"\n",
    r"""[^"'#\[\]{}\n]+""",
)
"""Strings of all four kinds, comments, brackets, line ends, anything else."""


def index(text: str) -> dict[str, int]:
    """Dotted path to line number, for every table and every key of `text`."""
    return _Index(text).lines


def find(lines: Mapping[str, int], path: str) -> int | None:
    """The line of `path`, else of the nearest thing around it."""
    while path:
        if path in lines:
            return lines[path]
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return None


class _Index:
    def __init__(self, text: str) -> None:
        self.lines: dict[str, int] = {}
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0
        self._arrays: dict[str, int] = {}
        self._blank = re.compile(_BLANK)
        self._key = re.compile(_KEY)
        self._token = re.compile("|".join(_TOKENS), re.DOTALL)
        self._walk()

    def _walk(self) -> None:
        table = ""
        while True:
            self._skip_blank()
            if self._at >= len(self._text):
                return
            brackets = 2 if self._text.startswith("[[", self._at) else 1 if self._text[self._at] == "[" else 0
            self._at += brackets
            keys = self._keys()
            if not keys:
                return
            line = self._line_here()
            if brackets:
                table = self._enter(keys, line, is_array=brackets == 2)  # noqa: PLR2004 - `[[` has two
                self._at += brackets
            else:
                self._note(table, keys, line)
                self._at += 1
                self._skip_value()

    def _keys(self) -> list[str]:
        keys: list[str] = []
        while match := self._key.match(self._text, self._at):
            self._at = match.end()
            keys.append(_unquote(match[1]))
            if not match[2]:
                break
        return keys

    def _enter(self, keys: list[str], line: int, *, is_array: bool) -> str:
        """The path that `[a.b]` or `[[a.b]]` opens, inside the newest member of every array on the way."""
        path = ""
        for place, key in enumerate(keys):
            path = join(path, key)
            if is_array and place == len(keys) - 1:
                self.lines.setdefault(path, line)
                self._arrays[path] = self._arrays.get(path, 0) + 1
            if path in self._arrays:
                path = f"{path}[{self._arrays[path] - 1}]"
            self.lines.setdefault(path, line)
        return path

    def _note(self, table: str, keys: list[str], line: int) -> None:
        path = table
        for key in keys:
            path = join(path, key)
            self.lines.setdefault(path, line)

    def _skip_value(self) -> None:
        depth = 0
        while match := self._token.match(self._text, self._at):
            if match[0] == "\n" and depth <= 0:
                return
            self._at = match.end()
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)

    def _skip_blank(self) -> None:
        match = self._blank.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _line_here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line


def _unquote(key: str) -> str:
    if key[0] not in "\"'":
        return key
    try:
        return str(next(iter(tomllib.loads(f"{key} = 0"))))
    except tomllib.TOMLDecodeError:
        return key
