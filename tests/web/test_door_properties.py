"""Whatever is posted to whichever door: taken in, ignored with a reason, or refused and kept; never our own error."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srvmaint import registry
from srvmaint.alerts import PACKAGE
from srvmaint.alerts._decode import decode
from tests.contract.test_alert_drivers import EXAMPLES, paths, replaced, values
from tests.web.conftest import Face, Serve

NAMES: Final = registry.names(PACKAGE)
DOORS: Final = ("/alerts/webhook/", *(f"/alerts/webhook/{name}/" for name in NAMES))
SILENT: Final = '[[pipelines]]\nname = "direct"\npreset = "direct"\nchannels = []\n'
"""Every alert goes all the way, and nobody is told."""
PAYLOADS: Final = [decode(path.read_bytes()) for path in EXAMPLES]
PLACES: Final = [[*paths(payload)] for payload in PAYLOADS]
STRANGE: Final[tuple[Any, ...]] = (
    None, True, 0, -1, "7", 10**30, "", "\0", "cut \ud83d", "ℙ\u202e\n", "x" * 30_000, [], {}, [None], {"a": {"b": 1}},
)  # fmt: skip
TYPES: Final = (
    "", "application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
    "application/json; charset=utf-16", "application/json; charset=nonsense",
)  # fmt: skip
patient = settings(
    database=None,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A real body with up to four places missing, or holding what does not belong there."""
    number = draw(st.integers(0, len(PAYLOADS) - 1))
    payload = PAYLOADS[number]
    for path in draw(st.lists(st.sampled_from(PLACES[number]), min_size=1, max_size=4, unique=True)):
        try:
            payload = replaced(payload, path, draw(st.sampled_from(STRANGE) | values), drop=draw(st.booleans()))
        except (KeyError, IndexError, TypeError):  # what stood there has gone with the place above it
            continue
    return payload


async def offered(face: Face, door: str, body: bytes, content_type: str = "application/json") -> None:
    """Post it, and see that nothing of it is lost."""
    reply = await face.post(door, body, headers={"Content-Type": content_type})
    if reply.status == 202:
        assert reply.body["alerts"]["received"] > 0
    elif reply.status == 200:
        assert reply.body["reason"]
    else:
        assert 400 <= reply.status < 500, (reply.status, reply.body, door, body[:500])
        assert reply.body["message"].startswith("cannot ")
        kept = (await face.get(f"/rejected/{reply.body['rejected_id']}/")).body
        assert kept["body"] == body.decode("utf-8", "backslashreplace")
        assert kept["code"] == reply.body["error"]


async def offered_everywhere(face: Face, body: bytes, content_type: str = "application/json") -> None:
    async with asyncio.TaskGroup() as group:
        for door in DOORS:
            group.create_task(offered(face, door, body, content_type), name=door)


async def all_went_well(face: Face) -> None:
    """No alert that was taken in makes a run fail."""
    await face.until(
        "/orchestration/pipelines/?limit=500", lambda page: all(run["finished_at"] for run in page["items"])
    )
    assert (await face.get("/orchestration/pipelines/?state=failed")).body["items"] == []


@patient
@given(payload=values)
async def test_any_json_is_taken_in_or_refused_and_kept(face: Face, payload: Any) -> None:
    await offered_everywhere(face, json.dumps(payload).encode())


@pytest.fixture
async def silent(serve: Serve) -> Face:
    return await serve(SILENT)


@patient
@given(payload=mutated())
async def test_a_real_body_with_something_wrong_is_taken_in_or_refused_and_kept(silent: Face, payload: Any) -> None:
    await offered_everywhere(silent, json.dumps(payload).encode())
    await all_went_well(silent)


@patient
@given(
    body=st.binary(max_size=200) | st.sampled_from(EXAMPLES).map(Path.read_bytes), content_type=st.sampled_from(TYPES)
)
async def test_any_bytes_of_any_type_are_taken_in_or_refused_and_kept(
    silent: Face, body: bytes, content_type: str
) -> None:
    await offered_everywhere(silent, body, content_type)
