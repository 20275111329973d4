"""What the tests of the store start from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from srvmaint.store.store import Store
from tests.fakes import FakeClock
from tests.store.given import opened


@pytest.fixture
def clock() -> FakeClock:
    """Time that stands still."""
    return FakeClock()


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    """An empty store."""
    async with opened(tmp_path / "srvmaint.db", clock) as store:
        yield store
