"""Definitions as people write them, through everything there is: from the file to what a receiver gets."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from srvmaint.clock import Clock
from srvmaint.config.load import load
from srvmaint.errors import UsageError
from srvmaint.model import Run, RunState, Step
from srvmaint.pipeline.intake import Offer, read_body
from srvmaint.services import Services
from srvmaint.store import pages
from srvmaint.store.records import Origin
from tests.opened import configured, opened
from tests.sink import Answer, Sink, hang

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples/definitions").glob("*.json"))
SLACK = '[[channels]]\nname = "ops"\ndriver = "slack"\nwebhook_url = "{url}/services/T0/B0"\n'
ALERT_TRIGGERED = {
    "version": "1.0",
    "nodes": [
        {"id": "ingest", "type": "ingest", "next": "analyze"},
        {"id": "analyze", "type": "intelligence", "config": {"provider": "openai"}, "next": "notify"},
        {"id": "notify", "type": "notify", "config": {"driver": "slack"}},
    ],
}
STANDALONE = {
    "version": "1.0",
    "nodes": [
        {"id": "metrics", "type": "context", "config": {"include": ["cpu", "memory", "disk"]}, "next": "analyze"},
        {"id": "analyze", "type": "intelligence", "config": {"provider": "local"}, "next": "notify"},
        {"id": "notify", "type": "notify", "config": {"driver": "slack"}},
    ],
}
FIGURES = {
    "version": "1.0",
    "nodes": [
        {"id": "metrics", "type": "context", "next": "transform"},
        {
            "id": "transform",
            "type": "transform",
            "config": {"source_node": "metrics", "mapping": {"cpu": "context.cpu.load"}},
            "next": "notify",
        },
        {"id": "notify", "type": "notify", "config": {"driver": "slack"}},
    ],
}


def put(folder: Path, name: str, data: dict[str, Any]) -> None:
    """A definition beside the TOML."""
    (folder / "pipelines.d").mkdir(exist_ok=True)
    (folder / "pipelines.d" / f"{name}.json").write_text(json.dumps(data))


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())
    return found


async def alone(services: Services, name: str) -> tuple[Run, tuple[Step, ...]]:
    """Execute a definition without an alert, to its end."""
    accepted = await services.intake.stand_alone(name, Origin(Clock().new_trace_id(), "cron"))
    return await ended(services, accepted.runs[0].run_id)


async def about(services: Services, name: str, **alert: str) -> tuple[Run, tuple[Step, ...]]:
    """Execute a definition for an alert, to its end."""
    body = json.dumps({"name": "disk full", "severity": "critical", "id": "d1", **alert}).encode()
    driver, parsed = read_body(services.current.plan, body, None)
    offer = Offer(parsed, body, driver, "api", Clock().new_trace_id(), pipeline=name, requested=True)
    accepted = await services.intake.accept(offer)
    return await ended(services, accepted.runs[0].run_id)


async def ended(services: Services, run_id: str) -> tuple[Run, tuple[Step, ...]]:
    await services.watch.end_of(run_id, 20)
    run, steps, _ = await pages.run(services.store.reader, run_id)
    return run, steps


def text_of(sink: Sink) -> str:
    """Everything the receiver was sent."""
    return "\n".join(received.body.decode() for received in sink.requests)


async def test_an_alert_is_analysed_by_a_model_and_told_to_slack(tmp_path: Path) -> None:
    put(tmp_path, "mine", ALERT_TRIGGERED)
    async with Sink() as sink, opened(configured(tmp_path, SLACK.format(url=sink.url))) as services:
        run, steps = await about(services, "mine")
        assert [(step.id, step.status.value) for step in steps] == [
            ("ingest", "succeeded"),
            ("analyze", "succeeded"),
            ("notify", "succeeded"),
        ]
        assert (run.state, run.error) == (RunState.NOTIFIED, None)
        assert "disk full" in text_of(sink)
        assert "Analysis: local (openai failed: no api_key is set" in text_of(sink)


async def test_a_look_at_the_host_without_an_alert_is_told_to_slack(tmp_path: Path) -> None:
    put(tmp_path, "mine", STANDALONE)
    async with Sink() as sink, opened(configured(tmp_path, SLACK.format(url=sink.url))) as services:
        run, steps = await alone(services, "mine")
        assert (run.state, run.incident_id, run.source) == (RunState.NOTIFIED, None, "cron")
        [decision] = steps[-1].output["decisions"]
        assert (decision["channel"], decision["send"], decision["reason"]) == ("ops", True, "report")
        assert re.search(r"\[(INFO|WARNING|CRITICAL)\] mine: ", text_of(sink))
        assert {"cpu", "memory", "disk"} <= set(re.findall(r"cpu|memory|disk", text_of(sink)))


async def test_figures_without_an_analysis_are_told_to_slack(tmp_path: Path) -> None:
    put(tmp_path, "mine", FIGURES)
    async with Sink() as sink, opened(configured(tmp_path, SLACK.format(url=sink.url))) as services:
        run, steps = await alone(services, "mine")
        assert run.state is RunState.NOTIFIED
        assert steps[1].output["transformed"]["cpu"] >= 0
        assert len(sink.requests) == 1


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
async def test_every_example_can_be_used_as_it_is(tmp_path: Path, file: Path) -> None:
    put(tmp_path, file.stem, read(file))
    async with Sink() as sink, opened(configured(tmp_path, SLACK.format(url=sink.url))) as services:
        assert file.stem in services.config.definitions
        run, _ = await about(services, file.stem)
        assert run.state in (RunState.NOTIFIED, RunState.ANALYZED), run
        lonely, _ = await alone(services, file.stem)
        assert lonely.finished_at is not None
        assert lonely.error is None


async def test_a_definition_that_takes_alerts_in_tells_nobody_without_one(tmp_path: Path) -> None:
    async with Sink() as sink, opened(configured(tmp_path, SLACK.format(url=sink.url))) as services:
        run, steps = await alone(services, "full")
        assert (run.state, steps[-1].status.value) == (RunState.NOTIFIED, "skipped")
        assert steps[-1].error == "the run is about no incident"
        assert sink.requests == []


async def test_a_report_is_told_only_where_it_is_bad_enough(tmp_path: Path) -> None:
    put(tmp_path, "mine", {"nodes": [{"id": "tell", "type": "notify"}]})
    async with Sink() as sink:
        text = SLACK.format(url=sink.url) + 'min_severity = "warning"\n'
        async with opened(configured(tmp_path, text)) as services:
            _, [step] = await alone(services, "mine")
            assert [entry["reason"] for entry in step.output["decisions"]] == ["below_min_severity"]
            assert sink.requests == []


async def test_a_report_that_was_not_delivered_is_tried_again_by_a_resume(tmp_path: Path) -> None:
    put(tmp_path, "mine", STANDALONE)
    async with Sink(Answer(404)) as sink, opened(configured(tmp_path, SLACK.format(url=sink.url))) as services:
        run, _ = await alone(services, "mine")
        assert run.state is RunState.FAILED
        await services.store.resume_run(run.id, services.clock.now())
        services.outbox.wake()
        again, _ = await ended(services, run.id)
        assert again.state is RunState.NOTIFIED
        assert len(sink.requests) == 2
        assert {received.headers["Idempotency-Key"] for received in sink.requests} == {
            sink.requests[0].headers["Idempotency-Key"]
        }


async def test_skip_controls_are_visible_on_the_step(tmp_path: Path) -> None:
    put(tmp_path, "mine", STANDALONE)
    configured(tmp_path, SLACK.format(url="http://127.0.0.1:1"))
    environ = {"CHECKERS_SKIP_ALL": "1", "NOTIFY_SKIP": "ops"}
    async with opened(load(tmp_path / "srvmaint.toml", environ)) as services:
        run, steps = await alone(services, "mine")
        assert run.state is RunState.NOTIFIED
        assert [(step.id, step.status.value) for step in steps] == [
            ("metrics", "skipped"),
            ("analyze", "succeeded"),
            ("notify", "skipped"),
        ]
        assert "CHECKERS_SKIP_ALL" in (steps[0].error or "")
        assert steps[2].error == "skipped by NOTIFY_SKIP"


async def test_a_pipeline_that_does_not_exist_is_refused_with_the_nearest(tmp_path: Path) -> None:
    async with opened(configured(tmp_path)) as services:
        with pytest.raises(UsageError, match="did you mean 'full'"):
            await services.intake.stand_alone("ful", Origin("0" * 32, "cli"))


MODEL = (
    '[intelligence]\nprovider = "openai"\n[intelligence.openai]\napi_key = "sk-canary"\n'
    'base_url = "{url}/v1"\ntimeout = "0.2s"\n'
)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(500), "the answer was 500"),
        (Answer(body=b"nonsense"), "the answer is no chat completion"),
        (hang(), "no answer within 0.2 s"),
    ],
    ids=["an error", "nonsense", "silence"],
)
async def test_a_model_that_fails_delays_no_message_and_is_named_in_it(
    tmp_path: Path, answer: Answer, said: str
) -> None:
    async with Sink(answer) as model, Sink() as slack:
        text = SLACK.format(url=slack.url) + MODEL.format(url=model.url)
        async with opened(configured(tmp_path, text)) as services:
            run, steps = await about(services, "ai-analyzed")
            assert (run.state, [step.attempts for step in steps]) == (RunState.NOTIFIED, [1, 1, 1])
            assert (steps[1].output["provider"], list(steps[1].output["failed"])) == ("local", ["openai"])
    assert re.search(rf"Analysis: local \(openai failed: .*{re.escape(said)}", text_of(slack))
    assert "canary" not in text_of(slack)


async def test_what_a_model_says_is_told_and_said_to_be_its_own(tmp_path: Path) -> None:
    advice = {"recommendations": [{"priority": "high", "title": "Rotate the logs"}]}
    choice = {"finish_reason": "stop", "message": {"role": "assistant", "content": json.dumps(advice)}}
    async with Sink(Answer(body=json.dumps({"choices": [choice]}).encode())) as model, Sink() as slack:
        text = SLACK.format(url=slack.url) + MODEL.format(url=model.url)
        async with opened(configured(tmp_path, text)) as services:
            await about(services, "ai-analyzed")
    assert "Rotate the logs" in text_of(slack)
    assert "Analysis: openai" in text_of(slack)
