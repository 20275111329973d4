"""What holds for every alert driver there is, and those who send to it: a secret can be asked for, and stays one."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import pytest

from srvmaint import registry
from srvmaint.alerts import PACKAGE
from srvmaint.alerts._access import Access
from srvmaint.errors import UnauthorizedError
from srvmaint.settings import Secret, describe
from tests.alerts.test_access import nothing, shown

CANARY: Final = "c4n4ry-in-the-coal-mine"
NAMES = registry.names(PACKAGE)
SIGNS: Final = {"generic", "grafana", "pagerduty"}
"""Whose senders sign."""


def config_of(name: str, **settings: Any) -> Access:
    found: Access = registry.load(PACKAGE, name).Config(**settings)
    return found


def secrets_of(name: str) -> list[str]:
    return [item.name for item in describe(registry.load(PACKAGE, name).Config) if item.secret]


@pytest.mark.parametrize("name", NAMES)
async def test_whoever_has_the_token_is_let_in_and_nobody_else(name: str) -> None:
    gate = config_of(name, token=Secret(CANARY)).gate(name, nothing)
    assert gate is not None
    await gate.admit(shown({"Authorization": f"Bearer {CANARY}"}))
    for request in (shown(), shown(token=CANARY + "x"), shown({"Authorization": f"Bearer {CANARY[:-1]}"})):
        with pytest.raises(UnauthorizedError, match=rf"\[alerts\.{name}\] asks for with `token`"):
            await gate.admit(request)


@pytest.mark.parametrize("name", NAMES)
def test_without_secrets_nothing_stands_before_a_driver(name: str) -> None:
    config = config_of(name)
    assert config.gate(name, nothing) is None
    assert config.problems() == []


@pytest.mark.parametrize("name", NAMES)
def test_a_driver_has_a_secret_for_signatures_where_its_sender_signs(name: str) -> None:
    assert ("signing_secret" in secrets_of(name)) == (name in SIGNS)


@pytest.mark.parametrize("name", NAMES)
async def test_no_secret_is_in_any_text(name: str) -> None:
    config = config_of(name, **{key: Secret(CANARY) for key in secrets_of(name)})
    assert dataclasses.is_dataclass(config)
    gate = config.gate(name, nothing)
    assert gate is not None
    with pytest.raises(UnauthorizedError) as caught:
        await gate.admit(shown({"Authorization": f"Basic {CANARY}"}, token=CANARY[1:]))
    assert CANARY not in f"{config!r}{config.proofs()!r}{gate.__dict__!r}{caught.value!r}{caught.value.challenge}"
