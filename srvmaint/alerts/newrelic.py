"""New Relic: the webhooks of workflows, of the channels they replaced, and of the alerts before those.

    https://docs.newrelic.com/docs/alerts/get-notified/notification-integrations/#webhook
    https://docs.newrelic.com/docs/alerts/get-notified/message-templates/

A workflow reports an issue, whatever the number of incidents, policies and conditions in it: one body is one alert.
Acknowledging leaves `state` at ACTIVATED and closing one of several incidents does too, so the trigger alone never
resolves. A workflow's payload is a template: values come as text, as a list with one text, as null, or as the template
itself where a variable was unknown. Channels number their incidents; the ids 0 and -1 are no ids.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._access import Access
from srvmaint.alerts._fingerprint import of_labels, of_sender
from srvmaint.alerts._limits import MAX_ANNOTATION, MAX_DESCRIPTION, MAX_LABEL
from srvmaint.alerts._read import cut, line, link, mapping, member_text, strings, tags, text
from srvmaint.alerts._times import millis
from srvmaint.alerts._vocabulary import severity, status
from srvmaint.clock import Clock
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus, Severity

PRECEDENCE: Final = 25
SOURCE: Final = "newrelic"

CONDITION: Final = ("alertconditionnames", "conditionname", "conditionnames", "alertconditionname")
"""Keys, as `_fold` writes them. Of each table the first that holds something wins."""
POLICY: Final = ("alertpolicynames", "policyname", "policynames", "alertpolicyname")
TITLE: Final = ("title", "issuetitle", "name", "details", "summary", "message", "shortdescription")
TEXT: Final = (
    "details",
    "title",
    "issuetitle",
    "longdescription",
    "description",
    "message",
    "conditiondescription",
    "violationdescription",
)
"""All of these that differ make the description."""
STATE: Final = ("currentstate", "state", "issuestate", "status", "eventstate")
SEVERITY: Final = ("priority", "severity", "issuepriority")
ID: Final = ("issueid", "incidentid", "id", "incidentuuid")
ENTITY: Final = ("impactedentities", "entitiesdatanames", "entitynames", "names", "targetname", "entityname", "entity")
"""`names` is a member of `entitiesData`."""
OLD_ENTITY: Final = ("applicationname", "servername", "hostname", "host")
CLOSED: Final = ("closedat", "issueclosedat", "issueclosedatutc")
ACKNOWLEDGED: Final = ("acknowledgedat", "issueacknowledgedat")
UNACKNOWLEDGED: Final = ("unacknowledgedat", "issueunacknowledgedat")
OWNER: Final = ("acknowledgedby", "acknowedgedby", "issueacknowledgedby", "owner")
"""`acknowedgedby` is what a widely copied template says."""
CREATED: Final = ("createdat", "issuecreatedat", "activatedat", "issueactivatedat", "openedat")
UPDATED: Final = ("updatedat", "issueupdatedat", "lastreceived", "timestamp", "timestamputcstring")
LINK: Final = (
    "issueurl",
    "issuepageurl",
    "incidenturl",
    "issuelink",
    "url",
    "link",
    "alerturl",
    "violationcallbackurl",
)

_OF_AN_ISSUE: Final = frozenset({
    "alertconditionnames", "alertpolicynames", "impactedentities", "totalincidents", "workflowname", "issueid",
    "issueurl", "issuetitle", "issuepageurl",
})  # fmt: skip
_OF_AN_INCIDENT: Final = frozenset({"conditionname", "policyname", "incidentid", "incidentacknowledgeurl"})
_OF_OLD: Final = frozenset({"shortdescription", "longdescription", "accountname", "alerturl"})
_SITE: Final = re.compile(r"https?://[^/\s]*\b(?:newrelic\.[a-z]+|onenr\.io)/", re.IGNORECASE)
_TRANSPARENT: Final = frozenset({"accumulations", "annotations", "entitiesdata", "issue", "data"})
"""Objects whose members are read as if they stood outside."""
_ENVELOPES: Final = ("detail", "payload")
"""Of Amazon's event bus and of Opsgenie: what is in them counts more than what is written on them."""
_LEVELS: Final = 3
_SEVERITIES: Final = {
    "critical": Severity.CRITICAL,
    "high": Severity.WARNING,
    "medium": Severity.WARNING,
    "low": Severity.INFO,
}
"""HIGH is what WARNING became; the rest is everybody's."""
_SHOUTED: Final = frozenset({"CREATED", "ACTIVATED", "CLOSED", "CRITICAL", "HIGH", "MEDIUM", "LOW"})
"""As a workflow writes its states and priorities, unlike trackers of issues."""
_ACTIVE: Final = frozenset({"created", "activated", "active"})
"""States of an issue, which an acknowledgement does not change."""
_NOBODY: Final = frozenset({"", "n/a", "na", "none", "null", "undefined", "unknown", "-"})
_UNFILLED: Final = re.compile(r"\s*(?:\$[A-Z][A-Z0-9_]*|\{\{.*\}\})\s*", re.DOTALL)
_ISSUE_IN: Final = re.compile(r"/issues/([0-9a-f-]{16,64})", re.IGNORECASE)
_INCIDENT_IN: Final = re.compile(r"/incidents/(\d{1,20})")
_OLD_WORDS: Final = {"opened": AlertStatus.FIRING, "canceled": AlertStatus.RESOLVED, "cancelled": AlertStatus.RESOLVED}
_DEPLOYMENT: Final = frozenset({"deploymenturl", "deployedby", "deploymentid"})
_HOST_LABELS: Final = ("fullHostname", "hostname", "host", "instance")
_LONGEST_JSON: Final = 20_000
_YEAR: Final = 366 * 86_400_000
_SECRET: Final = re.compile(r"secret|token|passw|apikey|insertkey|authorization|credential|signature")
_USED: Final = frozenset({
    *TITLE, *TEXT, *STATE, *SEVERITY, *CLOSED, *ACKNOWLEDGED, *CREATED, *UPDATED, *LINK, "tags", "runbookurl",
    "duration", "trigger", "triggerevent",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Config(Access):
    """What the sender shows: New Relic signs nothing, so a Bearer token or a custom header is all there is."""


@dataclass(frozen=True, slots=True)
class Driver:
    """Reads one notification about an issue, an incident or an old alert."""

    config: Config = field(default_factory=Config)
    clock: Clock = field(default_factory=Clock)

    def detect(self, payload: Any) -> str | None:
        """The keys of an issue with its state, or those of an incident with its state."""
        fields = _read(payload)
        words = {key: word for key in (*STATE, *SEVERITY) if (word := _one(fields.get(key)))}
        ours = any(_SITE.match(_one(fields.get(key))) for key in LINK) or not _SHOUTED.isdisjoint(words.values())
        issue = sorted(_OF_AN_ISSUE & fields.keys())
        if words and issue and (ours or len(issue) > 1):
            return f"`{issue[0]}` and `{next(iter(words))}` of an issue"
        incident = sorted(_OF_AN_INCIDENT & fields.keys())
        word = _one(fields.get("currentstate")) or ("event" if "eventtype" in fields else "")
        if incident and word and (ours or len(incident) > 1 or word.lower() in {"open", "acknowledged", "closed"}):
            return f"`{incident[0]}` and a state of an incident"
        if "incidentacknowledgeurl" in fields or (ours and (incident or issue) and words):
            return "the links of an incident"
        if len(_OF_OLD & fields.keys()) == len(_OF_OLD):
            return "an alert of before 2016"
        return "a deployment" if ours and not _DEPLOYMENT.isdisjoint(fields) else None

    def parse(self, payload: Any) -> Parsed:
        """The one alert of the body.

        Raises:
            PayloadError: `undetected` or `no_alerts`.
        """
        if not isinstance(payload, dict):
            raise PayloadError(
                "undetected", "cannot read this as New Relic's: it is no object. Send the default payload."
            )
        fields = _read(payload)
        if not _DEPLOYMENT.isdisjoint(fields) and not _first(fields, (*CONDITION, *POLICY)):
            return Parsed(ignored="a deployment is no alert")
        address = next((found for key in LINK if (found := link(_one(fields.get(key))))), "")
        identity, name = _sender_id(fields), _name(fields)
        state = _state(fields)
        if not name and not identity and state is None:
            raise PayloadError(
                "no_alerts",
                "cannot use the alert: it has neither a title nor a condition nor an id. Send the default payload.",
            )
        name = name or "New Relic alert"
        state = state or AlertStatus.FIRING
        labels = _labels(fields)
        of_alert = {key: value for key, value in labels.items() if key in ("instance", "policy")}
        how_bad, own = _severity(fields)
        if own and own.lower() != how_bad.value:
            labels.setdefault("severity", cut(own, MAX_LABEL))
        started, ended = _times(fields, state)
        return Parsed((
            Alert(
                source=SOURCE,
                fingerprint=identity or of_labels(name, of_alert),
                name=name,
                status=state,
                severity=how_bad,
                description=_description(fields) or name,
                labels=labels,
                annotations=_annotations(payload, fields),
                starts_at=started,
                ends_at=ended,
                generator_url=address,
            ),
        ))  # fmt: skip


def _fold(word: str) -> str:
    return "".join(char for char in word.lower() if char.isalnum())


def _read(payload: Any) -> dict[str, Any]:
    """The values by their keys, the outermost first; what a template left unfilled is left out."""
    outer = mapping(payload)
    level: list[Mapping[Any, Any]] = [*(mapping(outer.get(key)) for key in _ENVELOPES), outer]
    form = outer.get("alert") or outer.get("deployment")
    if isinstance(form, str):
        level.append(mapping(_from_json(form)))  # the form that the alerts before 2016 were sent as
    fields: dict[str, Any] = {}
    for _ in range(_LEVELS):
        below: list[Mapping[Any, Any]] = []
        for holder in level:
            for key, value in holder.items():
                folded = _fold(line(key, MAX_LABEL))
                if isinstance(value, dict) and folded in _TRANSPARENT:
                    below.append(value)
                elif folded not in fields and not (isinstance(value, str) and _UNFILLED.fullmatch(value)):
                    fields[folded] = value
        level = below
    return fields


def _from_json(value: Any) -> Any:
    """A list or an object that a template wrote as text; the value itself when it is none."""
    if not isinstance(value, str) or len(value) > _LONGEST_JSON or not value.lstrip().startswith(("[", "{")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _many(value: Any) -> list[str]:
    """The texts of a list, or the one text there is."""
    value = _from_json(value)
    items = value if isinstance(value, list) else [value]
    found = [text(item.get("name") if isinstance(item, dict) else item) for item in items]
    return [each for each in found if each.lower() not in _NOBODY and not _UNFILLED.fullmatch(each)]


def _one(value: Any) -> str:
    return next(iter(_many(value)), "")


def _first(fields: Mapping[str, Any], keys: Iterable[str]) -> str:
    return next((found for key in keys if key in fields and (found := _one(fields[key]))), "")


def _moment(fields: Mapping[str, Any], keys: Iterable[str]) -> int | None:
    return next((found for key in keys if (found := millis(_number(fields.get(key)))) is not None), None)


def _number(value: Any) -> Any:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else _one(value)


def _name(fields: Mapping[str, Any]) -> str:
    """The first condition: its name stays when more incidents, each with its condition, join the issue."""
    return line(_first(fields, CONDITION) or _first(fields, TITLE) or _first(fields, POLICY))


def _description(fields: Mapping[str, Any]) -> str:
    parts = dict.fromkeys(found for key in TEXT if (found := _one(fields.get(key))))
    return cut("\n\n".join(parts), MAX_DESCRIPTION)


def _sender_id(fields: Mapping[str, Any]) -> str:
    """The issue's id or the incident's, from the link where the template leaves it out."""
    for key in ID:
        found = of_sender(_number(fields.get(key)))
        if found:
            return found
    links = [_one(fields.get(key)) for key in (*LINK, "incidentacknowledgeurl")]
    for pattern in (_ISSUE_IN, _INCIDENT_IN):
        for address in links:
            match = pattern.search(address)
            if match and of_sender(match[1]):
                return of_sender(match[1])
    return ""


def _state(fields: Mapping[str, Any]) -> AlertStatus | None:
    """The status; None when the body says nothing about it."""
    word = _first(fields, STATE).lower()
    if word in _ACTIVE:
        return AlertStatus.ACKNOWLEDGED if _is_acknowledged(fields) else AlertStatus.FIRING
    event = _first(fields, ("eventtype",)).rpartition("_")[2]
    old = _first(fields, ("shortdescription",)).rpartition(" ")[2].lower()
    for said in (word, event, old):
        found = _OLD_WORDS.get(said) or status(said)
        if found is not None:
            return found
    if word:
        return AlertStatus.FIRING
    if _moment(fields, CLOSED) is not None:
        return AlertStatus.RESOLVED
    return AlertStatus.ACKNOWLEDGED if _is_acknowledged(fields) else None


def _is_acknowledged(fields: Mapping[str, Any]) -> bool:
    """Whether an issue that is still active is known to somebody."""
    since, until = _moment(fields, ACKNOWLEDGED), _moment(fields, UNACKNOWLEDGED)
    if since is not None:
        return until is None or until < since
    if _first(fields, OWNER):
        return True
    if not fields.keys().isdisjoint((*ACKNOWLEDGED, *OWNER)):
        return False  # the template has a place for it, and it is empty: somebody took the acknowledgement back
    return _first(fields, ("trigger", "triggerevent")).upper() == "USER_ACTION"


def _severity(fields: Mapping[str, Any]) -> tuple[Severity, str]:
    for key in SEVERITY:
        own = _one(fields.get(key))
        found = _SEVERITIES.get(own.lower()) or severity(own)
        if found is not None:
            return found, own
    return Severity.WARNING, _first(fields, SEVERITY)


def _times(fields: Mapping[str, Any], state: AlertStatus) -> tuple[int | None, int | None]:
    """Start and end. A channel says when it wrote, and how long it had lasted by then."""
    started, updated = _moment(fields, CREATED), _moment(fields, UPDATED)
    ended = None
    if state is AlertStatus.RESOLVED:
        ended = _moment(fields, CLOSED) or updated
    if started is None and updated is not None:
        lasted = text(fields.get("duration"))
        if state is AlertStatus.FIRING:
            started = updated
        elif lasted.isascii() and lasted.isdecimal() and 0 < int(lasted[:15]) < _YEAR:
            started = updated - int(lasted[:15])
    return started, ended


def _labels(fields: Mapping[str, Any]) -> dict[str, str]:
    """The tags, the policy, and as `instance` the host, or whatever entity it is about."""
    targets = _from_json(fields.get("targets"))
    target = mapping(next(iter(targets), None) if isinstance(targets, list) else targets)
    labels = strings(target.get("labels"))
    labels.update(tags(fields.get("tags")))
    instance = next((labels[key] for key in _HOST_LABELS if labels.get(key)), "")
    instance = instance or _first(fields, ENTITY) or _one(target.get("name")) or _first(fields, OLD_ENTITY)
    policy = _first(fields, POLICY)
    for key, value in (("instance", instance), ("policy", policy)):
        if value:
            labels[key] = cut(value, MAX_LABEL)
    return labels


def _annotations(payload: Mapping[Any, Any], fields: Mapping[str, Any]) -> dict[str, str]:
    """Whatever else is written, under its own name; nothing that looks like a secret."""
    found: dict[str, str] = {}
    for key, value in payload.items():
        name = line(key, MAX_LABEL)
        folded = _fold(name)
        if not folded or folded in _USED or _SECRET.search(folded) or isinstance(value, dict):
            continue
        content = ", ".join(_many(value)) if isinstance(value, list | str) else member_text(value, MAX_ANNOTATION)
        if content:
            found[name] = cut(content, MAX_ANNOTATION)
    runbook = link(_first(fields, ("runbookurl",)))
    if runbook:
        found["runbook_url"] = runbook
    return found
