from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.benchmarks.figures import Results

_RESULTS: Final = pytest.StashKey[Results]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_RESULTS] = Results()


@pytest.hookimpl(tryfirst=True)  # before `-m` looks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a benchmark, so that none can be forgotten."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.benchmark)


@pytest.fixture
def results(request: pytest.FixtureRequest) -> Results:
    """The table, narrated under the test's name."""
    return request.config.stash[_RESULTS]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = config.stash[_RESULTS].table()
    if lines:
        terminalreporter.section("ratios")
    for line in lines:
        terminalreporter.write_line(line)
