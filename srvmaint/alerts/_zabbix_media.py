"""The body of a media type: whatever a webhook script makes of Zabbix's macros.

    https://www.zabbix.com/documentation/current/en/manual/appendix/macros/supported_by_location

Keys are compared by their letters alone: `event_id`, `EVENT.ID`, `eventId` and `event: {id}` are one. Only what the
tables name is taken, because a script that sends all of its parameters sends passwords too. A macro that was not
replaced (`{EVENT.RECOVERY.VALUE}`, `*UNKNOWN*`) is as good as absent. Whose a body is is decided in `zabbix`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from srvmaint.alerts._fingerprint import of_labels, of_sender
from srvmaint.alerts._limits import MAX_ANNOTATION, MAX_LABEL
from srvmaint.alerts._read import cut, line, link, member_text, strings, tags, text
from srvmaint.alerts._times import millis
from srvmaint.alerts._zabbix_connector import SOURCE, host_groups
from srvmaint.alerts._zabbix_words import SEVERITIES, number_of, severity, status
from srvmaint.model import Alert, AlertStatus, Severity

_EVENT: Final = ("peventid", "problemeventid", "problemid", "eventproblemid", "eventid", "alertuid", "entityid", "id")
_NAME: Final = ("eventname", "problemname", "triggername", "problem", "trigger", "name", "alertname", "triggernameorig")
_SUBJECT: Final = ("alertsubject", "subject", "title", "entitydisplayname")
_HOST: Final = ("hostname", "host", "hosthost", "hostdns", "hostconn", "hostip", "device", "server", "node", "service")
_TEXT: Final = (
    "alertmessage",
    "message",
    "statemessage",
    "triggerdescription",
    "description",
    "comments",
    "body",
    "text",
    "opdata",
)
_GROUPS: Final = ("hostgroups", "hostgroup", "hostgroupname", "triggerhostgroupname", "groups", "group")
_TAGS: Final = ("eventtagsjson", "tagsjson", "eventtags", "tags", "triggertags")
_NUMBERS: Final = ("eventnseverity", "triggernseverity", "nseverity", "eventseveritynumber")
_SEVERITY: Final = (
    "eventseverity",
    "triggerseverity",
    "triggerpriority",
    "severity",
    "triggerseveritytext",
    "severitytext",
    "severityname",
    "level",
    "priority",
)
_STATUS: Final = (
    "eventvalue",
    "eventrecoveryvalue",
    "eventstatus",
    "eventrecoverystatus",
    "triggervalue",
    "triggerstatus",
    "status",
    "state",
    "problemstatus",
    "action",
    "messagetype",
    "notificationtype",
    "eventtype",
    "type",
)
"""The first that is understood decides."""
_ACKNOWLEDGED: Final = ("eventackstatus", "ackstatus", "acknowledged", "eventacknowledged", "acked", "ack")
_STARTED: Final = (
    "eventtimestamp",
    "eventclock",
    "eventdatetimetimestamp",
    "eventdatetime",
    "startsat",
    "startedat",
    "starttime",
    "problemtime",
    "eventtime",
)
_ENDED: Final = (
    "eventrecoverytimestamp",
    "recoverytimestamp",
    "eventrecoverydatetime",
    "endsat",
    "endedat",
    "resolvedat",
    "recoverytime",
    "endtime",
    "rclock",
)
_NOW: Final = ("clock", "timestamp", "datetime", "lastreceived", "time")
_STARTED_APART: Final = (("eventdate", "eventtime"), ("problemdate", "problemtime"), ("date", "time"))
_ENDED_APART: Final = (
    ("eventrecoverydate", "eventrecoverytime"),
    ("recoverydate", "recoverytime"),
    ("eventrdate", "eventrtime"),
)
_ADDRESS: Final = ("link", "linktoupstreamdetails", "eventurl", "problemurl", "alerturl", "eventinfo")
_NOTED: Final = {
    "eventopdata": "opdata",
    "opdata": "opdata",
    "operationdata": "opdata",
    "operationaldata": "opdata",
    "item": "item",
    "itemname": "item",
    "itemname1": "item",
    "itemkey": "item_key",
    "itemkey1": "item_key",
    "itemvalue": "item_value",
    "itemvalue1": "item_value",
    "itemlastvalue": "item_value",
    "triggerdescription": "trigger_description",
    "triggerurl": "trigger_url",
    "eventid": "event_id",
    "hostid": "host_id",
    "eventupdateaction": "update_action",
    "eventupdatemessage": "update_message",
    "eventupdateuser": "update_user",
    "userfullname": "update_user",
}
"""What becomes an annotation, under which name."""

PARTS: Final = frozenset({"event", "trigger", "host", "item", "problem"})
_WRAPPERS: Final = frozenset({"zabbix", "params", "parameters", "fields", "data", "payload"})
LINKED: Final = re.compile(r"tr_events\.php\?triggerid=(\d+)", re.ASCII)
_MACRO: Final = re.compile(r"\*UNKNOWN\*|\{+[$#?]?[A-Z][A-Z0-9_.]*(?::[^{}]*)?\}+(?:\.[a-z]+\([^{}]*\)\})?")
_LONGEST_MACRO: Final = 500
_OWN_MACRO: Final = re.compile(r"\{(?:EVENT|TRIGGER|HOST|ITEM|ALERT)\.[A-Z0-9.]+\}")
_FACT: Final = re.compile(
    r"^[ \t]*(problem name|host|severity|original problem id|operational data)[ \t]*:[ \t]*(\S[^\r\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
"""A line of the message templates that Zabbix comes with."""
_PREFIX: Final = re.compile(
    r"\[?(problem|resolved|recovery|recovered|ok|updated problem|update|acknowledged)\]?(?: in [^:]{1,40})?"
    r"(?::|(?<=\]))\s*",
    re.IGNORECASE,
)
_ZONED: Final = re.compile(r"(?:Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)$", re.IGNORECASE | re.ASCII)
_DOTTED: Final = re.compile(r"\d{4}\.\d\d\.\d\d[T ]", re.ASCII)
_YES: Final = frozenset({"yes", "true", "1", "ja", "oui", "sí", "sim", "да", "是"})


def plain(key: Any) -> str:
    """A key by its letters and digits alone."""
    return "".join(filter(str.isalnum, str(key))).lower()


def read_fields(member: Mapping[Any, Any], depth: int = 2) -> dict[str, Any]:
    """What the body says, by plain keys, without what its macros did not say."""
    fields: dict[str, Any] = {}
    for name, value in _flat(member, "", depth):
        if not (isinstance(value, str) and _is_macro(value)):
            fields.setdefault(name, value)
    return fields


def _is_macro(value: str) -> bool:
    """Whether the text is nothing but macros that were not replaced, such as `{EVENT.DATE} {EVENT.TIME}`."""
    if not value.startswith(("{", "*")) or len(value) > _LONGEST_MACRO:
        return False
    return not _MACRO.sub("", value).strip(" -/:,T")


def _flat(member: Mapping[Any, Any], prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    """The members of the parts of an event (`trigger: {name}`) beside the others (`triggername`)."""
    for key, value in member.items():
        name = plain(key)
        whole = name if name.startswith(prefix) else prefix + name
        if depth and isinstance(value, dict) and (whole in PARTS or whole in _WRAPPERS):
            yield from _flat(value, whole if whole in PARTS else "", depth - 1)
        elif depth and whole == "hosts" and isinstance(value, list) and value and isinstance(value[0], dict):
            yield from _flat(value[0], "host", depth - 1)
        else:
            yield whole, value


def has_macro(member: Mapping[Any, Any]) -> bool:
    """True when a macro of Zabbix was not replaced, which happens where it has no value, and in a test."""
    return any(isinstance(value, str) and _OWN_MACRO.search(value) for value in member.values())


def said(fields: Mapping[str, Any], keys: Iterable[str], limit: int = MAX_LABEL) -> str:
    """The text under the first of the keys that has any."""
    return next((found for key in keys if (found := text(fields.get(key), limit))), "")


def media_alert(fields: Mapping[str, Any], zone: ZoneInfo | None) -> Alert | None:
    """The alert of a media type's body; None when there is nothing in it to know it by."""
    message = said(fields, _TEXT, MAX_ANNOTATION)
    facts = {fact[1].lower(): fact[2].strip() for fact in _FACT.finditer(message)}
    subject = said(fields, _SUBJECT)
    state = _state(fields, subject)
    name = line(said(fields, _NAME) or _without_prefix(subject) or facts.get("problem name", ""))
    sender_id = _identity(fields, facts)
    name = name or line(said(fields, ("triggerdescription",)) or message.partition("\n")[0])
    if not name and not sender_id:
        return None
    labels = _labels(fields)
    instance = said(fields, _HOST) or facts.get("host", "")
    if instance:
        labels["instance"] = cut(instance, MAX_LABEL)
    fingerprint = sender_id or of_labels(name, {"instance": instance})
    level, word = _severity(fields, facts)
    if word:
        labels["severity"] = cut(word, MAX_LABEL)
    started, ended, shown = _moments(fields, zone, over=state is AlertStatus.RESOLVED)
    return Alert(
        source=SOURCE,
        fingerprint=fingerprint,
        name=name or line(f"Zabbix event {sender_id}"),
        status=state,
        severity=level,
        description=message,
        labels=labels,
        annotations={**_annotations(fields, message), **shown},
        starts_at=started,
        ends_at=ended,
        generator_url=_address(fields),
        named=bool(name),
    )


def _identity(fields: Mapping[str, Any], facts: Mapping[str, str]) -> str:
    """The problem's event id, else its trigger's id."""
    own = next((found for key in _EVENT if (found := of_sender(fields.get(key)))), "")
    own = own or of_sender(facts.get("original problem id"))
    if own:
        return own
    linked = (LINKED.search(value) for value in fields.values() if isinstance(value, str))
    trigger = of_sender(fields.get("triggerid")) or next((match[1] for match in linked if match), "")
    return of_sender(f"trigger:{trigger}") if trigger else ""


def _state(fields: Mapping[str, Any], subject: str) -> AlertStatus:
    """Problem, acknowledged problem or recovery: the first value that says so, else the subject, else a problem."""
    recovered = of_sender(fields.get("peventid"))
    words = (said(fields, (key,)) for key in (*_STATUS, *(("value",) if "clock" in fields else ())))
    found = next((state for word in words if word and (state := status(word)) is not None), None)
    if found is None and (prefix := _PREFIX.match(subject)):
        found = status(prefix[1])
    if recovered or found is AlertStatus.RESOLVED or (found is None and fields.get("resolved") is True):
        return AlertStatus.RESOLVED
    done = re.split(r"[^a-z]+", said(fields, ("eventupdateaction", "updateaction")).lower())
    if "unacknowledged" in done:
        return AlertStatus.FIRING
    known = any(fields.get(key) is True or said(fields, (key,)).lower() in _YES for key in _ACKNOWLEDGED)
    return AlertStatus.ACKNOWLEDGED if known or "acknowledged" in done else found or AlertStatus.FIRING


def _without_prefix(subject: str) -> str:
    """`CPU load` of `Resolved in 9m 0s: CPU load` and of `[PROBLEM] CPU load`."""
    prefix = _PREFIX.match(subject)
    rest = subject[prefix.end() :] if prefix else subject
    return "" if _is_macro(rest) else rest


def _severity(fields: Mapping[str, Any], facts: Mapping[str, str]) -> tuple[Severity, str]:
    """How bad it is, and what Zabbix calls that: its own word, which may be one of another language."""
    words = [said(fields, (key,)) for key in _SEVERITY]
    words = [word for word in (*words, facts.get("severity", "")) if word]
    for word in (*(said(fields, (key,)) for key in _NUMBERS), *words):
        level = severity(word) if word else None
        if level is not None:
            spoken = next((own for own in words if not own.isdigit()), "")
            number = number_of(word)
            return level, spoken or (word if number is None else SEVERITIES[number])
    return Severity.WARNING, next(iter(words), "")


def _labels(fields: Mapping[str, Any]) -> dict[str, str]:
    """Tags, host groups and the trigger."""
    labels: dict[str, str] = {}
    for key in _TAGS:
        for name, value in _tags(fields.get(key)).items():
            labels.setdefault(name, value)
    groups = next((found for key in _GROUPS if (found := host_groups(fields.get(key)))), "")
    own = {"groups": groups, "host_ip": said(fields, ("hostip",)), "trigger_id": of_sender(fields.get("triggerid"))}
    for name, value in own.items():
        if value:
            labels.setdefault(name, value)
    return labels


def _tags(value: Any) -> dict[str, str]:
    """Tags in each form of Zabbix's macros: `{EVENT.TAGS}` as text, `{EVENT.TAGSJSON}` as JSON or as text of it."""
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    if isinstance(value, dict):
        # the media type for Event-Driven Ansible gathers the values of tags with the same name
        joined = {
            key: ", ".join(member_text(each, MAX_LABEL) for each in many) if isinstance(many, list) else many
            for key, many in value.items()
        }
        return strings(joined, MAX_LABEL)
    return tags(value, MAX_LABEL)


def _annotations(fields: Mapping[str, Any], message: str) -> dict[str, str]:
    annotations: dict[str, str] = {}
    for key, name in _NOTED.items():
        content = text(fields.get(key), MAX_ANNOTATION)
        if content and content != message:
            annotations.setdefault(name, content)
    return annotations


def _address(fields: Mapping[str, Any]) -> str:
    """The page of the event: as it came, else as Zabbix's own media types put it together."""
    for key in _ADDRESS:
        if link(fields.get(key)):
            return link(fields.get(key))
    base = link(fields.get("zabbixurl"))
    trigger, own = of_sender(fields.get("triggerid")), of_sender(fields.get("eventid"))
    if base.startswith("http") and ".php" not in base and trigger and own:
        return link(f"{base.rstrip('/')}/tr_events.php?triggerid={trigger}&eventid={own}")
    page = link(fields.get("url"))  # which may as well be the address that the script posts to
    return link(fields.get("triggerurl")) or (page if ".php" in page else base)


def _moments(
    fields: Mapping[str, Any], zone: ZoneInfo | None, *, over: bool
) -> tuple[int | None, int | None, dict[str, str]]:
    """Start, end, and the dates that could not be taken, as they came."""
    now, written = _moment(fields, _NOW, (), zone)
    started, began = _moment(fields, _STARTED, _STARTED_APART, zone)
    ended, recovered = _moment(fields, _ENDED, _ENDED_APART, zone) if over else (None, "")
    shown = {"event_time": began or written, "recovery_time": recovered}
    if over:
        ended = ended or now
    else:
        started = started or now
    return started, ended, {name: value for name, value in shown.items() if value}


def _moment(
    fields: Mapping[str, Any], keys: Iterable[str], apart: Iterable[tuple[str, str]], zone: ZoneInfo | None
) -> tuple[int | None, str]:
    """The first that is written; instead of a date whose zone nobody knows, its text."""
    values: list[tuple[Any, bool]] = [(fields.get(key), False) for key in keys]
    values += [(f"{said(fields, (day,))} {said(fields, (hour,))}", True) for day, hour in apart]
    for value, local in values:
        found = millis(value)
        if found is None:
            continue
        if not isinstance(value, str) or not (local or _DOTTED.match(value)) or _ZONED.search(value):
            return found, ""
        return (_in_zone(found, zone), "") if zone is not None else (None, value)
    return None, ""


def _in_zone(moment: int, zone: ZoneInfo) -> int | None:
    """The moment whose date and time in that zone are what `moment` has in UTC."""
    return millis(int(datetime.fromtimestamp(moment / 1000, UTC).replace(tzinfo=zone).timestamp()))
