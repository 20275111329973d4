from __future__ import annotations

from typing import Any

import pytest

from srvmaint import registry
from srvmaint.alerts import PACKAGE, Driver
from srvmaint.alerts._detect import by_precedence, detect
from srvmaint.errors import PayloadError, UsageError


def drivers(*names: str) -> dict[str, Driver]:
    modules = {name: registry.load(PACKAGE, name) for name in by_precedence(names or registry.names(PACKAGE))}
    return {name: module.Driver(module.Config()) for name, module in modules.items()}


def test_the_most_specific_driver_is_asked_first_and_generic_last() -> None:
    assert by_precedence(registry.names(PACKAGE))[-1] == "generic"
    assert by_precedence(["generic", "alertmanager"]) == ("alertmanager", "generic")


def test_a_driver_that_does_not_exist_is_named() -> None:
    with pytest.raises(UsageError, match="did you mean 'alertmanager'"):
        by_precedence(["alertmanger"])


def test_the_answer_says_why() -> None:
    found = detect(drivers(), {"alerts": [], "groupKey": "k", "status": "firing"})
    assert found.driver == "alertmanager"
    assert found.reason == "a list `alerts` with `groupKey` and `status`"


def test_a_driver_that_is_not_enabled_is_not_asked() -> None:
    assert detect(drivers("generic"), {"alerts": [], "groupKey": "k", "status": "firing"}).driver == "generic"


@pytest.mark.parametrize(
    ("payload", "outline"),
    [
        ({"Type": "x", "Message": 1}, "an object with the keys 'Type', 'Message' fits"),
        ({str(n): n for n in range(20)}, "'7', ... fits"),
        ({}, "an empty object"),
        ([1, 2], "a list of 2"),
        ("secret text", "a bare value"),
        (None, "a bare value"),
    ],
)
def test_a_body_nobody_knows_is_outlined_without_its_values(payload: Any, outline: str) -> None:
    with pytest.raises(PayloadError) as caught:
        detect(drivers(), payload)
    assert caught.value.code == "undetected"
    assert outline in str(caught.value)
    assert "secret" not in str(caught.value)


def test_without_any_driver_nothing_is_detected() -> None:
    with pytest.raises(PayloadError, match="no enabled driver"):
        detect({}, {"name": "x"})
