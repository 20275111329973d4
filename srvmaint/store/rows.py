"""Many rows by one statement.

Each statement gives the interpreter away and has to win it back, which costs more than its rows when the event loop
is busy. So rows go in and come out all together, by statements of a few sizes that stay prepared; places left over
are NULL and touch nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final, Protocol

SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
"""Rows a statement has places for. SQLite allows 32,766 parameters (https://sqlite.org/limits.html)."""


class Executes(Protocol):
    """As much of a connection as is needed here."""

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        """Run one statement."""


def insert(
    connection: Executes, table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]], conflict: str = ""
) -> None:
    """Insert rows, each a tuple in the order of `columns`, of which the first is never NULL.

    `conflict` is what follows `ON CONFLICT`, where rows may be there already.
    """
    for size, values in _filled(rows, len(columns)):
        connection.execute(_insert_sql(table, columns, conflict, size), values)


def update(
    connection: Executes, table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]], returning: str = ""
) -> list[tuple[Any, ...]]:
    """Update rows by `id`, which is the first value of each and in no two of them; the others are for `columns`.

    A column may be an assignment, in which `{}` stands for the value. What `returning` names comes back.
    """
    found: list[tuple[Any, ...]] = []
    for size, values in _filled(rows, len(columns) + 1):
        found += connection.execute(_update_sql(table, columns, returning, size), values).fetchall()
    return found


def select(
    connection: Executes, table: str, columns: str, condition: str, values: Sequence[Any], tail: str = ""
) -> Iterator[tuple[Any, ...]]:
    """Rows for which `condition IN (values)` holds; `condition` ends with the column's name, `tail` follows."""
    for size, filled in _filled([(value,) for value in values], 1):
        yield from connection.execute(_select_sql(table, columns, condition, tail, size), filled).fetchall()


def _filled(rows: Sequence[tuple[Any, ...]], width: int) -> Iterator[tuple[int, list[Any]]]:
    """The rows' values for as many statements as it takes, each filled up to one of SIZES."""
    if len(rows) == 1:
        yield 1, [*rows[0]]
        return
    for start in range(0, len(rows), SIZES[-1]):
        chunk = rows[start : start + SIZES[-1]]
        size = next(size for size in SIZES if size >= len(chunk))
        values = [value for row in chunk for value in row]
        yield size, values + [None] * ((size - len(chunk)) * width)


@cache
def _insert_sql(table: str, columns: tuple[str, ...], conflict: str, count: int) -> str:
    names, values = ", ".join(columns), _values(len(columns), count)
    tail = f" ON CONFLICT {conflict}" if conflict else ""
    if count == 1:
        return f"INSERT INTO {table} ({names}) {values}{tail}"
    return f"INSERT INTO {table} ({names}) SELECT * FROM ({values}) WHERE column1 IS NOT NULL{tail}"


@cache
def _update_sql(table: str, columns: tuple[str, ...], returning: str, count: int) -> str:
    tail = f" RETURNING {returning}" if returning else ""
    if count == 1:  # without the table of values: half the work
        news = ", ".join(_assignment(column, f"?{place}") for place, column in enumerate(columns, 2))
        return f"UPDATE {table} SET {news.replace('new.column', '?')} WHERE id = ?1{tail}"
    news = ", ".join(_assignment(column, f"new.column{place}") for place, column in enumerate(columns, 2))
    values = _values(len(columns) + 1, count)
    return f"UPDATE {table} SET {news} FROM ({values}) AS new WHERE {table}.id = new.column1{tail}"


def _assignment(column: str, value: str) -> str:
    return column.format(value) if "{}" in column else f"{column} = {value}"


@cache
def _select_sql(table: str, columns: str, condition: str, tail: str, count: int) -> str:
    return f"SELECT {columns} FROM {table} WHERE {condition} IN ({', '.join('?' * count)}) {tail}"


def _values(width: int, count: int) -> str:
    return "VALUES " + ", ".join([f"({', '.join('?' * width)})"] * count)
