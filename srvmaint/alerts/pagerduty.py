"""PagerDuty: its webhooks of version 3, 2 and 1, and what monitoring tools send to its Events API.

    https://developer.pagerduty.com/docs/webhooks-overview
    https://developer.pagerduty.com/docs/send-alert-event

A webhook is about an incident and carries it whole: its `status` counts, not the event's name ("unacknowledge" contains
"acknowledge"), and its id is the same in every version. Events about anything else (a service, a note, a task, a
change) are ignored, never an alert. The service has a `status` of its own, which is not the incident's. The keys with
which tools show themselves to PagerDuty (`routing_key`, `service_key`) are secrets: nothing here may keep them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from srvmaint.alerts import BadAlert, Parsed
from srvmaint.alerts._fingerprint import of_labels, of_sender
from srvmaint.alerts._limits import MAX_ANNOTATION, MAX_LABEL, check_count
from srvmaint.alerts._pagerduty_old import incident_of, kind_of, messages_of, origins_of, subject_of
from srvmaint.alerts._read import cut, first, line, link, mapping, strings, text
from srvmaint.alerts._signatures import PagerDutySigned
from srvmaint.alerts._times import millis
from srvmaint.alerts._vocabulary import severity, status
from srvmaint.clock import Clock
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus, Severity

PRECEDENCE: Final = 10
SOURCE: Final = "pagerduty"
DELIVERY_HEADER: Final = "X-Webhook-Id"
"""The same for every attempt at one delivery: https://developer.pagerduty.com/docs/webhooks-overview"""

_VERBS: Final = {
    AlertStatus.FIRING: (
        "trigger triggered reopen reopened unacknowledge unacknowledged escalate escalated delegate delegated assign"
        " assigned reassign reassigned priority_updated service_updated incident_type.changed"
    ),
    AlertStatus.ACKNOWLEDGED: "acknowledge acknowledged",
    AlertStatus.RESOLVED: "resolve resolved",
}
_STATUS_OF_VERB: Final = {verb: state for state, verbs in _VERBS.items() for verb in verbs.split()}
"""The events that carry an incident, and where it then stands in case the incident itself does not say."""
_BEGINNINGS: Final = ("trigger", "triggered")
_NOTES: Final = ("annotate", "annotated")
_ACTIONS: Final = ("trigger", "acknowledge", "resolve")
_PRIORITIES: Final = {
    "0": Severity.CRITICAL,
    "1": Severity.CRITICAL,
    "2": Severity.CRITICAL,
    "3": Severity.WARNING,
    "4": Severity.INFO,
    "5": Severity.INFO,
}
_PRIORITY: Final = re.compile(r"\b(?:p|sev)[ -]?([0-5])\b", re.IGNORECASE)
"""A priority's name is the customer's to choose; these are the two schemes that PagerDuty suggests."""
_URGENCIES: Final = {"high": Severity.CRITICAL, "low": Severity.WARNING}
_HOSTS: Final = ("instance", "host", "hostname", "host_name", "HOSTNAME", "Hostname", "Host", "server", "node")
_TEXTS: Final = ("description", "message", "details", "body", "firing", "output", "SERVICEOUTPUT", "HOSTOUTPUT")
_NUMBERED: Final = re.compile(r"\[#\d+\]\s*")
"""What PagerDuty puts before a title to make an incident's `summary`."""
_STATED: Final = re.compile(r"\[(?:firing|resolved)(?::\d+)?(?:,\s*\w+:\d+)*\]\s*", re.IGNORECASE)
"""What Alertmanager and Grafana put before the `summary` of an event."""
_RANDOM: Final = re.compile(r"[0-9a-fA-F-]{32,36}")
"""An `incident_key` that PagerDuty made; others were chosen to be read."""
_LOOKED_AT: Final = 5
"""Messages that detection looks at."""


@dataclass(frozen=True, slots=True)
class Config(PagerDutySigned):
    """What the sender shows; nothing about PagerDuty's bodies needs setting."""


@dataclass(frozen=True, slots=True)
class Driver:
    """Reads what PagerDuty sends, and what is sent to PagerDuty."""

    config: Config = field(default_factory=Config)
    clock: Clock = field(default_factory=Clock)

    def detect(self, payload: Any) -> str | None:
        """`event.event_type` with a resource; `messages` about incidents; or an event with its key."""
        body = mapping(payload)
        event = mapping(body.get("event"))
        if isinstance(event.get("event_type"), str) and (
            isinstance(event.get("data"), dict) or isinstance(event.get("resource_type"), str)
        ):
            return "`event.event_type` with its data (webhook v3)"
        for message in (messages_of(body) or ())[:_LOOKED_AT]:
            if kind_of(message).startswith("incident.") and incident_of(message):
                return f"`messages` about incidents (webhook {'v2' if 'event' in message else 'v1'})"
        return _event_reason(body)

    def parse(self, payload: Any) -> Parsed:
        """One alert of an event, one for each of the messages; a message that cannot be used is reported by its index.

        Raises:
            PayloadError: `undetected`, `no_alerts` or `too_many_alerts`.
        """
        body = mapping(payload)
        event = mapping(body.get("event"))
        if isinstance(event.get("event_type"), str):
            return _webhook(event)
        messages = messages_of(body)
        if messages is not None:
            return _messages(messages)
        if _event_reason(body) is None:
            raise PayloadError(
                "undetected",
                "cannot read this as PagerDuty's: it has neither `event.event_type` nor `messages` nor an"
                " `event_action`. Post it to /alerts/webhook/ to have the sender found out.",
            )
        if not _action(body):
            return Parsed(ignored="a change event is no alert")
        alert = _event(body)
        if alert is None:
            raise PayloadError("no_alerts", "cannot use the event: it has neither a key nor a summary. Give it one.")
        return Parsed((alert,))


def _event_reason(body: Mapping[str, Any]) -> str | None:
    """Why this is an event for PagerDuty's Events API."""
    payload = body.get("payload")
    if "event_action" in body:
        what = "its key" if first(body, ("routing_key", "dedup_key")) else ""
        what = what or ("a summary" if first(mapping(payload), ("summary",)) else "")
        return f"`event_action` with {what} (Events API v2)" if _action(body) and what else None
    if isinstance(body.get("service_key"), str):
        return "`event_type` with `service_key` (Events API v1)" if _action(body) else None
    if isinstance(body.get("routing_key"), str) and isinstance(payload, dict) and "summary" in payload:
        return "`routing_key` with a summary (change event)"
    return None


def _action(body: Mapping[str, Any]) -> str:
    key = "event_action" if "event_action" in body else "event_type" if "service_key" in body else ""
    found = text(body.get(key)).lower()
    return found if found in _ACTIONS else ""


def _webhook(event: Mapping[str, Any]) -> Parsed:
    """Version 3. Of the events about an incident only some have the incident as their data."""
    kind, data = text(event["event_type"]), mapping(event.get("data"))
    family, _, verb = kind.partition(".")
    if "type" not in data:
        data = mapping(data.get("incident")) or data
    carried = data.get("type") == "incident" or (verb in _STATUS_OF_VERB and "incident" not in data)
    if family != "incident" or not carried:
        return Parsed(ignored=f"{line(kind, MAX_LABEL) or 'this'} is no change of an incident")
    alert = _alert(data, verb, event)
    if alert is None:
        raise PayloadError("no_alerts", "cannot use the incident: it has neither an id nor a title. Send it whole.")
    return Parsed((alert,))


def _messages(messages: list[Any]) -> Parsed:
    """Versions 2 and 1: several about one incident if it changed quickly, in the order in which it did."""
    check_count(len(messages))
    alerts: list[Alert] = []
    errors: list[BadAlert] = []
    notes = 0
    for index, message in enumerate(messages):
        incident, verb = incident_of(message), kind_of(message).partition(".")[2]
        if incident and verb in _NOTES:
            notes += 1
            continue
        alert = _alert(incident, verb, mapping(message))
        if alert is not None:
            alerts.append(alert)
        elif isinstance(message, dict):
            errors.append(BadAlert(index, "has no incident with an id or a title"))
        else:
            errors.append(BadAlert(index, "is not an object"))
    if alerts:
        return Parsed(tuple(alerts), tuple(errors))
    if errors and not notes:
        raise PayloadError("no_alerts", f"cannot use any message: the first {errors[0].message}. Send it whole.")
    return Parsed(
        errors=tuple(errors), ignored="a note is no change of an incident" if notes else "there is no message"
    )


def _alert(incident: Mapping[str, Any], verb: str, message: Mapping[str, Any]) -> Alert | None:
    """An incident of any version, in the event or message about it; None when there is nothing to know it by."""
    origins = tuple(origins_of(incident, message))
    moment = _moment(message, ("occurred_at", "created_on"))
    sender_id = of_sender(incident.get("id"))
    name = _name(incident)
    if not sender_id and not name:
        return None
    name = name or f"Incident {text(incident.get('incident_number') or incident.get('number')) or sender_id}"
    labels = {
        "service": _label(incident.get("service")),
        "team": _labels(incident.get("teams")),
        "instance": next((host for origin in origins if (host := first(origin, _HOSTS, MAX_LABEL))), ""),
    }
    labels = {key: value for key, value in labels.items() if value}
    state = status(text(incident.get("status"))) or _STATUS_OF_VERB.get(verb, AlertStatus.FIRING)
    fingerprint = sender_id or of_sender(incident.get("incident_key")) or of_labels(name, labels)
    described = next(
        (found for origin in origins if (found := first(origin, _TEXTS))), text(incident.get("description"))
    )
    starts_at = _moment(incident, ("created_at", "created_on"))
    if starts_at is None and verb in _BEGINNINGS:
        starts_at = moment
    ends_at = None
    if state is AlertStatus.RESOLVED:
        ends_at = _moment(incident, ("resolved_at", "last_status_change_at", "last_status_change_on"))
        if ends_at is None and _STATUS_OF_VERB.get(verb) is state:
            ends_at = moment
    return Alert(
        source=SOURCE,
        fingerprint=fingerprint,
        name=name,
        status=state,
        severity=_severity(incident, labels),
        description="" if described == name else described,
        labels=labels,
        annotations=_annotations(incident, mapping(message.get("agent"))),
        starts_at=starts_at,
        ends_at=ends_at,
        generator_url=link(incident.get("html_url")),
    )


def _name(incident: Mapping[str, Any]) -> str:
    key = line(incident.get("incident_key"))
    return (
        line(incident.get("title"))
        or subject_of(incident)
        or line(incident.get("description"))
        or _NUMBERED.sub("", line(incident.get("summary")), count=1)
        or ("" if _RANDOM.fullmatch(key) else key)
    )


def _severity(incident: Mapping[str, Any], labels: dict[str, str]) -> Severity:
    """The priority's, else the urgency's; without either it is high, as a service's default is."""
    ranked = _label(incident.get("priority"))
    urgency = text(incident.get("urgency"), MAX_LABEL)
    known = _PRIORITY.search(ranked)
    by_priority = _PRIORITIES[known[1]] if known else severity(ranked)
    found = by_priority or _URGENCIES.get(urgency.lower()) or Severity.CRITICAL
    own = ranked or urgency
    if own and own.lower() != found.value:
        labels["severity"] = own
    return found


def _annotations(incident: Mapping[str, Any], agent: Mapping[str, Any]) -> dict[str, str]:
    assigned = [mapping(each) for each in _list(incident, ("assignees", "assignments", "assigned_to"))]
    people = (_label(each.get("assignee") or each.get("object") or each) for each in assigned)
    keys = (text(mapping(each).get("alert_key"), MAX_LABEL) for each in _list(incident, ("alerts",)))
    reason = incident.get("resolve_reason")
    found = {
        "incident_number": text(incident.get("incident_number") or incident.get("number"), MAX_LABEL),
        "incident_key": text(incident.get("incident_key"), MAX_ANNOTATION),
        "alert_keys": ", ".join(filter(None, keys)),
        "urgency": text(incident.get("urgency"), MAX_LABEL),
        "priority": _label(incident.get("priority")),
        "incident_type": _label(incident.get("incident_type")),
        "escalation_policy": _label(incident.get("escalation_policy")),
        "assigned_to": ", ".join(filter(None, people)),
        "changed_by": _label(agent) or _label(incident.get("last_status_change_by")),
        "resolve_reason": _label(reason) or line(mapping(reason).get("type"), MAX_LABEL),
        "conference_url": link(mapping(incident.get("conference_bridge")).get("conference_url")),
    }
    return {key: cut(value, MAX_ANNOTATION) for key, value in found.items() if value}


def _event(body: Mapping[str, Any]) -> Alert | None:
    """An event for the Events API; None when it has neither a key nor a summary. All it may have is a key."""
    payload, action = mapping(body.get("payload")), _action(body)
    details = payload.get("custom_details", body.get("details"))
    key = next((found for word in ("dedup_key", "incident_key") if (found := of_sender(body.get(word)))), "")
    summary = line(payload.get("summary")) or line(body.get("description"))
    name = _STATED.sub("", summary, count=1).strip() or summary or line(body.get("dedup_key")) or line(key)
    if not name:
        return None
    labels = {word: found for word in ("component", "group", "class") if (found := text(payload.get(word), MAX_LABEL))}
    instance = first(mapping(details), _HOSTS, MAX_LABEL) or text(payload.get("source"), MAX_LABEL)
    if instance:
        labels["instance"] = instance
    fingerprint = key or of_labels(name, labels)
    own = text(payload.get("severity"), MAX_LABEL)
    found = severity(own) or Severity.WARNING
    if own and own.lower() != found.value:
        labels["severity"] = own
    state, moment = _STATUS_OF_VERB[action], millis(payload.get("timestamp"))
    annotations = strings(details, MAX_ANNOTATION)
    client, source = text(body.get("client")), text(payload.get("source"))
    annotations |= {word: said for word, said in (("client", client), ("source", source)) if said not in {"", instance}}
    links = (link(mapping(each).get("href")) for each in _list(body, ("links", "contexts")))
    return Alert(
        source=SOURCE,
        fingerprint=fingerprint,
        name=name,
        status=state,
        severity=found,
        description=first(mapping(details), _TEXTS) or text(details),
        labels=labels,
        annotations=annotations,
        starts_at=moment if state is AlertStatus.FIRING else None,
        ends_at=moment if state is AlertStatus.RESOLVED else None,
        generator_url=link(body.get("client_url")) or next(filter(None, links), ""),
        named=bool(summary),
    )


def _list(source: Mapping[str, Any], keys: Iterable[str]) -> list[Any]:
    return next((source[key] for key in keys if isinstance(source.get(key), list)), [])


def _label(reference: Any) -> str:
    """What a referenced resource is called: `summary` in versions 3 and 2, `name` in version 1."""
    if isinstance(reference, dict):
        return line(first(reference, ("summary", "name")), MAX_LABEL)
    return "" if reference == "null" else line(reference, MAX_LABEL)


def _labels(references: Any) -> str:
    named = (_label(each) for each in references) if isinstance(references, list) else ()
    return cut(",".join(filter(None, named)), MAX_LABEL)


def _moment(incident: Mapping[str, Any], keys: Iterable[str]) -> int | None:
    return next((found for key in keys if (found := millis(incident.get(key))) is not None), None)
