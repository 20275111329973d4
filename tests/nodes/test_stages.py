"""INGEST, CHECK and ANALYZE: what each finds and hands on."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from srvmaint.errors import TransientError
from srvmaint.intelligence._verdict import judge
from srvmaint.model import Change, CheckResult, CheckStatus
from srvmaint.nodes import context as context_node
from srvmaint.nodes import ingest
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
