"""What holds for every shape of a wrapped body: total, alone with its own bodies, and silent about everybody else's."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srvmaint import registry
from srvmaint.alerts import PACKAGE as DRIVERS
from srvmaint.alerts import Parsed, _wrapped, generic
from srvmaint.alerts._decode import decode
from srvmaint.alerts.shapes import PACKAGE, Inner
from srvmaint.errors import PayloadError
from tests.alerts.wrapped_bodies import BODIES
from tests.contract.test_alert_drivers import check, paths, replaced

NAMES = registry.names(PACKAGE)
EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "webhooks").glob("*.json"))
GIVEN = Path(__file__).parents[3] / "shared" / "payloads"
CASES = sorted(path for path in GIVEN.glob("*/*.json") if not path.name.endswith(".expected.json"))
EVERY_KEY = sorted({key for name in NAMES for key in registry.load(PACKAGE, name).KEYS})

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(exclude_categories=()), max_size=12),
    st.sampled_from(["firing", "resolved", "1", "0001-01-01", "https://x/y", "*x*", "{{x}}"]),
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(EVERY_KEY) | st.text(max_size=6), inner)
    ),
    max_leaves=12,
)


def shape(name: str) -> ModuleType:
    return registry.load(PACKAGE, name)


def read(module: ModuleType, payload: Any) -> None:
    """Claim, and read what is claimed: alerts fit for every later stage, or a named refusal."""
    claim = module.claims(payload)
    if claim is None:
        return
    assert claim
    assert len(claim) < 200
    try:
        found = module.read(payload)
    except PayloadError as error:
        refusal = error
    else:
        parsed = found.otherwise if isinstance(found, Inner) else found
        assert isinstance(parsed, Parsed)
        assert parsed.alerts or parsed.ignored
        for alert in parsed.alerts:
            check(alert)
        return
    assert refusal.code == "no_alerts"
    assert str(refusal).startswith("cannot ")


@pytest.mark.parametrize("name", NAMES)
def test_a_shape_has_its_four_parts(name: str) -> None:
    module = shape(name)
    assert module.PRECEDENCE in (10, 50, 90)
    assert module.KEYS
    assert module.claims({}) is None
    assert callable(module.read)
    assert "https://" in (module.__doc__ or "")


@pytest.mark.parametrize("name", NAMES)
def test_every_shape_has_a_body(name: str) -> None:
    assert name in BODIES


@pytest.mark.parametrize("name", NAMES)
def test_no_shape_calls_its_alerts_what_a_driver_calls_its_own(name: str) -> None:
    assert name not in registry.names(DRIVERS)


@pytest.mark.parametrize("name", NAMES)
@settings(database=None, deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_object_is_left_alone_or_read(name: str, data: st.DataObject) -> None:
    """The values stand under the keys of the shape's own bodies, so that they get past its claim now and then."""
    module = shape(name)
    body = dict(data.draw(st.sampled_from(BODIES[name])))
    for key in data.draw(st.lists(st.sampled_from(sorted(body)), max_size=3)):
        body[key] = data.draw(values)
    read(module, body)
    read(module, data.draw(st.dictionaries(st.sampled_from([*module.KEYS, *body]), values, max_size=6)))


@pytest.mark.parametrize("name", NAMES)
def test_a_body_with_one_thing_wrong_is_left_alone_or_read(name: str) -> None:
    deep: Any = "bottom"
    for _ in range(60):
        deep = [deep]
    strange: tuple[Any, ...] = (
        None, True, 0, -1, 10**30, 10**5000, float("inf"), "", "\0", "cut \ud83d", "x" * 30_000, [], {}, [None],
        {"a": {"b": "\0"}}, deep,
    )  # fmt: skip
    for body in BODIES[name]:
        for path in paths(body):
            for value in strange:
                read(shape(name), replaced(body, path, value))


@pytest.mark.parametrize("name", NAMES)
def test_its_own_bodies_are_claimed_by_itself_alone(name: str) -> None:
    for body in BODIES[name]:
        assert [other for other in NAMES if shape(other).claims(body)] == [name]
        found = _wrapped.claim(body)
        assert found is not None
        assert found.name == name


@pytest.mark.parametrize("name", NAMES)
def test_the_generic_driver_reads_its_bodies(name: str) -> None:
    driver = generic.Driver()
    for body in BODIES[name]:
        assert driver.detect(body)
        parsed = driver.parse(body)
        assert parsed.errors == ()
        for alert in parsed.alerts:
            check(alert)


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_two_shapes_claim_a_given_body_and_none_that_of_a_driver(case: Path) -> None:
    payload = decode(case.read_bytes())
    claimed = [name for name in NAMES if isinstance(payload, dict) and shape(name).claims(payload)]
    assert len(claimed) <= (1 if case.parent.name == "generic" else 0)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_no_shape_claims_the_example_of_another_driver(example: Path) -> None:
    payload = decode(example.read_bytes())
    if not example.stem.startswith("generic-"):
        assert [name for name in NAMES if shape(name).claims(payload)] == []
