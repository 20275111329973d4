"""What happened to one incident, from the first alert to the last note: read from rows, in the order of time."""

from __future__ import annotations

from typing import Any, Final

from srvmaint.clock import iso
from srvmaint.model import DeliveryState, Incident, RunState
from srvmaint.pipeline.explain import MOST_ALERTS, MOST_RUNS, Event, history, life, ordered, told
from srvmaint.store import pages
from srvmaint.store.reader import Reader

MOST_MESSAGES: Final = 200


async def timeline(reader: Reader, incident: Incident) -> tuple[Event, ...]:
    """Its alerts' histories, what people did and wrote, who was told what, and the runs that failed."""
    events = [*life(incident), *_notes(incident)]
    about = {"incident_id": incident.id}
    for stored in (await pages.page(reader, "alerts", about, limit=MOST_ALERTS)).items:
        events += await history(reader, stored.id)
    for sent in (await pages.page(reader, "deliveries", about, limit=MOST_MESSAGES)).items:
        if sent.state is not DeliveryState.SUPPRESSED:
            events.append(Event(sent.finished_at or sent.created_at, "message", told(sent)))
    failed = {**about, "state": RunState.FAILED}
    for run in (await pages.page(reader, "runs", failed, limit=MOST_RUNS)).items:
        events.append(Event(run.finished_at or run.created_at, "run", f"{run.id} failed: {run.error}"))
    return ordered(events)


async def shape(reader: Reader, incident: Incident) -> list[dict[str, Any]]:
    """The same as the API and `--json` show it."""
    found = await timeline(reader, incident)
    return [{"at": iso(event.at), "what": event.what, "text": event.text} for event in found]


def _notes(incident: Incident) -> list[Event]:
    """What people did and wrote. An acknowledgement that stands is among the incident's marks already."""
    standing = (incident.acknowledged_at, incident.acknowledged_by)
    return [
        Event(note["at"], note.get("event", "note"), f"{note['by']}: {note['text']}")
        for note in incident.notes
        if "event" not in note or (note["at"], note["by"]) != standing
    ]
