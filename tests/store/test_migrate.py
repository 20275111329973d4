"""Bringing a file up to date, or leaving it exactly as it was."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from srvmaint.errors import StoreError
from srvmaint.store.db import open_writer
from srvmaint.store.migrate import latest, migrate, migrations, version_of

Migration = tuple[int, str, str]
FIRST: Migration = (1, "0001_first.sql", "CREATE TABLE word (text TEXT NOT NULL) STRICT;\n-- ; not an end\n")
SECOND: Migration = (
    2,
    "0002_second.sql",
    """ALTER TABLE word ADD COLUMN size INTEGER;
    UPDATE word SET size = length(text);
    CREATE TRIGGER grow AFTER INSERT ON word BEGIN
      UPDATE word SET size = 0 WHERE size IS NULL;
      SELECT 1;
    END;""",
)
THIRD: Migration = (3, "0003_third.sql", "CREATE INDEX by_size ON word (size);")
BROKEN: Migration = (3, "0003_broken.sql", "DELETE FROM word;\nCREATE TABLE word (text TEXT);")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "srvmaint.db"


def words(file: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(file)
    try:
        return connection.execute("SELECT * FROM word").fetchall()
    finally:
        connection.close()


def old_file(file: Path, *known: Migration) -> sqlite3.Connection:
    connection = open_writer(file)
    migrate(connection, file, known)
    connection.execute("INSERT INTO word (text) VALUES ('kept')")
    return connection


def test_a_fresh_file_gets_everything_and_no_copy_is_made(file: Path) -> None:
    connection = open_writer(file)
    assert migrate(connection, file) == [name for _, name, _ in migrations()]
    assert version_of(connection) == latest()
    assert migrate(connection, file) == []
    connection.close()
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [number for number, _, _ in migrations()] == list(range(1, latest() + 1))


def test_every_table_is_strict(file: Path) -> None:
    connection = open_writer(file)
    migrate(connection, file)
    tables = connection.execute("SELECT name, strict FROM pragma_table_list WHERE type = 'table'").fetchall()
    assert {name for name, strict in tables if not strict} <= {"sqlite_schema", "sqlite_temp_schema", "sqlite_sequence"}
    connection.close()


def test_an_old_file_with_rows_is_copied_before_it_is_changed(file: Path) -> None:
    connection = old_file(file, FIRST)
    assert migrate(connection, file, [FIRST, SECOND, THIRD]) == ["0002_second.sql", "0003_third.sql"]
    connection.execute("INSERT INTO word (text) VALUES ('new')")
    connection.close()
    copy = file.with_name("srvmaint.db.before-0003")
    assert words(file) == [("kept", 4), ("new", 0)]
    assert words(copy) == [("kept",)]
    assert copy.stat().st_mode & 0o777 == 0o600


def test_an_older_copy_of_the_same_name_is_replaced(file: Path) -> None:
    connection = old_file(file, FIRST)
    copy = file.with_name("srvmaint.db.before-0002")
    copy.write_bytes(b"left over")
    migrate(connection, file, [FIRST, SECOND])
    connection.close()
    assert words(copy) == [("kept",)]


def test_a_newer_file_is_refused_and_left_alone(file: Path) -> None:
    connection = old_file(file, FIRST, SECOND)
    connection.close()
    before = file.read_bytes()
    connection = open_writer(file)
    with pytest.raises(StoreError, match=r"newer srvmaint \(schema 2, this one knows 1\)"):
        migrate(connection, file, [FIRST])
    connection.close()
    assert file.read_bytes() == before


def test_a_migration_that_fails_leaves_the_file_as_it_was_even_when_others_went_well(file: Path) -> None:
    connection = old_file(file, FIRST)
    with pytest.raises(StoreError, match=r"cannot apply migration 0003_broken.sql: .* unchanged"):
        migrate(connection, file, [FIRST, SECOND, BROKEN])
    assert not connection.in_transaction
    assert version_of(connection) == 1
    connection.close()
    assert words(file) == [("kept",)]


def test_a_copy_that_cannot_be_made_leaves_the_file_as_it_was(file: Path) -> None:
    connection = old_file(file, FIRST)
    connection.execute("BEGIN")  # VACUUM INTO refuses to work now
    with pytest.raises(StoreError, match="cannot copy the database"):
        migrate(connection, file, [FIRST, SECOND])
    connection.execute("ROLLBACK")
    assert version_of(connection) == 1
    connection.close()
