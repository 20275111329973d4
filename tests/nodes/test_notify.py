"""NOTIFY: for each channel a decision with its reason, and for each message an intent."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from srvmaint.incidents.what_to_send import Told, Wishes
from srvmaint.model import DeliveryState, IncidentStatus, Message, Severity
from srvmaint.nodes import ChannelInfo, Context, Outcome, Tools
from srvmaint.nodes.notify import Config, Node
from srvmaint.store.records import Intent
from tests.fakes import START
from tests.incidents.given import DAY
from tests.nodes.given import EVERYTHING, context, incident, tools

FIRING = Told(firing=True, fired_seq=1, severity=Severity.CRITICAL, acknowledged=False, at=START)
OVER = IncidentStatus.RESOLVED


async def run(about: Context, lent: Tools | None = None, **config: Any) -> Outcome:
    return await Node(Config(**config), lent or tools()).run(about)


def decisions(outcome: Outcome) -> dict[str, str]:
    return {entry["channel"]: str(entry["reason"]) for entry in outcome.output["decisions"]}


def channels(outcome: Outcome) -> list[str]:
    return [intent.delivery.channel for intent in outcome.intents]


async def test_every_channel_of_the_route_has_a_decision() -> None:
    outcome = await run(context(incident(), told={"mail": FIRING}))
    assert decisions(outcome) == {"ops": "first_notification", "mail": "already_told"}
    assert channels(outcome) == ["ops"]


async def test_an_intent_says_everything_that_has_to_be_written_before_it_is_sent() -> None:
    outcome = await run(context(incident(), fired_seq=3))
    first: Intent = outcome.intents[0]
    delivery = first.delivery
    assert (delivery.state, delivery.attempts, delivery.next_at) == (DeliveryState.DUE, 0, START)
    assert (delivery.reason, delivery.give_up_at) == ("first_notification", START + DAY)
    assert first.told == replace(FIRING, fired_seq=3)
    assert msgspec.json.decode(first.message, type=Message) == delivery.message
    assert len({intent.delivery.id for intent in outcome.intents}) == 2
    assert outcome.output["decisions"][0]["delivery_id"] == delivery.id


async def test_a_node_may_name_its_channels_and_naming_one_twice_tells_it_once() -> None:
    assert channels(await run(context(incident()), channels=("mail",))) == ["mail"]
    assert channels(await run(context(incident()), channels=("mail", "mail"))) == ["mail"]


async def test_a_node_may_tell_every_channel_of_a_driver() -> None:
    lent = tools(
        channels={name: ChannelInfo(name, "slack", EVERYTHING) for name in ("a", "b")}
        | {"c": ChannelInfo("c", "generic", EVERYTHING)}
    )
    assert channels(await run(context(incident()), lent, driver="slack")) == ["a", "b"]


async def test_a_channel_that_has_gone_is_passed_over() -> None:
    lent = tools(channels={"mail": ChannelInfo("mail", "generic", EVERYTHING)})
    assert channels(await run(context(incident()), lent)) == ["mail"]


async def test_the_end_is_told_to_whoever_was_told_of_the_beginning_by_whichever_pipeline() -> None:
    outcome = await run(context(incident(OVER), told={"ops": FIRING, "gone": FIRING}), channels=("mail",))
    assert decisions(outcome) == {"mail": "resolved_before_told", "ops": "all_resolved"}
    assert channels(outcome) == ["ops"]
    assert outcome.intents[0].told == replace(FIRING, firing=False)


async def test_a_channel_another_pipeline_told_is_not_bothered_while_it_goes_on() -> None:
    outcome = await run(context(incident(), told={"ops": FIRING}, fired_seq=2), channels=("mail",))
    assert channels(outcome) == ["mail"]


async def test_a_channel_that_wants_no_ends_is_remembered_to_know_and_sent_nothing() -> None:
    lent = tools(channels={"ops": ChannelInfo("ops", "slack", Wishes(Severity.INFO, send_resolved=False))})
    outcome = await run(context(incident(OVER), told={"ops": FIRING}), lent)
    [kept] = outcome.intents
    assert decisions(outcome) == {"ops": "resolved_not_wanted"}
    assert (kept.delivery.state, kept.delivery.next_at) == (DeliveryState.SUPPRESSED, None)
    assert kept.told is not None
    assert not kept.told.firing


async def test_what_the_environment_skips_is_said_and_not_sent() -> None:
    lent = tools(channels={"ops": ChannelInfo("ops", "slack", EVERYTHING, skipped="SKIP_OPS")})
    outcome = await run(context(incident()), lent)
    assert outcome.intents == ()
    assert outcome.output["decisions"] == [{"channel": "ops", "send": False, "reason": "skipped by SKIP_OPS"}]


async def test_without_a_channel_the_step_says_why_it_did_nothing() -> None:
    outcome = await run(context(incident()), tools(channels={}))
    assert outcome.skipped == "no channel is configured for this pipeline"


async def test_without_an_incident_there_is_nothing_to_tell() -> None:
    outcome = await run(context())
    assert (outcome.skipped, outcome.intents) == ("the run is about no incident", ())


async def test_a_resolved_incident_is_over_even_while_an_alert_of_it_still_fires() -> None:
    """Somebody declared it over by hand."""
    declared = replace(incident(), status=OVER)
    assert decisions(await run(context(declared, told={"ops": FIRING}), channels=("ops",))) == {"ops": "all_resolved"}


async def test_how_far_a_channel_has_been_told_never_goes_back() -> None:
    told = replace(FIRING, fired_seq=9)
    outcome = await run(context(incident(OVER), told={"ops": told}, fired_seq=0), channels=("ops",))
    assert outcome.intents[0].told is not None
    assert outcome.intents[0].told.fired_seq == 9
