from __future__ import annotations

from pathlib import Path

import pytest

from srvmaint.errors import NotFoundError
from srvmaint.incidents.heartbeat import Beat
from srvmaint.store.db import open_writer
from srvmaint.store.migrate import latest, migrate, migrations, version_of
from srvmaint.store.store import Store
from tests.fakes import START, FakeClock


async def test_a_job_is_expected_from_the_first_time_it_is_named(store: Store, clock: FakeClock) -> None:
    assert not await store.has_heartbeats()
    [first] = await store.expect_heartbeats(["backup"], clock.now())
    clock.advance(60)
    again = await store.expect_heartbeats(["backup", "report"], clock.now())
    assert [(pulse.slug, pulse.expected_since) for pulse in again] == [("backup", START), ("report", START + 60_000)]
    assert first == again[0]
    assert await store.has_heartbeats()


async def test_beats_are_kept_and_what_was_told_beside_them(store: Store) -> None:
    await store.expect_heartbeats(["backup"], START)
    failed = await store.beat(Beat("backup", START + 5, exit_code=3, output="no room"))
    assert (failed.exit_code, failed.failing_since, failed.output) == (3, START + 5, "no room")
    good = await store.beat(Beat("backup", START + 9, duration_ms=4))
    told = type(failed)(**{**{name: getattr(failed, name) for name in failed.__struct_fields__}, "told": "failed"})
    after = await store.note_heartbeat(told)
    assert (after.told, after.ok_at, after.failing_since) == (
        "failed",
        good.ok_at,
        None,
    )  # the beat since is not undone
    await store.watched_heartbeats(START + 99)
    [row] = await store.expect_heartbeats([], START)
    assert (row.watched_at, row.duration_ms, row.base_at) == (START + 99, 4, START + 9)


async def test_a_beat_that_came_first_is_not_moved_by_an_excuse(store: Store) -> None:
    [pulse] = await store.expect_heartbeats(["backup"], START)
    await store.beat(Beat("backup", START + 50))
    earlier = type(pulse)("backup", START, START + 20, START)
    assert [row.base_at for row in await store.excuse_heartbeats([earlier])] == [START + 50]
    later = type(pulse)("backup", START, START + 80, START)
    assert [row.base_at for row in await store.excuse_heartbeats([later])] == [START + 80]


async def test_nobody_is_heard_who_is_not_expected(store: Store) -> None:
    with pytest.raises(NotFoundError, match="there is no heartbeat 'backup'"):
        await store.beat(Beat("backup", START))
    await store.expect_heartbeats(["backup"], START)
    await store.forget_heartbeat("backup")
    assert not await store.has_heartbeats()


def test_an_old_file_with_rows_gets_the_table_and_keeps_its_rows(tmp_path: Path) -> None:
    file = tmp_path / "srvmaint.db"
    connection = open_writer(file)
    migrate(connection, file, [each for each in migrations() if each[0] == 1])
    connection.execute("INSERT INTO payload VALUES (1, 2, 'generic', 'webhook', 'trace', x'7b7d')")
    applied = migrate(connection, file)
    assert applied[0] == "0002_heartbeats.sql"
    assert version_of(connection) == latest()
    assert connection.execute("SELECT body FROM payload").fetchall() == [(b"{}",)]
    assert connection.execute("SELECT count(*) FROM heartbeat").fetchall() == [(0,)]
    connection.close()
