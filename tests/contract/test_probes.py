"""What holds for every checker that has to be told what to look at, whatever it is."""

from __future__ import annotations

import dataclasses
import re
import typing
from pathlib import Path
from typing import Any

import pytest

from srvmaint import registry
from srvmaint.checkers import PACKAGE, Needs
from srvmaint.checkers._run import Runner, build
from srvmaint.config.host import load_host
from srvmaint.config.render import example
from srvmaint.model import CheckResult, CheckStatus
from srvmaint.settings import describe, needs_settings
from tests.checkers.hosts import FakeHost

NAMES = tuple(name for name in registry.names(PACKAGE) if needs_settings(registry.load(PACKAGE, name).Config))
NOWHERE: dict[str, str] = {
    "network": 'hosts = ["nobody.invalid", "nobody-else.invalid"]',
    "file": 'files = [{ path = "/nobody.invalid" }, { path = "/nobody-else.invalid" }]',
    "certificate": 'targets = [{ address = "nobody.invalid" }, { address = "nobody-else.invalid" }]',
    "http": 'targets = [{ url = "http://nobody.invalid" }, { url = "http://nobody-else.invalid" }]',
    "dns": 'targets = [{ name = "nobody.invalid" }, { name = "nobody-else.invalid" }]\nservers = ["127.0.0.1:9"]',
    "tcp": 'targets = [{ address = "nobody.invalid:1" }, { address = "nobody-else.invalid:1" }]',
}
"""Settings of each with which there is nothing to be found, at once and without a network."""


def configured(tmp_path: Path, name: str, text: str) -> Any:
    file = tmp_path / "srvmaint.toml"
    file.write_text(f"[checkers.{name}]\n{text}\n")
    return load_host(file, {"HOME": str(tmp_path)}).checkers.drivers[name]


def run(name: str, config: Any) -> CheckResult:
    host = FakeHost()
    [result] = Runner(build([name], {name: config}, host), clock=host.clock, timeout=30).run([name])
    return result


@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_be_found_is_critical_is_named_and_is_one_line(tmp_path: Path, name: str) -> None:
    result = run(name, configured(tmp_path, name, NOWHERE[name]))
    assert (result.checker, result.status) == (name, CheckStatus.CRITICAL)
    assert "nobody.invalid" in result.message
    assert "nobody-else.invalid" in result.message
    assert "\n" not in result.message
    assert "cannot check" not in result.message
    assert len({metric.name for metric in result.metrics}) == len(result.metrics)
    assert len(result.details) == 2


@pytest.mark.parametrize("name", NAMES)
def test_it_is_off_and_needs_its_section_and_the_example_shows_one(tmp_path: Path, name: str) -> None:
    default = load_host(None, {"HOME": str(tmp_path)}, tmp_path)
    assert name not in default.checkers.enabled
    assert name not in default.checkers.drivers
    text = example()
    assert f"#[checkers.{name}]\n" in text
    block = text.partition(f"#[checkers.{name}]\n")[2].partition("\n\n")[0]
    written = re.sub(r"^#(?=\S|  \{)", "", block, flags=re.MULTILINE)
    assert configured(tmp_path, name, written).problems() == []


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_explains_itself(name: str) -> None:
    def all_of(section: Any) -> list[Any]:
        found: list[Any] = list(describe(section))
        for item in list(found):
            for inner in typing.get_args(item.type):
                found += all_of(inner) if dataclasses.is_dataclass(inner) else []
        return found

    assert all(item.help for item in all_of(registry.load(PACKAGE, name).Config))


@pytest.mark.parametrize("name", NAMES)
def test_it_says_as_data_what_it_needs_of_the_machine(name: str) -> None:
    needs = registry.load(PACKAGE, name).NEEDS
    assert isinstance(needs, Needs)
    assert any(needs)
    assert all(path.startswith(("/", "<")) for path in needs.files)
