"""Death right before and right after every COMMIT in the life of a few alerts, and during the recovery from it."""

from __future__ import annotations

import itertools
import os
import random
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from tests.e2e import crashing
from tests.e2e.bodies import hook
from tests.e2e.crashing import EXPECTED, MESSAGES, Point
from tests.e2e.verdict import assert_only_repeats, assert_sound, in_flight, keys_by_message, rows
from tests.opened import configured, opened
from tests.sink import Sink

KILLS: Final = int(os.environ.get("SRVMAINT_CRASHES", "200")) * 4 // 5
"""In all parts together; a fifth of the crashes are real kills of the daemon."""
PARTS: Final = 4
COMMITS: Final = range(1, 41)
"""A life has about this many; which of them are one depends on who comes together."""
KILLED: Final = -9


@pytest.mark.parametrize("part", range(PARTS))
async def test_nothing_accepted_is_lost_and_nothing_is_told_twice(part: int, tmp_path: Path, sink: Sink) -> None:
    crashing.preload()
    chance = random.Random(part)  # noqa: S311 - repeatable, not secret
    points = [Point(commit, after) for commit in COMMITS for after in (False, True)][part::PARTS]
    chance.shuffle(points)
    kills = 0
    for number, point in enumerate(itertools.cycle(points)):
        folder = tmp_path / f"{number}-{'after' if point.after else 'before'}-{point.commit}"
        folder.mkdir()
        kills += await crash_and_recover(folder, sink, point, chance)
        if kills >= KILLS // PARTS:
            break


async def crash_and_recover(folder: Path, sink: Sink, first: Point, chance: random.Random) -> int:
    """Die, die again while recovering, then live to the end. Returns how many deaths there were."""
    channels, seen = hook(sink.url), len(sink.requests)
    config, were_in_flight, kills = configured(folder, channels), Counter[str](), 0
    for point in (first, Point(chance.randrange(1, 8), after=chance.random() < 0.5)):
        code = await crashing.ended(crashing.die_at(folder, channels, point))
        assert code in {0, KILLED}
        kills += code == KILLED
        were_in_flight.update(in_flight(config.storage.database))
    async with opened(config) as services:
        await crashing.settled(services)
        await crashing.live(services, folder)
    database = config.storage.database
    requests = sink.requests[seen:]
    where = f"{first} in {folder}"
    assert_sound(database)
    told = keys_by_message(requests)
    assert {(title, reason) for title, reason, _ in told} == EXPECTED, where
    assert {message: keys for message, keys in told.items() if len(keys) > 1} == {}, where
    assert len(told) == MESSAGES, where
    assert_only_repeats(requests, were_in_flight)
    assert len(rows(database, "SELECT id FROM alert")) == 4
    assert rows(database, "SELECT DISTINCT status FROM incident") == [("resolved",)]
    return kills
