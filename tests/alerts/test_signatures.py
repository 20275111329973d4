"""Signatures of senders, with vectors that were not made by this code."""

from __future__ import annotations

from typing import Any

import pytest

from srvmaint.alerts._access import Access, Proof
from srvmaint.alerts._signatures import GrafanaSigned, HubSigned, PagerDutySigned
from srvmaint.errors import UnauthorizedError
from srvmaint.settings import Secret
from tests.alerts.test_access import nothing, problems, shown

SECRET = Secret("example-secret")
PING = '{"event":{"id":"01EX","event_type":"pagey.ping","data":{"message":"ℙ"}}}'.encode()
PING_SIGNED = "v1=55fd74be7e84cbe6d3ff66a1689c6fd3787582dfad0e6dc6a26d1e41025cb9c5"
EMPTY = b'{"status":"firing","alerts":[]}'
EMPTY_SIGNED = "b520b9c05aaca3e4c1092517d1f5f196818e2b581014ccd389ea35562ed86f46"
EMPTY_SIGNED_AT = "c167b7e9073969a6470dbf61fa6ef564734e5bcf76714bb8f1f8269135ee9584"
AT = 1_700_000_000
OTHER = "0" * 64


def proof(config: Access) -> Proof:
    (found,) = config.proofs()
    return found


@pytest.mark.parametrize(
    "value",
    [
        PING_SIGNED,
        f"v1={OTHER},{PING_SIGNED}",
        f"v2={OTHER}, {PING_SIGNED} ,v1=",
        PING_SIGNED.upper().replace("V1", "v1"),
    ],
)
def test_pagerduty_may_sign_with_several_secrets_and_one_has_to_fit(value: str) -> None:
    request = shown({"x-pagerduty-signature": value}, body=PING)
    assert proof(PagerDutySigned(signing_secret=SECRET)).fault(request) is None


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "has no header X-PagerDuty-Signature"),
        ({"X-PagerDuty-Signature": ""}, "nothing that begins with v1="),
        ({"X-PagerDuty-Signature": PING_SIGNED.replace("v1", "v2")}, "nothing that begins with v1="),
        ({"X-PagerDuty-Signature": f"v1={OTHER}"}, "not the signature of this body"),
        ({"X-PagerDuty-Signature": "v1=ℙ\udcff"}, "not the signature of this body"),
        ({"X-PagerDuty-Signature": PING_SIGNED[:-1]}, "not the signature of this body"),
    ],
)
def test_a_pagerduty_signature_that_does_not_fit_is_named(headers: dict[str, str], reason: str) -> None:
    assert reason in str(proof(PagerDutySigned(signing_secret=SECRET)).fault(shown(headers, body=PING)))


def test_a_signature_is_that_of_these_very_bytes() -> None:
    request = shown({"X-PagerDuty-Signature": PING_SIGNED}, body=PING.replace(b"01EX", b"01EY"))
    assert "not the signature" in str(proof(PagerDutySigned(signing_secret=SECRET)).fault(request))
    request = shown({"X-PagerDuty-Signature": PING_SIGNED}, body=PING)
    assert "not the signature" in str(proof(PagerDutySigned(signing_secret=Secret("other"))).fault(request))


def test_grafana_signs_without_a_prefix_in_a_header_of_ones_choice() -> None:
    request = shown({"X-Grafana-Alerting-Signature": EMPTY_SIGNED}, body=EMPTY)
    assert proof(GrafanaSigned(signing_secret=SECRET)).fault(request) is None
    request = shown({"X-Mine": EMPTY_SIGNED}, body=EMPTY)
    assert proof(GrafanaSigned(signing_secret=SECRET, signature_header="X-Mine")).fault(request) is None
    assert "has no header" in str(proof(GrafanaSigned(signing_secret=SECRET)).fault(request))


def at(seconds: str, *, now: int = AT, signature: str = EMPTY_SIGNED_AT) -> Any:
    headers = {"X-Grafana-Alerting-Signature": signature, **({"X-Time": seconds} if seconds else {})}
    request = shown(headers, body=EMPTY)
    return type(request)(request.headers, request.token, request.body, now * 1000)


@pytest.mark.parametrize("skew", [0, 300, -300])
def test_grafana_may_sign_the_time_as_well(skew: int) -> None:
    config = GrafanaSigned(signing_secret=SECRET, timestamp_header="X-Time")
    assert proof(config).fault(at(str(AT), now=AT + skew)) is None


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (at(str(AT), now=AT + 301), "is 301 s off this host's clock"),
        (at(str(AT), now=AT - 301), "is 301 s off this host's clock"),
        (at(""), "has no header X-Time"),
        (at("soon"), "no time in unix seconds"),
        (at("-5"), "no time in unix seconds"),
        (at("٣"), "no time in unix seconds"),
        (at("9" * 5000), "no time in unix seconds"),
        (at(str(AT + 1)), "not the signature"),
        (at(str(AT), signature=EMPTY_SIGNED), "not the signature"),
    ],
)
def test_a_signed_time_that_is_missing_old_or_another_is_refused(request_: Any, reason: str) -> None:
    config = GrafanaSigned(signing_secret=SECRET, timestamp_header="X-Time")
    assert reason in str(proof(config).fault(request_))


def test_others_sign_as_github_does() -> None:
    request = shown({"X-Hub-Signature-256": f"sha256={EMPTY_SIGNED}"}, body=EMPTY)
    assert proof(HubSigned(signing_secret=SECRET)).fault(request) is None
    request = shown({"X-Hub-Signature-256": EMPTY_SIGNED}, body=EMPTY)
    assert "nothing that begins with sha256=" in str(proof(HubSigned(signing_secret=SECRET)).fault(request))


async def test_one_valid_proof_of_those_configured_is_enough() -> None:
    gate = GrafanaSigned(token=Secret("t"), signing_secret=SECRET).gate("grafana", nothing)
    assert gate is not None
    await gate.admit(shown({"X-Grafana-Alerting-Signature": EMPTY_SIGNED}, body=EMPTY))
    await gate.admit(shown({"Authorization": "Bearer t"}, body=EMPTY))
    with pytest.raises(UnauthorizedError, match=r"no token .*, and it has no header .* `token` or `signing_secret`"):
        await gate.admit(shown(body=EMPTY))


async def test_a_driver_that_asks_only_for_a_signature_names_no_way_to_send_a_token() -> None:
    gate = PagerDutySigned(signing_secret=SECRET).gate("pagerduty", nothing)
    assert gate is not None
    with pytest.raises(UnauthorizedError) as caught:
        await gate.admit(shown({"Authorization": "Bearer example-secret"}, body=PING))
    assert caught.value.challenge == ""
    assert "example-secret" not in f"{caught.value}{gate.__dict__}"


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"timestamp_header": "X-Time"}, "has `timestamp_header` without `signing_secret`"),
        ({"signing_secret": "x", "timestamp_header": "a:b"}, "timestamp_header must be the name of a header"),
        ({"signing_secret": "x", "signature_header": ""}, "signature_header must be the name of a header"),
        ({"token_header": "X"}, "has `token_header` without `token`"),
    ],
)
def test_settings_of_signatures_that_cannot_work_are_named(table: dict[str, Any], reason: str) -> None:
    (problem,) = problems(GrafanaSigned, table)
    assert reason in problem.message
