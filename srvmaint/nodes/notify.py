"""NOTIFY: decide for each channel whether it is told, and what. Sending is the outbox's work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from srvmaint import registry
from srvmaint.incidents.what_to_send import Decision, Now, Reason, Told, decide
from srvmaint.model import Delivery, DeliveryState, Incident, IncidentStatus, RunState
from srvmaint.nodes import ChannelInfo, Context, Known, Outcome, Tools
from srvmaint.nodes._compose import compose, compose_report
from srvmaint.nodes._scope import severity_of
from srvmaint.settings import setting
from srvmaint.store.records import Intent

_encode = msgspec.json.Encoder().encode


_SKIPPED: Final = "skipped by "
_DRIVERS: Final = "srvmaint.notify"


@dataclass(frozen=True)
class Config:
    """Who is told. Without either, the channels of the route."""

    channels: tuple[str, ...] = setting((), help="channels to tell; empty means the route's", example=["ops-slack"])
    driver: str | None = setting(None, help="tell every channel of this driver", example="slack")


def problems(config: Config, known: Known) -> Iterator[tuple[str, str]]:
    """A channel or a driver that does not exist. A driver that no channel has yet is none: see `reaches_nobody`."""
    for name in config.channels:
        if name not in known.channels:
            yield "channels", f"unknown channel {name!r}{registry.nearest(name, tuple(known.channels))}"
    drivers = registry.names(_DRIVERS)
    if config.driver is not None and config.driver not in drivers:
        yield "driver", f"there is no channel driver {config.driver!r}{registry.nearest(config.driver, drivers)}"


def reaches_nobody(config: Config, known: Known) -> str | None:
    """Why a node with this config tells nobody as things are; None when it may."""
    if config.driver is not None and config.driver not in known.channels.values():
        return f"no channel has the driver {config.driver!r}"
    return None


class Node:
    """Applies the decision table channel by channel."""

    stage = RunState.NOTIFIED

    def __init__(self, config: Config, tools: Tools) -> None:
        self._config = config
        self._tools = tools

    async def run(self, context: Context) -> Outcome:
        """One decision a channel, each with its reason; one intent for each message to be sent."""
        if context.incident is None and not context.reports:
            return Outcome({"decisions": []}, skipped="the run is about no incident")
        now = _state_of(context.incident, context.fired_seq) if context.incident else None
        decisions: list[dict[str, Any]] = []
        intents: list[Intent] = []
        for channel in self._channels(context, now):
            decision = self._decide(context, channel, now)
            entry: dict[str, Any] = {"channel": channel.name, "send": decision.send, "reason": decision.reason}
            if decision.send and channel.skipped is not None:
                entry |= {"send": False, "reason": f"{_SKIPPED}{channel.skipped}"}
            elif decision.send or decision.remember:
                intents.append(self._intent(context, channel, decision, now))
                entry["delivery_id"] = intents[-1].delivery.id
            decisions.append(entry)
        return Outcome({"decisions": decisions}, intents=tuple(intents), skipped=self._skipped(decisions))

    async def restore(self, output: Mapping[str, Any]) -> Outcome:
        """The deliveries of an earlier attempt have a life of their own."""
        return Outcome(output)

    def _decide(self, context: Context, channel: ChannelInfo, now: Now | None) -> Decision:
        """A report is news each time it is asked for; about an incident the table decides."""
        if now is not None:
            return decide(context.told.get(channel.name), now, channel.wishes)
        if severity_of(context.evidence).rank < channel.wishes.min_severity.rank:
            return Decision(send=False, reason=Reason.BELOW_MIN_SEVERITY)
        return Decision(send=True, reason=Reason.REPORT)

    def _skipped(self, decisions: list[dict[str, Any]]) -> str | None:
        """Why the step did nothing, if it was told to: the same reason for everybody."""
        if not decisions:
            driver = self._config.driver
            return f"no channel has the driver {driver!r}" if driver else "no channel is configured for this pipeline"
        reasons = {str(entry["reason"]) for entry in decisions}
        return reasons.pop() if len(reasons) == 1 and min(reasons).startswith(_SKIPPED) else None

    def _channels(self, context: Context, now: Now | None) -> list[ChannelInfo]:
        """Those this node tells; when all is over also those that any other pipeline has told."""
        known = self._tools.channels
        if self._config.driver is not None:
            own = [name for name, channel in known.items() if channel.driver == self._config.driver]
        else:
            own = [name for name in self._config.channels or context.channels if name in known]
        over = now is not None and now.live == 0
        others = [name for name, told in context.told.items() if over and name in known and told.firing]
        return [known[name] for name in dict.fromkeys((*own, *others))]

    def _intent(self, context: Context, channel: ChannelInfo, decision: Decision, now: Now | None) -> Intent:
        at, incident = self._tools.clock.now(), context.incident
        message = (
            compose(context, incident, decision.reason, self._tools, at)
            if incident is not None
            else compose_report(context, self._tools, at)
        )
        delivery = Delivery(
            id=self._tools.clock.new_id(),
            run_id=context.run.id,
            incident_id=incident.id if incident else None,
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
        told = (
            None
            if now is None
            else Told(
                firing=now.live > 0,
                fired_seq=_furthest(now, context.told.get(channel.name)),
                severity=now.severity,
                acknowledged=now.acknowledged,
                at=at,
            )
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
