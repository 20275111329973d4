"""Opsgenie's outgoing webhook, and that of its successor, Jira Service Management: one action on one alert a body.

    https://support.atlassian.com/opsgenie/docs/opsgenie-edge-connector-alert-action-data/
    https://support.atlassian.com/jira-service-management-cloud/docs/alert-action-data-for-jira-edge-connector/

The action says where the alert stands; most actions (a note, a tag, a responder, one that users defined) say nothing
about that and are ignored, because the body does not tell whether the alert had been acknowledged before. A changed
priority or text is told, and an action never resolves but by closing or deleting. `createdAt` is in milliseconds,
`updatedAt` in nanoseconds, either may be text; the priority of 2017 is a number. Calls to Opsgenie's API do not belong
here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._access import Access
from srvmaint.alerts._fingerprint import of_labels, of_sender
from srvmaint.alerts._limits import MAX_ANNOTATION, MAX_LABEL
from srvmaint.alerts._read import cut, first, line, link, mapping, strings, tags, text
from srvmaint.alerts._times import millis
from srvmaint.alerts._vocabulary import severity, status
from srvmaint.clock import Clock
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus, Severity

PRECEDENCE: Final = 15
SOURCE: Final = "opsgenie"

_MEANINGS: Final = {
    **dict.fromkeys(("create", "unacknowledge", "escalate", "escalatenext", "reopen"), AlertStatus.FIRING),
    **dict.fromkeys(("unsnooze", "snoozeend", "snoozeended", "endsnooze"), AlertStatus.FIRING),
    **dict.fromkeys(("acknowledge", "ack"), AlertStatus.ACKNOWLEDGED),
    **dict.fromkeys(("close", "delete"), AlertStatus.RESOLVED),
}
_UPDATES: Final = frozenset({"updatepriority", "updatemessage", "updatedescription"})
"""Actions that change what is known of the alert and not where it stands."""
_PRIORITIES: Final = {
    "1": Severity.CRITICAL,
    "2": Severity.CRITICAL,
    "3": Severity.WARNING,
    "4": Severity.INFO,
    "5": Severity.INFO,
}
_HOSTS: Final = ("instance", "host", "hostname", "host_name", "server", "node")
_INTEGRATION: Final = ("integrationId", "integrationName", "integrationType")
_NOTED: Final = {
    "alias": "alias",
    "tinyId": "tiny_id",
    "owner": "owner",
    "note": "note",
    "username": "username",
    "oldPriority": "old_priority",
}
"""What becomes an annotation, under which name."""
_ENDED: Final = ("closedAt", "updatedAt")


@dataclass(frozen=True, slots=True)
class Config(Access):
    """What the sender shows; nothing about Opsgenie's bodies needs setting."""


@dataclass(frozen=True, slots=True)
class Driver:
    """Reads what Opsgenie and Jira Service Management send."""

    config: Config = field(default_factory=Config)
    clock: Clock = field(default_factory=Clock)

    def detect(self, payload: Any) -> str | None:
        """`action` in words with an object `alert` that has Opsgenie's id of it."""
        if not isinstance(payload, dict) or not text(payload.get("action")):
            return None
        alert = mapping(payload.get("alert"))
        if of_sender(alert.get("alertId")):
            return "`action` with `alert.alertId`"
        named = next((key for key in _INTEGRATION if text(payload.get(key))), None)
        if named and (text(alert.get("tinyId")) or of_sender(alert.get("alias"))):
            return f"`action` with `alert` and `{named}`"
        return None

    def parse(self, payload: Any) -> Parsed:
        """The alert an action is about.

        Raises:
            PayloadError: `undetected` or `no_alerts`.
        """
        action = text(mapping(payload).get("action"), MAX_LABEL)
        entry = mapping(payload).get("alert")
        if not action or not isinstance(entry, dict):
            missing = "an object `alert`" if action else "an `action`"
            raise PayloadError(
                "undetected",
                f"cannot read this as Opsgenie's: it has not {missing}. Post it to /alerts/webhook/ to have the sender"
                " found out.",
            )
        state = _state(action, entry)
        if state is None:
            return Parsed(ignored=f"the action {line(action, 80)} says nothing about where the alert stands")
        alert = _alert(entry, state)
        if alert is None:
            raise PayloadError(
                "no_alerts",
                "cannot use the alert: it has neither an alertId nor a message. Send what Opsgenie's webhook sends.",
            )
        return Parsed((alert,))


def _state(action: str, entry: Mapping[str, Any]) -> AlertStatus | None:
    """Where the alert stands after the action; None when the action does not say."""
    word = "".join(filter(str.isalpha, action)).lower()
    if word not in _UPDATES:
        return _MEANINGS.get(word)
    if entry.get("acknowledged") is True:
        return AlertStatus.ACKNOWLEDGED
    said = status(text(entry.get("status"))) or AlertStatus.FIRING
    return None if said is AlertStatus.RESOLVED else said


def _alert(entry: Mapping[str, Any], state: AlertStatus) -> Alert | None:
    """The alert; None when there is nothing in it to know it by."""
    sender_id = next((found for key in ("alertId", "alias", "id") if (found := of_sender(entry.get(key)))), "")
    name = line(entry.get("message"))
    if not name and not sender_id:
        return None
    details = entry.get("details")
    labels = _labels(entry, strings(details, MAX_LABEL) if isinstance(details, dict) else tags(details, MAX_LABEL))
    fingerprint = sender_id or of_labels(name, labels)
    own = text(entry.get("priority"), MAX_LABEL)
    if own:
        labels["severity"] = f"P{own}" if own in _PRIORITIES else own
    return Alert(
        source=SOURCE,
        fingerprint=fingerprint,
        name=name or line(f"Opsgenie alert {text(entry.get('tinyId')) or sender_id}"),
        status=state,
        severity=_PRIORITIES.get(own.lower().removeprefix("p")) or severity(own) or Severity.WARNING,
        description=text(entry.get("description")),
        labels=labels,
        annotations=_annotations(entry, details),
        starts_at=millis(entry.get("createdAt")),
        ends_at=_moment(entry, _ENDED) if state is AlertStatus.RESOLVED else None,
        generator_url=_address(details),
        named=bool(name),
    )


def _labels(entry: Mapping[str, Any], details: dict[str, str]) -> dict[str, str]:
    """Tags, details, and what Opsgenie itself says the alert is about."""
    labels = {**_tags(entry.get("tags")), **details}
    host = next((value for key in _HOSTS for name, value in labels.items() if name.lower() == key and value), "")
    entity = text(entry.get("entity"), MAX_LABEL)
    if host or entity:
        labels["instance"] = host or entity
    own = {
        "entity": entity,
        "source": text(entry.get("source"), MAX_LABEL),
        "team": text(entry.get("team"), MAX_LABEL) or _names(entry.get("responders"), "team"),
    }
    for name, value in own.items():
        if value:
            labels.setdefault(name, value)
    return labels


def _tags(value: Any) -> dict[str, str]:
    """Tags as labels. A name that several have (`st:sla:100`, `st:environment:prod`) holds what all of them say."""
    if not isinstance(value, list):
        return tags(value, MAX_LABEL)
    labels: dict[str, str] = {}
    words: list[Any] = []
    for item in value:
        pair = tags([item], MAX_LABEL)
        if "tags" in pair:
            words.append(item)
            continue
        for name, content in pair.items():
            labels[name] = cut(f"{labels[name]},{content}", MAX_LABEL) if name in labels else content
    return {**labels, **tags(words, MAX_LABEL)}


def _names(value: Any, kind: str = "") -> str:
    """Teams or responders, which are objects with a name, names, or ids."""
    members = value if isinstance(value, list) else ()
    found = (
        first(member, ("name", "username", "id"), MAX_LABEL) if isinstance(member, dict) else text(member, MAX_LABEL)
        for member in members
        if not kind or text(mapping(member).get("type")).lower() == kind
    )
    return cut(", ".join(filter(None, found)), MAX_LABEL)


def _annotations(entry: Mapping[str, Any], details: Any) -> dict[str, str]:
    annotations = {name: text(entry.get(key), MAX_ANNOTATION) for key, name in _NOTED.items()}
    for key in ("teams", "responders", "recipients"):
        annotations[key] = _names(entry.get(key))
    for name, value in mapping(details).items():
        if "runbook" in str(name).lower():
            annotations["runbook_url"] = link(value)
    return {name: value for name, value in annotations.items() if value and value != "-"}


def _address(details: Any) -> str:
    """The first page a detail leads to; Opsgenie does not send the address of the alert itself."""
    pages = (link(value) for name, value in mapping(details).items() if "runbook" not in str(name).lower())
    return next((page for page in pages if page.startswith("http")), "")


def _moment(entry: Mapping[str, Any], keys: Iterable[str]) -> int | None:
    return next((found for key in keys if (found := millis(entry.get(key))) is not None), None)
