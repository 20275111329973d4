from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srvmaint.settings import Decoder, Duration, Percent, Secret, Size, describe, join, setting


class Colour(StrEnum):
    """A closed list."""

    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Inner:
    """A section in a section."""

    port: int = setting(1, help="a port", minimum=1, maximum=10)


@dataclass(frozen=True)
class Outer:
    """One field of every kind."""

    url: str = setting(help="where to")
    wait: Duration = setting(Duration(5), help="how long", minimum=1, maximum=60)
    level: float = setting(1.0, help="a number")
    colour: Colour = setting(Colour.RED, help="a colour")
    mode: str = setting("a", help="a mode", choices=("a", "b"))
    token: Secret | None = setting(None, help="a token")
    names: tuple[str, ...] = setting((), help="names")
    headers: dict[str, Secret] = setting({}, help="headers")
    inner: Inner = setting(Inner(), help="nested")
    filled_in: str = "by somebody else"


@dataclass(frozen=True)
class Levels:
    """Two fields that must agree."""

    warning: Percent = setting(Percent(80), help="low")
    critical: Percent = setting(Percent(90), help="high")

    def problems(self) -> list[str]:
        """What neither field can know."""
        return ["warning must be below critical"] if self.warning >= self.critical else []


def read_secret(raw: object) -> Secret:
    if isinstance(raw, str):
        return Secret(raw)
    raise ValueError("must be a string")


def decode(table: Mapping[str, Any], kind: type = Outer) -> tuple[Any, dict[str, str]]:
    decoder = Decoder(read_secret)
    value = decoder.section(kind, table, "top")
    return value, {problem.path: problem.message for problem in decoder.problems}


@given(st.integers(0, 10**9), st.sampled_from(["ms", "s", "m", "h", "d", "w"]))
def test_a_duration_is_written_so_that_it_reads_back_the_same(count: int, unit: str) -> None:
    try:
        duration = Duration.parse(f"{count}{unit}")
    except ValueError:
        assert count * {"m": 60, "h": 3600, "d": 86400, "w": 604800}[unit] > 36500 * 86400
    else:
        assert Duration.parse(str(duration)) == pytest.approx(duration, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("24h", "24h"), ("90d", "90d"), ("1w", "7d"), ("60s", "1m"), ("90s", "90s"), ("0s", "0s"), ("1.5s", "1500ms")],
)
def test_a_duration_is_shown_in_the_unit_a_person_would_use(text: str, shown: str) -> None:
    assert str(Duration.parse(text)) == shown


@pytest.mark.parametrize("wrong", ["", "5", "5 minutes", "-5s", "1e3s", 5, None, True, "9" * 400 + "s", "٥s"])
def test_what_is_no_duration_is_refused_with_an_example(wrong: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        Duration.parse(wrong)


@given(st.integers(0, 10**9), st.sampled_from(["B", "KB", "MB", "GB", "KiB", "MiB", "GiB"]))
def test_a_size_is_written_so_that_it_reads_back_the_same(count: int, unit: str) -> None:
    size = Size.parse(f"{count}{unit}")
    if size < 10**12:
        assert Size.parse(str(size)) == size


@pytest.mark.parametrize("wrong", ["", "10", "ten", "10 apples", 10, "9" * 400 + "MB"])
def test_what_is_no_size_is_refused_with_an_example(wrong: object) -> None:
    with pytest.raises(ValueError, match="must be a size"):
        Size.parse(wrong)


@pytest.mark.parametrize("wrong", [-1, 100.1, float("nan"), float("inf"), "80", True, None])
def test_a_percentage_is_a_number_from_0_to_100(wrong: object) -> None:
    with pytest.raises(ValueError, match="percentage"):
        Percent.parse(wrong)


def test_a_secret_shows_where_it_came_from_and_never_itself() -> None:
    secret = Secret("canary", "env NAME")
    assert "canary" not in f"{secret} {secret!r} {[secret]}"
    assert repr(secret) == "<secret from env NAME>"
    assert secret.reveal() == "canary"


def test_a_table_becomes_its_section_with_every_default() -> None:
    value, problems = decode({"url": "x", "wait": "30s", "level": 2, "colour": "blue", "names": ["a", "b"]})
    assert problems == {}
    assert value == Outer(url="x", wait=Duration(30), level=2.0, colour=Colour.BLUE, names=("a", "b"))
    assert isinstance(value.level, float)


def test_secrets_are_read_inside_tables_too() -> None:
    value, problems = decode({"url": "x", "headers": {"Authorization": "canary"}})
    assert problems == {}
    assert value.headers["Authorization"].reveal() == "canary"


def test_every_problem_is_reported_at_once_and_under_its_own_path() -> None:
    value, problems = decode(
        {
            "wait": "2m",
            "level": float("inf"),
            "colour": "bleu",
            "mode": "c",
            "token": 5,
            "names": ["a", 1],
            "headers": [],
            "inner": {"port": 11, "prot": 1},
            "nmes": [],
            'a "b"\n': 1,
            "filled_in": "x",
        }
    )
    assert value is None
    assert problems["top.url"] == "is required: where to"
    assert problems["top.wait"] == "must be at most 1m"
    assert problems["top.colour"] == "must be one of red, blue: did you mean 'blue'?"
    assert problems["top.nmes"] == "unknown key: did you mean 'names'?"
    assert set(problems) == {
        "top.url", "top.wait", "top.level", "top.colour", "top.mode", "top.token", "top.names[1]", "top.headers",
        "top.inner.port", "top.inner.prot", "top.nmes", 'top."a \\"b\\"\\n"', "top.filled_in",
    }  # fmt: skip


@pytest.mark.parametrize("wrong", ["x", 5, None, [], True])
def test_what_is_no_table_is_said_to_be_none(wrong: Any) -> None:
    assert decode(wrong) == (None, {"top": "must be a table"})


@pytest.mark.parametrize(("key", "wrong"), [("port", True), ("port", 1.0), ("port", "1"), ("port", 10**30)])
def test_a_whole_number_is_neither_a_boolean_nor_a_fraction_nor_endless(key: str, wrong: object) -> None:
    value, problems = decode({key: wrong}, Inner)
    assert value is None
    assert list(problems) == ["top.port"]


def test_a_section_is_asked_what_no_single_field_can_know_and_only_once_the_fields_are_good() -> None:
    assert decode({"warning": 95}, Levels) == (None, {"top": "warning must be below critical"})
    assert decode({"warning": 95, "critical": "x"}, Levels)[1] == {"top.critical": "must be a percentage from 0 to 100"}
    assert decode({"warning": 10}, Levels)[0] == Levels(warning=Percent(10))


def test_a_section_tells_about_its_settings_in_order_and_leaves_out_other_fields() -> None:
    items = {item.name: item for item in describe(Outer)}
    assert list(items)[:3] == ["url", "wait", "level"]
    assert "filled_in" not in items
    assert items["url"].required
    assert items["token"].secret
    assert items["headers"].secret
    assert items["wait"].type_name == "duration"
    assert items["names"].type_name == "list"
    assert items["inner"].type_name == "table"


def test_a_path_is_dotted_and_quotes_what_toml_would_quote() -> None:
    assert join("", "a") == "a"
    assert join("a", "b-c_1") == "a.b-c_1"
    assert join("a", "b.c") == 'a."b.c"'
    assert "\n" not in join("a", "b\nc")
