"""Why was I told, why was I not told, where is it stuck: answered from rows, for an alert, incident, run or delivery.

Every line is something that was written down when it happened; nothing here guesses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from srvmaint.clock import iso
from srvmaint.errors import NotFoundError
from srvmaint.incidents.what_to_send import Reason
from srvmaint.model import Delivery, DeliveryState, Incident, Run, RunState, Step
from srvmaint.store import pages
from srvmaint.store.reader import Reader

MOST_RUNS: Final = 50
MOST_ALERTS: Final = 20
_BECAUSE: Final[Mapping[str, str]] = {
    Reason.FIRST: "it had not been told about this incident yet",
    Reason.REFIRED: "it had been told that the incident was over, and it fires again",
    Reason.NEW_ALERTS: "another alert of the incident began to fire",
    Reason.SEVERITY_CHANGED: "the severity changed",
    Reason.ACKNOWLEDGED: "somebody acknowledged it",
    Reason.ALL_RESOLVED: "it had been told about firing, and all alerts are resolved",
    Reason.ALREADY_TOLD: "it had been told exactly this already",
    Reason.RESOLVED_BEFORE_TOLD: "the incident was over before this channel had been told about it",
    Reason.RESOLVED_NOT_WANTED: "the channel has send_resolved = false",
    Reason.BELOW_MIN_SEVERITY: "the severity is below the channel's min_severity",
    Reason.REPORT: "somebody asked for a run without an alert",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `at` is epoch milliseconds."""

    at: int
    what: str
    text: str


@dataclass(frozen=True, slots=True)
class Story:
    """What is known about one thing."""

    about: str
    events: tuple[Event, ...]
    conclusion: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The public shape."""
        return {
            "about": self.about,
            "events": [{"at": iso(event.at), "what": event.what, "text": event.text} for event in self.events],
            "conclusion": list(self.conclusion),
        }


async def explain(reader: Reader, wanted: str) -> Story:
    """The story of an alert, an incident, a run or a delivery, whichever has this id.

    Raises:
        NotFoundError: nothing has.
    """
    for find in (_incident, _alert, _run, _delivery):
        try:
            return await find(reader, wanted)
        except NotFoundError:
            continue
    raise NotFoundError(
        f"there is no alert, incident, run or delivery {wanted!r}. Ids are in `srvmaint incidents list`."
    )


async def _incident(reader: Reader, wanted: str) -> Story:
    incident = await pages.incident(reader, wanted)
    events = life(incident)
    alerts = await pages.page(reader, "alerts", {"incident_id": incident.id}, limit=MOST_ALERTS)
    for stored in alerts.items:
        events.extend(await history(reader, stored.id))
    conclusion = []
    if incident.pipeline is None:
        conclusion.append("nobody was told: no pipeline matches it. Add one without `match` at the end, or widen one.")
    runs = await pages.page(reader, "runs", {"incident_id": incident.id}, limit=MOST_RUNS)
    for run in runs.items:
        events.extend(_steps(*await pages.run(reader, run.id)))
    if runs.items:
        conclusion.extend(_outcome(*await pages.run(reader, runs.items[0].id)))
    return Story(f"incident {incident.id}: {incident.title} ({incident.status})", ordered(events), tuple(conclusion))


async def _alert(reader: Reader, wanted: str) -> Story:
    stored, _ = await pages.alert(reader, wanted)
    about = f"alert {stored.id}: {stored.alert.name} ({stored.alert.status})"
    if stored.incident_id is None:
        reason = "it is in no incident: only a firing alert opens one, and it has not been seen firing."
        return Story(about, ordered(await history(reader, wanted)), (reason,))
    story = await _incident(reader, stored.incident_id)
    return Story(f"{about}, in {story.about}", story.events, story.conclusion)


async def _run(reader: Reader, wanted: str) -> Story:
    run, steps, sent = await pages.run(reader, wanted)
    about = f"run {run.id} of pipeline {run.pipeline} ({run.state})"
    return Story(about, ordered(_steps(run, steps, sent)), tuple(_outcome(run, steps, sent)))


async def _delivery(reader: Reader, wanted: str) -> Story:
    delivery = await pages.delivery(reader, wanted)
    run, steps, sent = await pages.run(reader, delivery.run_id)
    about = f"delivery {delivery.id} to {delivery.channel} ({delivery.state})"
    return Story(about, ordered(_steps(run, steps, sent)), (told(delivery),))


def life(incident: Incident) -> list[Event]:
    """The marks an incident bears: when it was opened, acknowledged, resolved, closed."""
    marks = (
        (incident.opened_at, f"opened, pipeline {incident.pipeline or 'none (unrouted)'}"),
        (incident.acknowledged_at, f"acknowledged by {incident.acknowledged_by}"),
        (incident.resolved_at, "resolved"),
        (incident.closed_at, "closed"),
    )
    return [Event(at, "incident", text) for at, text in marks if at is not None]


async def history(reader: Reader, alert_id: str) -> list[Event]:
    """Everything that happened to an alert."""
    stored, lines = await pages.alert(reader, alert_id)
    alert = stored.alert
    events = []
    for line in lines:
        text = f"{alert.name} {line.event} ({alert.source})"
        if line.changes:
            text += ": " + ", ".join(_change(name, *values) for name, values in line.changes.items())
        events.append(Event(line.at, "alert", text))
    if stored.times_seen > 1:
        text = f"{alert.name} last heard of, {stored.times_seen} times in all"
        events.append(Event(stored.last_seen_at, "alert", text))
    return events


def _change(name: str, old: Any, new: Any) -> str:
    if isinstance(old, str) and isinstance(new, str) and name in ("status", "severity", "name"):
        return f"{name} {old} -> {new}"
    return name


def _steps(run: Run, steps: tuple[Step, ...], sent: tuple[Delivery, ...]) -> list[Event]:
    changes = ", ".join(run.changes) or "asked for"
    events = [Event(run.created_at, "run", f"{run.id} queued for pipeline {run.pipeline}: {changes}")]
    for step in steps:
        text = f"{step.id} {step.status}" + (f" after {step.attempts} attempts" if step.attempts > 1 else "")
        text += f": {step.error}" if step.error else ""
        events.append(Event(step.finished_at or step.started_at or run.created_at, "step", text))
        events.extend(Event(step.finished_at or run.created_at, "decision", text) for text in _decisions(step))
    events.extend(Event(each.finished_at or each.created_at, "delivery", told(each)) for each in sent)
    return events


def _decisions(step: Step) -> list[str]:
    decisions = step.output.get("decisions", []) if isinstance(step.output, dict) else []
    return [
        f"{entry['channel']} {'is told' if entry['send'] else 'is not told'}: "
        f"{_BECAUSE.get(entry['reason'], entry['reason'])} ({entry['reason']})"
        for entry in decisions
    ]


def _outcome(run: Run, steps: tuple[Step, ...], sent: tuple[Delivery, ...]) -> list[str]:
    """Where the latest run stands, in words an operator can act on."""
    if run.state is RunState.FAILED:
        return [f"the last run failed: {run.error}. Mend it, then `srvmaint runs resume {run.id}`.", *map(told, sent)]
    if run.finished_at is None and not sent:
        if run.started_at is None:
            return [f"the last run waits for a worker since {iso(run.created_at)}"]
        again = f", tried again at {iso(run.next_at)}" if run.state is RunState.RETRYING else ""
        return [f"the last run is at {run.state}{again}" + (f": {run.error}" if run.error else "")]
    silent = [text for step in steps for text in _decisions(step) if "is not told" in text]
    return [*map(told, sent), *silent] or ["the last run told nobody: no step of its pipeline tells a channel"]


def told(delivery: Delivery) -> str:
    """How a message fared, and its first line."""
    says: dict[DeliveryState, Callable[[], str]] = {
        DeliveryState.DELIVERED: lambda: f"was told at {iso(delivery.finished_at)}",
        DeliveryState.RETRYING: lambda: f"is tried again at {iso(delivery.next_at)}: {delivery.last_error}",
        DeliveryState.DEAD: lambda: f"was not reached, given up: {delivery.last_error}",
        DeliveryState.SENDING: lambda: "is being told now",
    }
    text = says.get(delivery.state, lambda: f"is to be told ({delivery.state})")()
    attempts = f" ({delivery.attempts} attempts)" if delivery.attempts > 1 else ""
    return f"{delivery.channel} {text}{attempts}: {delivery.message.headline}"


def ordered(events: list[Event]) -> tuple[Event, ...]:
    """By time; what happened at one moment stays as it was."""
    return tuple(sorted(events, key=lambda event: event.at))
