"""NOTIFY: decide for each channel whether it is told, and what. Sending is the outbox's work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from srvmaint import registry
from srvmaint.incidents.what_to_send import Decision, Now, Told, decide
from srvmaint.model import Delivery, DeliveryState, Incident, IncidentStatus, RunState
from srvmaint.nodes import ChannelInfo, Context, Known, Outcome, Tools
from srvmaint.nodes._compose import compose
from srvmaint.settings import setting
from srvmaint.store.records import Intent

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Config:
    """Who is told. Without either, the channels of the route."""

    channels: tuple[str, ...] = setting((), help="channels to tell; empty means the route's", example=["ops-slack"])
    driver: str | None = setting(None, help="tell every channel of this driver", example="slack")


def problems(config: Config, known: Known) -> Iterator[tuple[str, str]]:
    """A channel that does not exist, or a driver no channel has."""
    for name in config.channels:
        if name not in known.channels:
            yield "channels", f"unknown channel {name!r}{registry.nearest(name, tuple(known.channels))}"
    drivers = tuple(sorted(set(known.channels.values())))
    if config.driver is not None and config.driver not in drivers:
        yield "driver", f"no channel has the driver {config.driver!r}{registry.nearest(config.driver, drivers)}"


class Node:
    """Applies the decision table channel by channel."""

    stage = RunState.NOTIFIED

    def __init__(self, config: Config, tools: Tools) -> None:
        self._config = config
        self._tools = tools

    async def run(self, context: Context) -> Outcome:
        """One decision a channel, each with its reason; one intent for each message to be sent."""
        incident = context.incident
        if incident is None:
            return Outcome({"decisions": []}, skipped="the run is about no incident")
        now = _state_of(incident, context.fired_seq)
        decisions: list[dict[str, Any]] = []
        intents: list[Intent] = []
        for channel in self._channels(context, now):
            decision = decide(context.told.get(channel.name), now, channel.wishes)
            entry: dict[str, Any] = {"channel": channel.name, "send": decision.send, "reason": decision.reason}
            if decision.send and channel.skipped is not None:
                entry |= {"send": False, "reason": f"skipped by {channel.skipped}"}
            elif decision.send or decision.remember:
                intents.append(self._intent(context, incident, channel, decision, now))
                entry["delivery_id"] = intents[-1].delivery.id
            decisions.append(entry)
        skipped = "no channel is configured for this pipeline" if not decisions else None
        return Outcome({"decisions": decisions}, intents=tuple(intents), skipped=skipped)

    async def restore(self, output: Mapping[str, Any]) -> Outcome:
        """The deliveries of an earlier attempt have a life of their own."""
        return Outcome(output)

    def _channels(self, context: Context, now: Now) -> list[ChannelInfo]:
        """Those this node tells; when all is over also those that any other pipeline has told."""
        known = self._tools.channels
        if self._config.driver is not None:
            own = [name for name, channel in known.items() if channel.driver == self._config.driver]
        else:
            own = [name for name in self._config.channels or context.channels if name in known]
        others = [name for name, told in context.told.items() if name in known and told.firing and now.live == 0]
        return [known[name] for name in dict.fromkeys((*own, *others))]

    def _intent(
        self, context: Context, incident: Incident, channel: ChannelInfo, decision: Decision, now: Now
    ) -> Intent:
        at = self._tools.clock.now()
        message = compose(context, incident, decision.reason, self._tools, at)
        delivery = Delivery(
            id=self._tools.clock.new_id(),
            run_id=context.run.id,
            incident_id=incident.id,
            channel=channel.name,
            state=DeliveryState.DUE if decision.send else DeliveryState.SUPPRESSED,
            attempts=0,
            next_at=at if decision.send else None,
            last_error=None,
            receiver_id=None,
            reason=decision.reason,
            created_at=at,
            message=message,
            give_up_at=at + self._tools.give_up_after_ms,
        )
        told = Told(
            firing=now.live > 0,
            fired_seq=_furthest(now, context.told.get(channel.name)),
            severity=now.severity,
            acknowledged=now.acknowledged,
            at=at,
        )
        return Intent(delivery, _encode(message), told)


def _furthest(now: Now, told: Told | None) -> int:
    """How far the count of firings had come: it never goes back when alerts resolve."""
    return max(now.fired_seq, told.fired_seq if told else 0)


def _state_of(incident: Incident, fired_seq: int) -> Now:
    over = incident.status in (IncidentStatus.RESOLVED, IncidentStatus.CLOSED)
    return Now(
        live=0 if over else sum(count for status, count in incident.alerts.items() if status != "resolved"),
        fired_seq=fired_seq,
        severity=incident.severity,
        acknowledged=incident.status is IncidentStatus.ACKNOWLEDGED,
    )
