"""When to try again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srvmaint.clock import Clock
from srvmaint.pipeline.retry import LAST_CEILING, next_try
from tests.fakes import FakeClock


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 2), (2, 4), (3, 8), (9, 512), (10, LAST_CEILING), (10_000, LAST_CEILING)]
)
def test_patience_doubles_up_to_a_limit(attempts: int, seconds: float) -> None:
    clock = FakeClock()
    assert next_try(attempts, clock) == clock.now() + seconds * 1000


def test_nobody_is_asked_sooner_than_they_said_but_perhaps_later() -> None:
    clock = FakeClock()
    assert next_try(1, clock, retry_after=30) == clock.now() + 30_000
    assert next_try(5, clock, retry_after=1) == clock.now() + 32_000


@given(st.integers(1, 1000), st.none() | st.floats(0, 86400))
def test_the_next_try_is_always_in_the_future_and_within_patience(attempts: int, retry_after: float | None) -> None:
    clock = Clock()
    before = clock.now()
    at = next_try(attempts, clock, retry_after=retry_after)
    assert at > before
    assert at <= clock.now() + 1000 * max(LAST_CEILING, retry_after or 0) + 1
