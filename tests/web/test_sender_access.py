"""Drivers that ask their sender for something: who is let in, what others are told, what becomes of their bodies."""

from __future__ import annotations

import dataclasses
import gzip
import hmac
import json
from base64 import b64encode
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import pytest

from srvmaint import registry
from srvmaint.alerts import PACKAGE
from srvmaint.alerts._access import Gate, Shown
from srvmaint.alerts._signatures import HubSigned
from srvmaint.errors import ConfigError, TransientError
from srvmaint.settings import Secret
from tests.opened import configured
from tests.web.conftest import QUICK, Face, Serve

EXAMPLES = Path(__file__).parents[2] / "examples" / "webhooks"
NAMES = [name for name in registry.names(PACKAGE) if (EXAMPLES / f"{name}.json").exists()]
TOKEN: Final = "hunter2-token"
SECRET: Final = "hunter2-secret"
BODY: Final = b'{"name": "disk full"}'
BEARER: Final = {"Authorization": f"Bearer {TOKEN}"}
GENERIC: Final = f'[alerts.generic]\ntoken = "{TOKEN}"\ntoken_header = "X-Key"\nsigning_secret = "{SECRET}"\n{QUICK}'
EVERY: Final = "".join(f'[alerts.{name}]\ntoken = "{TOKEN}"\n' for name in registry.names(PACKAGE)) + QUICK


def signed(body: bytes) -> dict[str, str]:
    return {"X-Hub-Signature-256": f"sha256={hmac.digest(SECRET.encode(), body, 'sha256').hex()}"}


PROOFS: dict[str, tuple[str, dict[str, Any]]] = {
    "bearer": ("", {"headers": BEARER}),
    "basic": ("", {"headers": {"Authorization": "Basic " + b64encode(f"any:{TOKEN}".encode()).decode()}}),
    "header": ("", {"headers": {"x-key": TOKEN}}),
    "url": (f"?token={quote(TOKEN)}", {}),
    "signature": ("", {"headers": signed(BODY)}),
}


@pytest.mark.parametrize("address", ["/alerts/webhook/generic", "/alerts/webhook/"])
@pytest.mark.parametrize("proof", PROOFS)
async def test_a_sender_with_any_of_the_proofs_is_let_in(serve: Serve, proof: str, address: str) -> None:
    face = await serve(GENERIC)
    query, options = PROOFS[proof]
    assert (await face.post(address + query, BODY, **options)).status == 202


@pytest.mark.parametrize("name", NAMES)
async def test_every_driver_asks_for_its_token_whether_the_address_names_it_or_not(serve: Serve, name: str) -> None:
    face = await serve(f'[alerts.{name}]\ntoken = "{TOKEN}"\n{QUICK}')
    body = (EXAMPLES / f"{name}.json").read_bytes()
    for address in (f"/alerts/webhook/{name}/", "/alerts/webhook/"):
        refused = await face.post(address, body)
        assert (refused.status, refused.body["error"]) == (401, "unauthorized"), address
        assert f"[alerts.{name}]" in refused.body["message"]
        assert refused.headers["WWW-Authenticate"] == 'Bearer realm="srvmaint", Basic realm="srvmaint"'
        assert (await face.post(address, body, headers=BEARER)).status in {200, 202}
    assert (await face.get("/rejected/?code=unauthorized")).body["items"][0]["code"] == "unauthorized"


async def test_a_driver_without_a_secret_lets_everybody_in_beside_one_with(serve: Serve) -> None:
    face = await serve(f'[alerts.alertmanager]\ntoken = "{TOKEN}"\n{QUICK}')
    for address in ("/alerts/webhook/", "/alerts/webhook/generic/"):
        assert (await face.post(address, BODY)).status == 202
        assert (await face.get(address)).status == 200
    assert (await face.post("/alerts/webhook/", b"{")).status == 400
    assert (await face.post("/alerts/webhook/zabix/", b"{")).status == 404


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "it shows no token"),
        ({"Authorization": "Bearer wrong"}, "the token it shows is not the right one"),
        (signed(b"another body"), "X-Hub-Signature-256 is not the signature of this body"),
    ],
)
async def test_a_sender_that_is_refused_is_told_what_is_wrong_and_never_the_secret(
    serve: Serve, headers: dict[str, str], reason: str
) -> None:
    face = await serve(GENERIC)
    reply = await face.post("/alerts/webhook/generic/", BODY, headers=headers)
    assert reply.status == 401
    assert reason in reply.body["message"]
    assert "`token` or `signing_secret`" in reply.body["message"]
    assert "hunter2" not in str(reply)


async def test_the_body_of_a_sender_that_shows_nothing_is_not_read(serve: Serve) -> None:
    face = await serve(GENERIC)
    for body in (b"{", b"[" * 100_000, gzip.compress(b" " * 20_000_000)):
        reply = await face.post("/alerts/webhook/generic/", body, headers={"Content-Encoding": "gzip"})
        assert reply.status == 401
    assert (await face.post("/alerts/webhook/generic/", b"{", headers=BEARER)).status == 400


async def test_what_is_signed_are_the_bytes_as_they_came(serve: Serve) -> None:
    face = await serve(GENERIC)
    packed = gzip.compress(BODY)
    headers = {"Content-Encoding": "gzip"}
    assert (await face.post("/alerts/webhook/generic/", packed, headers=headers | signed(packed))).status == 202
    assert (await face.post("/alerts/webhook/generic/", packed, headers=headers | signed(BODY))).status == 401


@pytest.mark.parametrize("address", ["/alerts/webhook/", "/alerts/webhook/zabix/"])
async def test_where_all_ask_for_something_a_stranger_learns_nothing_and_is_not_read(
    serve: Serve, address: str
) -> None:
    face = await serve(EVERY)
    for body in (BODY, b"{", b'{"hello": "world"}'):
        reply = await face.post(address, body)
        assert (reply.status, reply.body["error"]) == (401, "unauthorized")
        assert "drivers" not in reply.body
    assert (await face.get(address)).status == 401
    assert {item["code"] for item in (await face.get("/rejected/")).body["items"]} == {"unauthorized"}
    known = await face.post(address, b'{"hello": "world"}', headers=BEARER)
    assert known.status == (404 if "zabix" in address else 422)


async def test_a_test_of_the_connection_needs_the_secret_as_well(serve: Serve) -> None:
    face = await serve(GENERIC)
    address = "/alerts/webhook/generic/"
    assert (await face.get(address, headers=BEARER)).body == {"status": "ok", "driver": "generic"}
    assert (await face.get(f"{address}?token={TOKEN}")).status == 200
    refused = await face.get(address)
    assert (refused.status, refused.body["error"]) == (401, "unauthorized")
    assert "rejected_id" not in refused.body
    assert (await face.request("HEAD", address)).status == 401
    assert (await face.get("/alerts/webhook/alertmanager/")).status == 200


async def test_a_refused_body_is_kept_without_the_token_and_an_operator_can_offer_it_again(serve: Serve) -> None:
    face = await serve(GENERIC)
    headers = {"Authorization": "Bearer hunter2-old", "User-Agent": "cron"}
    form = b"payload=" + quote('{"name": "after a rotation"}').encode()
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    refused = await face.post("/alerts/webhook/generic/?token=hunter2-older", form, headers=headers)
    kept = (await face.get(f"/rejected/{refused.body['rejected_id']}/")).body
    assert kept["headers"] == {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "cron"}
    assert (kept["body"], kept["driver"], kept["code"]) == (form.decode(), "generic", "unauthorized")
    assert "hunter2" not in json.dumps(kept)
    replayed = await face.post(f"/rejected/{kept['id']}/replay/")
    assert (replayed.status, replayed.body["alerts"]["created"]) == (202, 1)
    assert (await face.get("/alerts/?name=after%20a%20rotation")).body["items"]


async def test_a_new_secret_takes_effect_with_a_reload(serve: Serve, tmp_path: Path) -> None:
    face = await serve(QUICK)
    assert (await face.post("/alerts/webhook/generic/", BODY)).status == 202
    await face.services.reload(configured(tmp_path, GENERIC))
    assert (await face.post("/alerts/webhook/generic/", BODY)).status == 401
    assert (await face.post("/alerts/webhook/generic/", BODY, headers=BEARER)).status == 202


class Unreachable:
    """A proof that somebody else would have to confirm, who does not answer."""

    name = "sns_topics"

    async def fault(self, shown: Shown) -> str | None:
        raise TransientError(f"cannot GET https://sns.example/…: no answer about {len(shown.body)} bytes")


async def test_a_sender_who_cannot_be_judged_just_now_is_asked_to_come_again(face: Face) -> None:
    current = face.services.current
    gate = Gate("generic", HubSigned(signing_secret=Secret(SECRET)).proofs(), Unreachable())
    current.plan = dataclasses.replace(current.plan, gates={"generic": gate})
    for address in ("/alerts/webhook/generic/", "/alerts/webhook/"):
        reply = await face.post(address, BODY)
        assert (reply.status, reply.body["error"]) == (503, "unavailable")
        assert reply.headers["Retry-After"]
        assert (await face.post(address, BODY, headers=signed(BODY))).status == 202
    assert (await face.get("/rejected/")).body["items"] == []


def test_a_header_for_a_token_that_is_not_set_is_a_problem_of_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"alerts\.generic: has `token_header` without `token`"):
        configured(tmp_path, '[alerts.generic]\ntoken_header = "X-Key"\n')


async def test_a_form_is_taken_in(face: Face) -> None:
    form = aiohttp.FormData({"payload": '{"name": "from a form", "severity": "critical"}'})
    reply = await face.request("POST", "/alerts/webhook/", data=form)
    assert (reply.status, reply.body["driver"]) == (202, "generic")
    parts = aiohttp.FormData(default_to_multipart=True)
    parts.add_field("data", '{"name": "from parts"}')
    assert (await face.request("POST", "/alerts/webhook/generic/", data=parts)).status == 202
    plain = aiohttp.FormData({"name": "plain fields", "host": "web-1", "status": "down"})
    assert (await face.request("POST", "/alerts/webhook/", data=plain)).status == 202
    names = [item["name"] for item in (await face.get("/alerts/")).body["items"]]
    assert names == ["plain fields", "from parts", "from a form"]
