"""What PagerDuty's webhooks had before version 3: several messages in one body, and the event an incident began with.

Version 2 has the event in the message's log entries, version 1 in `trigger_summary_data`; there it is the only place
that says what is wrong. What an incident means is `pagerduty`'s knowledge, not this module's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from srvmaint.alerts._read import first, line, mapping, text


def messages_of(body: Mapping[str, Any]) -> list[Any] | None:
    """The messages of a body; a body that is one message itself, as relays pass it on, is a list of it."""
    messages = body.get("messages")
    if isinstance(messages, list):
        return messages
    alone = text(body.get("event")).startswith("incident.") and isinstance(body.get("incident"), dict)
    return [body] if alone else None


def kind_of(message: Any) -> str:
    """What a message says has happened: `event` in version 2, `type` in version 1."""
    return text(mapping(message).get("event")) or text(mapping(message).get("type"))


def incident_of(message: Any) -> Mapping[str, Any]:
    """The incident of a message of either version; empty when it has none."""
    return mapping(mapping(message).get("incident")) or mapping(mapping(mapping(message).get("data")).get("incident"))


def origins_of(incident: Mapping[str, Any], message: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What is left of the event that began an incident, in each of the places where the versions have it."""
    entries = [entry for holder in (incident, message) for entry in _list(holder.get("log_entries"))]
    for entry in (incident, *entries, incident.get("first_trigger_log_entry")):
        for holder in (mapping(mapping(entry).get("body")), mapping(mapping(entry).get("channel"))):
            event = mapping(holder.get("cef_details"))
            yield mapping(holder.get("details")) or mapping(event.get("details"))
            yield {"details": holder.get("details"), "host": event.get("source_origin")}
    yield mapping(incident.get("trigger_summary_data"))


def subject_of(incident: Mapping[str, Any]) -> str:
    """What version 1 has instead of a title: the subject of a mail, the text of an event, or what Nagios checked."""
    begun = mapping(incident.get("trigger_summary_data"))
    checked = (first(begun, ("SERVICEDESC",)), first(begun, ("HOSTNAME",)))
    return line(first(begun, ("subject", "description", "summary"))) or line(" on ".join(filter(None, checked)))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
