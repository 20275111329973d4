"""The provider that asks a model, against a server that speaks the API's documented rules on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srvmaint.errors import PermanentError, StepError, TransientError
from srvmaint.intelligence import Subject, Tools
from srvmaint.intelligence.openai import LONGEST_TEXT, OPENAI, Config, Driver, _read
from srvmaint.model import CheckResult, CheckStatus, Metric, Priority, Recommendation, Verdict
from srvmaint.net.http import Client
from srvmaint.settings import Decoder, Duration, Secret
from tests.intelligence.alerts import alert
from tests.sink import Answer, Sink, hang

KEY = "sk-canary-0123456789abcdef"
DISK = CheckResult(
    "disk", CheckStatus.CRITICAL, "/ 97 % used", (Metric("used:/", 97.0, "%"),), id="ev-1", details=("/var/log 40 GiB",)
)
ADVICE = {
    "type": "disk",
    "priority": "high",
    "title": "Free space on /",
    "description": "97 % used",
    "actions": ["du -xh / | sort -h | tail"],
    "evidence": ["ev-1", "ev-invented", "ev-1"],
}


def completion(content: Any, **choice: Any) -> bytes:
    """https://platform.openai.com/docs/api-reference/chat/object."""
    text = content if isinstance(content, str) or content is None else json.dumps(content)
    message = {"role": "assistant", "content": text, "refusal": None}
    chosen = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None} | choice
    return json.dumps(
        {"id": "c1", "object": "chat.completion", "model": "m", "choices": [chosen], "usage": {}}
    ).encode()


def says(content: Any, **choice: Any) -> Answer:
    return Answer(headers={"Content-Type": "application/json"}, body=completion(content, **choice))


@asynccontextmanager
async def asking(*secrets: str, url: str, key: str | None = KEY, **more: Any) -> AsyncIterator[Driver]:
    """The provider, asking a server."""
    client = Client()
    config = Config(api_key=Secret(key) if key else None, base_url=url, **more)
    try:
        yield Driver(config, Tools(client, secrets))
    finally:
        await client.close()


SUBJECT = Subject("disk full", (alert("DiskFull"),), Verdict.CONFIRMED)


async def answered(answer: Answer, subject: Subject = SUBJECT) -> tuple[tuple[Recommendation, ...], Sink]:
    async with Sink(answer) as sink, asking(url=f"{sink.url}/v1/") as driver:
        return await driver.analyze(subject, (DISK,)), sink


async def refused(answer: Answer, **more: Any) -> StepError:
    async with Sink(answer) as sink, asking(url=f"{sink.url}/v1", **more) as driver:
        with pytest.raises(StepError) as refusal:
            await driver.analyze(SUBJECT, (DISK,))
        return refusal.value


async def test_an_answer_becomes_recommendations_with_the_evidence_that_was_shown() -> None:
    found, _ = await answered(says({"recommendations": [{**ADVICE, "priority": "low", "title": "later"}, ADVICE]}))
    assert [(each.title, each.priority) for each in found] == [
        ("Free space on /", Priority.HIGH),
        ("later", Priority.LOW),
    ]
    assert found[0] == Recommendation(
        "disk", Priority.HIGH, "Free space on /", "97 % used", ("du -xh / | sort -h | tail",), ("ev-1",)
    )


async def test_a_question_is_what_the_api_documents() -> None:
    _, sink = await answered(says({"recommendations": []}))
    [request] = sink.requests
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["Content-Type"] == "application/json"
    body = json.loads(request.body)
    assert (body["model"], body["max_tokens"], body["response_format"]) == (
        "gpt-4o-mini",
        1024,
        {"type": "json_object"},
    )
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert "JSON" in body["messages"][0]["content"]  # without the word the API refuses json_object
    about = json.loads(body["messages"][1]["content"])
    assert about["evidence"] == [
        {
            "id": "ev-1",
            "checker": "disk",
            "status": "critical",
            "message": "/ 97 % used",
            "metrics": {"used:/": "97%"},
            "details": ["/var/log 40 GiB"],
        }
    ]
    assert (about["title"], about["verdict"], about["alerts"][0]["name"]) == ("disk full", "confirmed", "DiskFull")


async def test_openai_itself_is_asked_in_the_words_its_newer_models_know() -> None:
    async with asking(url=OPENAI) as driver:
        assert "max_completion_tokens" in driver._question(SUBJECT, ())
        assert "max_tokens" not in driver._question(SUBJECT, ())


async def test_what_others_found_before_is_part_of_the_question() -> None:
    earlier = (Recommendation("disk", Priority.LOW, "rotate the logs", ""),)
    subject = Subject("t", (), earlier=earlier, facts={"pick": {"load": 3}})
    _, sink = await answered(says({"recommendations": []}), subject)
    about = json.loads(json.loads(sink.requests[0].body)["messages"][1]["content"])
    assert about["earlier"] == [{"title": "rotate the logs", "priority": "low"}]
    assert about["facts"] == {"pick": {"load": 3}}


async def test_without_a_key_openai_is_not_asked_and_a_server_of_ones_own_is() -> None:
    async with asking(url=OPENAI, key=None) as driver:
        with pytest.raises(PermanentError, match="no api_key is set"):
            await driver.analyze(SUBJECT, ())
    async with Sink(says({"recommendations": []})) as sink, asking(url=sink.url, key=None) as driver:
        assert await driver.analyze(SUBJECT, ()) == ()
        assert "Authorization" not in sink.requests[0].headers


@pytest.mark.parametrize(
    "content", ['```json\n{"recommendations": []}\n```', '```{"recommendations": []}```', ' {"recommendations": []}\n']
)
async def test_an_answer_in_a_fence_is_an_answer(content: str) -> None:
    assert (await answered(says(content)))[0] == ()


NONSENSE: dict[str, Answer] = {
    "no JSON": Answer(body=b"<html>hello</html>"),
    "nothing": Answer(body=b""),
    "JSON of another kind": Answer(body=b'{"recommendations": []}'),
    "no choice": Answer(body=b'{"choices": []}'),
    "no message": Answer(body=b'{"choices": [{}]}'),
    "bytes that are no text": Answer(body=b'{"choices": [{"message": {"content": "\xff"}}]}'),
    "no content": says(None),
    "prose": says("I would look at the disk."),
    "a list": says([ADVICE]),
    "another key": says({"advice": []}),
    "no title": says({"recommendations": [{"priority": "low"}]}),
    "an empty title": says({"recommendations": [{**ADVICE, "title": " \n"}]}),
    "an unknown priority": says({"recommendations": [{**ADVICE, "priority": "urgent"}]}),
    "actions in one text": says({"recommendations": [{**ADVICE, "actions": "rm -rf"}]}),
    "an answer that was cut off": says({"recommendations": []}, finish_reason="length"),
    "an answer that was withheld": says({"recommendations": []}, finish_reason="content_filter"),
    "a refusal": says({}, message={"content": None, "refusal": "I cannot help with that."}),
}


@pytest.mark.parametrize("kind", NONSENSE)
async def test_an_answer_that_is_none_is_a_failure_that_says_why(kind: str) -> None:
    error = await refused(NONSENSE[kind])
    assert isinstance(error, PermanentError)
    assert str(error)
    assert KEY not in str(error)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, PermanentError), (401, PermanentError), (404, PermanentError), (429, TransientError), (500, TransientError)],
)
async def test_a_refusal_keeps_the_key_to_itself(status: int, kind: type[StepError]) -> None:
    error = await refused(Answer(status, echo=True))
    assert type(error) is kind
    assert f"the answer was {status}" in str(error)
    assert KEY not in str(error)


async def test_it_waits_no_longer_than_it_may() -> None:
    error = await refused(hang(), timeout=Duration(0.05))
    assert isinstance(error, TransientError)
    assert "no answer within 0.05 s" in str(error)


async def test_nobody_there_is_a_failure() -> None:
    async with Sink() as sink:
        url = sink.url
    async with asking(url=url) as driver:
        with pytest.raises(TransientError):
            await driver.analyze(SUBJECT, ())


async def test_being_cancelled_is_passed_on() -> None:
    async with Sink(hang()) as sink, asking(url=sink.url) as driver:
        task = asyncio.create_task(driver.analyze(SUBJECT, ()))
        await sink.received()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_no_secret_is_in_a_question() -> None:
    hook = "https://hooks.example.com/services/T0CANARY/B0CANARY"
    leaky = alert(
        "DiskFull",
        description=f"see {hook} or https://ann:hunter2canary@git.example.com/x",
        labels={"instance": "db1", "api_token": "labelcanary", "note": f"key {KEY}"},
    )
    evidence = CheckResult(
        "cpu",
        CheckStatus.WARNING,
        "busy",
        id="ev-2",
        details=("mysqld --password=argcanary", "backup --token flagcanary", "PGPASSWORD=envcanary psql"),
    )
    subject = Subject(f"title {KEY}", (leaky,), facts={"pick": {"secret": "factcanary", "x": [hook]}})
    async with Sink(says({"recommendations": []})) as sink, asking(hook, url=sink.url) as driver:
        await driver.analyze(subject, (evidence,))
        question = sink.requests[0].body.decode().lower()
    assert "canary" not in question
    for kept in ("diskfull", "db1", "mysqld", "backup", "git.example.com", "busy"):
        assert kept in question


async def test_a_long_answer_and_an_odd_one_are_cut_to_what_a_message_can_carry() -> None:
    long = {**ADVICE, "title": "a\nb\x1b[2J" + "x" * 300, "description": "y" * 2100, "actions": ["z"] * 20}
    found, _ = await answered(says({"recommendations": [long] * 12}))
    assert len(found) == 10
    assert found[0].title.startswith("a b [2J")
    assert len(found[0].title) == LONGEST_TEXT // 10
    assert (len(found[0].description), len(found[0].actions)) == (LONGEST_TEXT, 10)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*ADVICE, "recommendations"]), inner),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    json_values | st.fixed_dictionaries({"recommendations": st.lists(json_values, max_size=3)}), st.binary(max_size=30)
)
def test_whatever_a_model_says_becomes_recommendations_or_one_failure(content: Any, raw: bytes) -> None:
    for body in (completion(content), raw):
        try:
            found: object = _read(body, (DISK,))
        except PermanentError as error:
            found = str(error)
        assert isinstance(found, tuple) or found


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"base_url": "ftp://x"}, "base_url must be an address"),
        ({"timeout": "0s"}, "at least"),
        ({"max_tokens": 1}, "at least 16"),
        ({"modl": "x"}, "did you mean 'model'"),
    ],
)
def test_settings_that_make_no_sense_are_named(table: dict[str, Any], said: str) -> None:
    decoder = Decoder(lambda raw: Secret(str(raw)))
    decoder.section(Config, table, "intelligence.openai")
    assert said in str(decoder.problems[0])
