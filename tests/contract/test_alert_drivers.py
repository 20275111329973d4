"""What holds for every alert driver there is: total, bounded, encodable, and sure of its own bodies."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srvmaint import registry
from srvmaint.alerts import PACKAGE, Driver, _limits
from srvmaint.alerts._decode import decode
from srvmaint.alerts._detect import by_precedence, detect
from srvmaint.clock import iso
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus

NAMES = registry.names(PACKAGE)
EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "webhooks").glob("*.json"))
GIVEN = Path(__file__).parents[3] / "shared" / "payloads"
BODIES = EXAMPLES + sorted(path for path in GIVEN.glob("*/*.json") if not path.name.endswith(".expected.json"))
CODES = {"undetected", "no_alerts", "too_many_alerts"}
KEYS = sorted(
    {"alerts", "status", "state", "labels", "annotations", "tags", "name", "title", "message", "summary", "severity"}
    | {"startsAt", "endsAt", "fingerprint", "id", "source", "groupKey", "commonLabels", "groupLabels", "receiver"}
    | {"alertname", "generatorURL", "timestamp", "host", "event", "data", "url", "resolved", "alert", "description"}
)

anything = st.text(st.characters(exclude_categories=()), max_size=12)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    anything,
    st.sampled_from(["firing", "resolved", "0001-01-01"]),
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | anything, inner, max_size=6)
        | inner.map(lambda entry: {"alerts": [entry], "groupKey": 1, "status": "firing"})
    ),
    max_leaves=20,
)


def drivers() -> dict[str, Driver]:
    modules = {name: registry.load(PACKAGE, name) for name in by_precedence(NAMES)}
    return {name: module.Driver(module.Config()) for name, module in modules.items()}


def read(driver: Driver, payload: Any) -> None:
    """Detect and parse: alerts fit for every later stage, or a named refusal. Whatever else happens fails the test."""
    claim = driver.detect(payload)
    assert claim is None or claim
    try:
        parsed = driver.parse(payload)
    except PayloadError as error:
        refusal = error
    else:
        assert parsed.alerts or parsed.ignored
        for alert in parsed.alerts:
            check(alert)
        return
    assert refusal.code in CODES
    assert str(refusal).startswith("cannot ")


def check(alert: Alert) -> None:
    """What every later stage relies on."""
    assert alert.name.isprintable()
    assert 0 < len(alert.name) <= _limits.MAX_NAME
    assert 0 < len(alert.fingerprint) <= _limits.MAX_ID
    assert len(alert.description) <= _limits.MAX_DESCRIPTION
    assert len(alert.generator_url) <= _limits.MAX_URL
    assert all(len(text) <= _limits.MAX_LABEL for pair in alert.labels.items() for text in pair)
    assert all(len(text) <= _limits.MAX_ANNOTATION for pair in alert.annotations.items() for text in pair)
    assert alert.ends_at is None or alert.status is AlertStatus.RESOLVED
    assert (iso(alert.starts_at) or "Z").endswith("Z")
    assert (iso(alert.ends_at) or "Z").endswith("Z")
    written = json.dumps(msgspec.structs.asdict(alert), ensure_ascii=False, allow_nan=False)
    assert "\\u0000" not in written
    assert written.encode()


@pytest.mark.parametrize("name", NAMES)
def test_a_driver_module_has_its_three_parts(name: str) -> None:
    module = registry.load(PACKAGE, name)
    assert isinstance(module.PRECEDENCE, int)
    assert dataclasses.is_dataclass(module.Config())
    assert drivers()[name].detect(None) is None


def test_no_two_drivers_are_asked_at_the_same_moment() -> None:
    assert len({registry.load(PACKAGE, name).PRECEDENCE for name in NAMES}) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
@settings(database=None, deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(payload=values)
def test_any_json_value_becomes_alerts_or_a_named_error(name: str, payload: Any) -> None:
    read(drivers()[name], payload)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_detected_as_its_driver_and_read_without_errors(example: Path) -> None:
    payload = decode(example.read_bytes())
    owner = example.stem.partition("-")[0]
    assert detect(drivers(), payload).driver == owner
    parsed = drivers()[owner].parse(payload)
    assert parsed.alerts
    assert parsed.errors == ()


def test_every_driver_has_an_example() -> None:
    assert {path.stem.partition("-")[0] for path in EXAMPLES} == set(NAMES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("name", NAMES)
def test_every_driver_reads_or_refuses_every_example(name: str, example: Path) -> None:
    read(drivers()[name], decode(example.read_bytes()))


@pytest.mark.parametrize(
    "resolved", [path for path in EXAMPLES if path.stem.endswith("-resolved")], ids=lambda p: p.stem
)
def test_a_resolved_example_is_the_same_alert_as_the_firing_one(resolved: Path) -> None:
    name = resolved.stem.partition("-")[0]
    (before,) = drivers()[name].parse(decode(resolved.with_name(f"{name}.json").read_bytes())).alerts
    (after,) = drivers()[name].parse(decode(resolved.read_bytes())).alerts
    assert (before.source, before.fingerprint) == (after.source, after.fingerprint)
    assert (before.status, after.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)


@pytest.mark.parametrize("body", BODIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_real_body_with_one_thing_wrong_gives_alerts_or_a_named_error(body: Path) -> None:
    payload = decode(body.read_bytes())
    available = drivers().values()
    for broken in mutations(payload):
        for driver in available:
            read(driver, broken)


def mutations(payload: Any) -> Iterator[Any]:
    """The body with one place at a time missing, or holding something that does not belong there."""
    deep: Any = "bottom"
    for _ in range(60):
        deep = [deep]
    strange: tuple[Any, ...] = (
        None, True, 0, -1, 10**30, float("inf"), "", "0", "\0", "cut \ud83d", "ℙ\u202e\n", "x" * 30_000, [], {}, [None],
        {"a": {"b": None}}, deep, 10**5000,
    )  # fmt: skip
    for path in paths(payload):
        for value in strange:
            yield replaced(payload, path, value)
        yield replaced(payload, path, None, drop=True)


def paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in the body; of a list only the first two members."""
    places: Any = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, member in places:
        yield (*above, key)
        if len(above) < 4:
            yield from paths(member, (*above, key))


def replaced(payload: Any, path: tuple[Any, ...], value: Any, *, drop: bool = False) -> Any:
    """A copy of the body that differs in one place."""
    result = copy.copy(payload)
    node = result
    for key in path[:-1]:
        node[key] = copy.copy(node[key])
        node = node[key]
    if drop:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return result
