"""What a sender may show instead of being let through by everybody: tokens, and what is said when they are wrong."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest
from multidict import CIMultiDict

from srvmaint.alerts import _access, generic
from srvmaint.alerts._access import Access, Gate, Shown
from srvmaint.errors import Problem, UnauthorizedError
from srvmaint.settings import Decoder, Secret
from tests.fakes import START

TOKEN = "t0k€n-canary"


async def nothing(url: str) -> bytes:
    raise AssertionError(f"nobody may ask for {url}")


def shown(headers: Mapping[str, str] | None = None, token: str = "", body: bytes = b"{}") -> Shown:
    return Shown(CIMultiDict(headers or {}), token, body, START)


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def gate(**settings: Any) -> Gate:
    found = Access(**settings).gate("grafana", nothing)
    assert found is not None
    return found


RIGHT = {
    "bearer": shown({"Authorization": f"Bearer {TOKEN}"}),
    "any case of the scheme": shown({"authorization": f"bearer  {TOKEN} "}),
    "basic": shown(basic("anybody", TOKEN)),
    "basic without a user": shown(basic("", TOKEN)),
    "header": shown({"x-key": TOKEN}),
    "url": shown(token=TOKEN),
    "one of several": shown({"Authorization": "Bearer wrong"}, token=TOKEN),
}
WRONG = {
    "nothing": (shown(), "it shows no token"),
    "another": (shown({"Authorization": "Bearer t0k€n"}), "not the right one"),
    "longer": (shown({"Authorization": f"Bearer {TOKEN}x"}), "not the right one"),
    "another scheme": (shown({"Authorization": f"Digest {TOKEN}"}), "it shows no token"),
    "no scheme": (shown({"Authorization": TOKEN}), "it shows no token"),
    "user of basic": (shown(basic(TOKEN, "x")), "not the right one"),
    "no base64": (shown({"Authorization": "Basic ***"}), "not the right one"),
    "another header": (shown({"X-Other": TOKEN}), "it shows no token"),
    "bytes that are no text": (shown({"X-Key": "\udcff"}), "not the right one"),
    "half a character": (shown(token="\udfff"), "not the right one"),
}


@pytest.mark.parametrize("case", RIGHT)
async def test_the_token_is_taken_from_wherever_a_sender_can_put_it(case: str) -> None:
    await gate(token=Secret(TOKEN), token_header="X-Key").admit(RIGHT[case])


@pytest.mark.parametrize("case", WRONG)
async def test_whoever_shows_no_token_or_another_is_refused_and_told_what_is_missing(case: str) -> None:
    request, reason = WRONG[case]
    with pytest.raises(UnauthorizedError) as caught:
        await gate(token=Secret(TOKEN), token_header="X-Key").admit(request)
    assert caught.value.code == "unauthorized"
    assert reason in str(caught.value)
    assert "[alerts.grafana] asks for with `token`" in str(caught.value)
    assert caught.value.challenge == 'Bearer realm="srvmaint", Basic realm="srvmaint"'
    assert "canary" not in f"{caught.value!r}{request!r}"


def test_without_settings_nothing_stands_before_a_driver() -> None:
    assert Access().gate("grafana", nothing) is None
    assert generic.Config().gate("generic", nothing) is None


async def test_a_header_of_its_own_is_only_looked_at_when_it_is_named() -> None:
    with pytest.raises(UnauthorizedError):
        await gate(token=Secret(TOKEN)).admit(shown({"X-Key": TOKEN}))


def test_what_holds_the_token_does_not_show_it() -> None:
    (proof,) = Access(token=Secret(TOKEN)).proofs()
    assert "canary" not in repr(proof)


def problems(section: type, table: dict[str, Any]) -> list[Problem]:
    decoder = Decoder(lambda value: Secret(str(value)))
    decoder.section(section, table, "alerts.x")
    return decoder.problems


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"token_header": "X-Key"}, "has `token_header` without `token`"),
        ({"token": "x", "token_header": "X Key"}, "token_header must be the name of a header"),
        ({"token": "x", "token_header": ""}, "token_header must be the name of a header"),
        ({"token": "x", "token_header": "X-Kéy"}, "token_header must be the name of a header"),
    ],
)
def test_settings_that_cannot_work_are_named(table: dict[str, Any], reason: str) -> None:
    (problem,) = problems(Access, table)
    assert reason in problem.message


def test_a_token_whose_bytes_are_no_text_is_no_defect() -> None:
    (proof,) = Access(token=Secret("\udcff")).proofs()
    assert proof.fault(shown({"Authorization": "Bearer \udcff"})) is None


def test_comparing_takes_the_bytes_as_they_came() -> None:
    assert _access.raw("caf\udce9") == b"caf\xe9"
