"""INGEST, CHECK and ANALYZE, transforms and conditions: what each finds and hands on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from srvmaint.errors import TransientError
from srvmaint.intelligence._verdict import judge
from srvmaint.model import Change, CheckResult, CheckStatus, Priority, Recommendation
from srvmaint.nodes import Context, Outcome, condition, ingest, transform
from srvmaint.nodes import context as context_node
from srvmaint.nodes._expression import Dotted, Expression
from srvmaint.nodes.intelligence import Config, Node
from tests.nodes.given import Provider, context, gives, incident, tools
from tests.notify.messages import EVIDENCE, RECOMMENDATIONS


async def test_ingest_puts_on_record_what_the_run_is_about() -> None:
    about = context(incident(), changes=(Change.OPENED,))
    outcome = await ingest.Node(ingest.Config(), tools()).run(about)
    assert outcome.output["title"] == "DiskSpaceLow"
    assert outcome.output["changes"] == (Change.OPENED,)


async def test_ingest_of_no_incident_says_so() -> None:
    outcome = await ingest.Node(ingest.Config(), tools()).run(context())
    assert outcome.output == {"incident_id": None, "changes": []}


async def test_context_runs_the_checkers_it_names() -> None:
    asked: list[Sequence[str]] = []

    async def look(names: Sequence[str]) -> tuple[CheckResult, ...]:
        asked.append(names)
        return EVIDENCE

    node = context_node.Node(context_node.Config(include=("disk", "cpu")), tools(look=look))
    outcome = await node.run(context(incident()))
    assert asked == [("disk", "cpu")]
    assert outcome.evidence == EVIDENCE
    assert outcome.output["evidence"] == [result.id for result in EVIDENCE]
    assert outcome.skipped is None


async def test_context_whose_checkers_were_all_skipped_is_skipped_and_says_why() -> None:
    skipped = CheckResult("disk", CheckStatus.SKIPPED, "skipped by SRVMAINT_SKIP", id="x")
    node = context_node.Node(context_node.Config(), tools(look=gives(skipped)))
    assert (await node.run(context(incident()))).skipped == "skipped by SRVMAINT_SKIP"


async def test_a_resumed_run_has_the_evidence_of_then() -> None:
    asked: list[Sequence[str]] = []

    async def recall(ids: Sequence[str]) -> tuple[CheckResult, ...]:
        asked.append(ids)
        return EVIDENCE[:1]

    node = context_node.Node(context_node.Config(), tools(recall=recall))
    assert (await node.restore({"evidence": ["check-cpu"]})).evidence == EVIDENCE[:1]
    assert asked == [["check-cpu"]]


async def test_intelligence_asks_its_provider_about_the_alerts_and_the_evidence() -> None:
    provider = Provider()
    about = context(incident())
    about.evidence.extend(EVIDENCE)
    node = Node(Config(), tools(providers={"local": provider}))
    outcome = await node.run(about)
    [(subject, evidence)] = provider.asked
    assert (subject.title, subject.alerts, evidence) == ("DiskSpaceLow", about.parsed_alerts, EVIDENCE)
    assert subject.verdict is judge(about.parsed_alerts, EVIDENCE, tools().is_this_host)[0]
    assert (outcome.recommendations, outcome.remark) == (RECOMMENDATIONS, "local")


async def test_intelligence_may_name_another_provider() -> None:
    other = Provider(())
    lent = tools(providers={"local": Provider(), "other": other})
    outcome = await Node(Config(provider="other"), lent).run(context(incident()))
    assert len(other.asked) == 1
    assert outcome.remark == "other"


async def test_what_a_provider_said_then_is_not_asked_again() -> None:
    provider = Provider(trouble=TransientError("paid for already"))
    node = Node(Config(), tools(providers={"local": provider}))
    restored = await node.restore({"provider": "other", "recommendations": []})
    assert (restored.remark, provider.asked) == ("other", [])


async def test_a_provider_that_fails_fails_the_step_in_its_own_words() -> None:
    node = Node(Config(), tools(providers={"local": Provider(trouble=TransientError("no answer"))}))
    with pytest.raises(TransientError, match="no answer"):
        await node.run(context(incident()))


def thought(*advice: Recommendation) -> Context:
    """A run in which `think` has recommended something."""
    about = context(incident())
    about.ids = frozenset({"think"})
    about.recommendations.extend(advice)
    about.outputs["think"] = {"provider": "local", "recommendations": msgspec.to_builtins(advice)}
    return about


def advice(title: str, priority: Priority) -> Recommendation:
    return Recommendation("disk", priority, title, "because")


URGENT, SOON, LATER = (
    advice("now", Priority.CRITICAL),
    advice("soon", Priority.HIGH),
    advice("some day", Priority.LOW),
)


async def transformed(about: Context, **config: Any) -> Outcome:
    return await transform.Node(transform.Config("think", **config), tools()).run(about)


async def test_a_transform_gives_what_it_takes_other_names() -> None:
    outcome = await transformed(thought(URGENT), mapping={"who": Dotted("provider"), "none": Dotted("no.such.thing")})
    assert outcome.output == {"source_node": "think", "transformed": {"who": "local", "none": None}}


async def test_a_transform_extracts_and_renames_each_member_of_a_list() -> None:
    outcome = await transformed(
        thought(URGENT, LATER), extract=Dotted("recommendations"), mapping={"what": Dotted("title")}
    )
    assert outcome.output["transformed"] == [{"what": "now"}, {"what": "some day"}]
    first = await transformed(thought(URGENT), extract=Dotted("recommendations.0.title"))
    assert first.output["transformed"] == "now"


@pytest.mark.parametrize("extract", [Dotted("recommendations"), None])
async def test_what_is_not_urgent_enough_goes_no_further(extract: Dotted | None) -> None:
    outcome = await transformed(thought(URGENT, SOON, LATER), extract=extract, filter_priority=Priority.HIGH)
    assert [entry["title"] for entry in outcome.output["transformed"]] == ["now", "soon"]
    assert outcome.dropped == (LATER,)


async def test_a_filter_on_other_lists_takes_nothing_back_from_anybody() -> None:
    about = context(incident())
    about.outputs["think"] = {"list": [{"priority": "LOW"}, {"priority": "Critical"}, {}, "text"]}
    outcome = await transformed(about, extract=Dotted("list"), filter_priority=Priority.MEDIUM)
    assert (outcome.output["transformed"], outcome.dropped) == ([{"priority": "Critical"}], ())


async def test_a_transform_of_a_node_that_never_ran_finds_nothing() -> None:
    outcome = await transformed(context(incident()), extract=Dotted("recommendations"), filter_priority=Priority.LOW)
    assert outcome.output["transformed"] is None


async def test_a_condition_takes_the_branch_its_question_leads_to_and_keeps_to_it() -> None:
    for text, branch in (("severity == 'critical'", "then"), ("severity == 'info'", "else")):
        node = condition.Node(condition.Config(Expression.parse(text)), tools())
        outcome = await node.run(context(incident()))
        assert (outcome.branch, outcome.output) == (branch, {"branch": branch})
        assert (await node.restore({"branch": "then"})).branch == "then"


async def test_the_local_rules_answer_for_a_provider_that_fails_and_the_message_says_so() -> None:
    lent = tools(providers={"local": Provider(), "other": Provider(trouble=TransientError("no answer"))})
    node = Node(Config(provider="other"), lent)
    outcome = await node.run(context(incident()))
    assert outcome.recommendations == RECOMMENDATIONS
    assert outcome.remark == "local (other failed: no answer)"
    restored = await node.restore(outcome.output)
    assert (restored.remark, restored.recommendations) == (outcome.remark, RECOMMENDATIONS)


async def test_a_defect_in_a_provider_is_answered_by_the_local_rules_and_tells_no_details(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lent = tools(providers={"local": Provider(), "other": Provider(trouble=KeyError("secret"))})
    outcome = await Node(Config(provider="other"), lent).run(context(incident()))
    assert outcome.remark == "local (other failed: internal error: KeyError)"
    assert "this is a defect" in caplog.text


async def test_a_provider_is_told_what_others_found_before() -> None:
    provider = Provider(())
    about = thought(URGENT)
    about.outputs["pick"] = {"transformed": {"cpu": 3}}
    await Node(Config(), tools(providers={"local": provider})).run(about)
    [(subject, _)] = provider.asked
    assert (subject.earlier, subject.facts) == ((URGENT,), {"pick": {"cpu": 3}})


async def test_local_rules_that_have_spoken_do_not_repeat_themselves_when_another_provider_fails() -> None:
    about = thought(URGENT)
    lent = tools(providers={"local": Provider(), "other": Provider(trouble=TransientError("no answer"))})
    outcome = await Node(Config(provider="other"), lent).run(about)
    assert (outcome.recommendations, outcome.remark) == ((), "local (other failed: no answer)")
