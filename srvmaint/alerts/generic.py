"""Anything that says what is wrong in plain JSON: a script, a cron job, a tool without a driver of its own.

One object, a list of objects, or `{"alerts": [...]}`. Which keys count is in the tables below and nowhere else; of each
table the first key that holds text wins, and every other plain value is kept as an annotation. Before that the
operator's own mappings are asked (`_mapping`) and then the tools whose structure is known (`shapes/`). Any other body
that wraps its alert is not guessed at: without a name it is refused, because an alert read by halves (a recovery taken
for an outage) is worse than one that is kept aside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from srvmaint.alerts import BadAlert, Parsed, _mapping, _wrapped
from srvmaint.alerts._decode import decode
from srvmaint.alerts._fingerprint import of_labels, of_sender
from srvmaint.alerts._limits import MAX_ANNOTATION, MAX_LABEL, check_count
from srvmaint.alerts._read import first, line, link, mapping, member_text, strings, tags
from srvmaint.alerts._sns import AnySigned
from srvmaint.alerts._times import millis
from srvmaint.alerts._vocabulary import severity, severity_in, split_state, status
from srvmaint.alerts.shapes import Inner
from srvmaint.clock import Clock
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus, Severity
from srvmaint.settings import setting

PRECEDENCE: Final = 1000
SOURCE: Final = "generic"

NAME: Final = (
    "name",
    "title",
    "alertname",
    "alert_name",
    "alertName",
    "alert",
    "check_name",
    "check",
    "subject",
    "summary",
)
"""What is wrong, in a few words; else the label `alertname`, the annotation `summary`, the first line of the text. Of
a `message` beside a `description` that is the message."""
TEXT: Final = ("description", "message", "text", "details", "body", "output", "summary")
"""What is wrong, at length; else the annotation of such a name."""
STATUS: Final = (
    "status",
    "state",
    "alert_status",
    "alertStatus",
    "alert_state",
    "alertState",
    "current_state",
    "currentState",
    "new_state",
    "newState",
)
"""A word such as firing, down, problem, acknowledged, resolved, ok, up. Without one, `resolved: true` or a time under
`ended_at` or `resolved_at` says so as well; any other word, and nothing at all, is firing."""
EVENT: Final = ("event", "event_type", "eventType", "action", "notification_type", "notificationType", "type")
"""Where such a word counts when there is none of the above; as the beginning of the name (`[RESOLVED] Disk full`) it
counts as well, and is no part of the name then."""
SEVERITY: Final = ("severity", "priority", "level", "criticality")
"""A word such as critical, error, P1, warning, info; else the label of such a name, else the status, else warning."""
LABELS: Final = ("tags", "labels")
"""An object, a list of `"key:value"` or of `{"key", "value"}`, or a text `"key:value,word"`; both are read."""
HOST: Final = ("instance", "host", "hostname", "host_name", "server", "node")
"""Becomes the label `instance` where there is none; else the label of such a name does."""
ID: Final = (
    "fingerprint",
    "dedup_key",
    "dedupKey",
    "deduplication_key",
    "incident_key",
    "alert_id",
    "alertId",
    "alert_uid",
    "check_id",
    "key",
    "uid",
    "uuid",
    "id",
)
"""The sender's own id of the alert, the same again when it is resolved; else a hash over name and labels."""
STARTED: Final = (
    "started_at",
    "starts_at",
    "startsAt",
    "startedAt",
    "start_time",
    "startTime",
    "since",
    "triggered_at",
)
"""When it began; else, of a firing alert, the time of the message."""
ENDED: Final = ("ended_at", "endedAt", "resolved_at", "resolvedAt", "ends_at", "endsAt", "end_time", "endTime")
"""When it ended; else, of a resolved alert, the time of the message."""
MOMENT: Final = ("timestamp", "time", "event_time", "occurred_at", "created_at", "createdAt", "now")
"""The time of the message."""
LINK: Final = ("generator_url", "generatorURL", "url", "link", "alert_url")
"""Where to look: http, https, or relative to the sender."""
FROM: Final = "source"
"""A short word here is the alert's source instead of `generic`; the name of another driver or of srvmaint is not."""

_HAS_ENDED: Final = ENDED[:4]
"""Those that speak of the past: an `ends_at` may be a plan."""
_SAID: Final = frozenset({*NAME, *TEXT, *ID, *LINK, FROM})
"""Of these the ones that were not used are kept as annotations."""
_USED_UP: Final = frozenset({*STATUS, *SEVERITY, *LABELS, *HOST, *STARTED, *ENDED, *MOMENT, "annotations", "resolved"})
_NAMING: Final = frozenset({*NAME, *TEXT})
_LOOKED_AT: Final = 5
"""Members of a list that detection looks at."""
_MOST_INNER: Final = 3
"""Bodies inside bodies: a topic that feeds a topic is the most that anybody builds."""
_NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Config(AnySigned):
    """What the sender shows, and what bodies of a structure nobody knows mean."""

    mappings: tuple[_mapping.Mapping, ...] = setting(
        (),
        help="what the bodies of a tool of your own mean: tables [[alerts.generic.mappings]] with at least name, when"
        " and title; the first whose `when` holds is taken, before anything else is looked at",
    )

    def problems(self) -> list[str]:
        """Two mappings of one name could not be told apart in an answer."""
        names = [mapping_.name for mapping_ in self.mappings]
        twice = sorted({name for name in names if names.count(name) > 1})
        return AnySigned.problems(self) + [
            f"mappings has two of the name {name!r}: give each its own" for name in twice
        ]


@dataclass(frozen=True, slots=True)
class Driver:
    """Reads any body that names what is wrong."""

    config: Config = field(default_factory=Config)
    clock: Clock = field(default_factory=Clock)

    def detect(self, payload: Any) -> str | None:
        """A mapping's, a known tool's, a list `alerts`, a list of objects with a name, or an object with a name."""
        own = self._mapping(payload)
        if own is not None:
            return f"your mapping {own.name!r}"
        claim = _wrapped.claim(payload)
        if claim is not None:
            return claim.reason
        if isinstance(payload, list):
            if not payload:
                return "an empty list"
            known = any(
                _names(entry) or self.detect(entry) for entry in payload[:_LOOKED_AT] if isinstance(entry, dict)
            )
            return "a list of objects with a name" if known else None
        found = _names(payload)
        if found:
            return f"an object with `{found}`"
        return "a list `alerts`" if isinstance(mapping(payload).get("alerts"), list) else None

    def parse(self, payload: Any) -> Parsed:
        """Alerts in the order of the body; a member that cannot be used is reported by its index.

        Raises:
            PayloadError: `undetected`, `no_alerts` or `too_many_alerts`.
        """
        return self._parse(payload, 0)

    def _parse(self, payload: Any, depth: int) -> Parsed:
        own = self._mapping(payload)
        if own is not None:
            return own.read(payload)
        claim = _wrapped.claim(payload)
        if claim is not None:
            found = claim.read(payload)
            return self._unwrap(found, depth) if isinstance(found, Inner) else found
        if isinstance(payload, list) and any(map(self._is_wrapped, payload[:_LOOKED_AT])):
            return self._each(payload, depth)
        return _plain(payload)

    def _mapping(self, payload: Any) -> _mapping.Mapping | None:
        return next((entry for entry in self.config.mappings if entry.takes(payload)), None)

    def _is_wrapped(self, entry: Any) -> bool:
        return isinstance(entry, dict) and (self._mapping(entry) is not None or _wrapped.claim(entry) is not None)

    def _unwrap(self, inner: Inner, depth: int) -> Parsed:
        """What is inside; a body nobody can read is what its wrapping says about it."""
        try:
            payload = decode(inner.body)
            parsed = (
                self._parse(payload, depth + 1) if depth < _MOST_INNER and self.detect(payload) else inner.otherwise
            )
        except PayloadError:
            parsed = inner.otherwise
        return replace(parsed, delivery_id=inner.delivery_id or parsed.delivery_id)

    def _each(self, payload: list[Any], depth: int) -> Parsed:
        """A list of bodies, each read for itself."""
        check_count(len(payload))
        alerts: list[Alert] = []
        errors: list[BadAlert] = []
        reasons: list[str] = []
        for index, entry in enumerate(payload):
            try:
                parsed = self._parse(entry, depth + 1) if isinstance(entry, dict) else _plain([entry])
            except PayloadError as error:
                errors.append(BadAlert(index, str(error)))
                continue
            alerts += parsed.alerts
            errors += [BadAlert(index, bad.message) for bad in parsed.errors]
            reasons += [parsed.ignored] if parsed.ignored else []
        check_count(len(alerts))
        if not alerts and errors:
            raise PayloadError("no_alerts", f"cannot use any of the {len(payload)} bodies: {errors[0].message}")
        return Parsed(tuple(alerts), tuple(errors), ignored=None if alerts else reasons[0])


def _plain(payload: Any) -> Parsed:
    """The alerts of a body in srvmaint's own form."""
    envelope, entries = _open(payload)
    check_count(len(entries))
    if not entries:
        return Parsed(ignored="the list of alerts is empty")
    alerts: list[Alert] = []
    errors: list[BadAlert] = []
    for index, entry in enumerate(entries):
        alert = _alert(entry, envelope) if isinstance(entry, dict) else None
        if alert is not None:
            alerts.append(alert)
        elif isinstance(entry, dict):
            errors.append(BadAlert(index, f"says nothing under any of {', '.join(NAME)}"))
        else:
            errors.append(BadAlert(index, "is not an object"))
    if not alerts:
        many = f"any of the {len(entries)} alerts" if len(entries) > 1 else "the alert"
        raise PayloadError("no_alerts", f"cannot use {many}: it {errors[0].message}. Give it a `name`.")
    return Parsed(tuple(alerts), tuple(errors))


def _open(payload: Any) -> tuple[Mapping[str, Any], list[Any]]:
    """What is said about all alerts, and the alerts."""
    if isinstance(payload, list):
        return _NOTHING, payload
    if not isinstance(payload, dict):
        raise PayloadError("undetected", "cannot read this as an alert: it is no object. Send an object with a `name`.")
    entries = payload.get("alerts")
    if isinstance(entries, list) and (entries or not _names(payload)):
        return payload, entries
    return _NOTHING, [payload]


def _names(entry: Any) -> str | None:
    """The key that says what is wrong."""
    if not isinstance(entry, dict):
        return None
    if not _NAMING.isdisjoint(entry):
        for key in (*NAME, *TEXT):
            if key in entry and line(entry[key]):
                return key
    return "labels" if line(mapping(entry.get("labels")).get("alertname")) else None


def _alert(entry: Mapping[str, Any], envelope: Mapping[str, Any]) -> Alert | None:
    """One alert; None when nothing in it says what is wrong."""
    labels = _labels(entry, envelope)
    annotations = strings(entry.get("annotations"), MAX_ANNOTATION)
    description = first(entry, TEXT) or first(annotations, TEXT)
    whole = line(first(entry, NAME) or labels.get("alertname") or first(annotations, NAME))
    if not whole:
        text = first(entry, ("message",)) or description
        whole = line(text.partition("\n")[0]) or line(text)
    if not whole:
        return None
    prefix, title = split_state(whole)
    name = whole if first(entry, STATUS) else title
    instance = first(labels, HOST, MAX_LABEL) or first(entry, HOST, MAX_LABEL) or first(envelope, HOST, MAX_LABEL)
    if "instance" not in labels and instance:
        labels["instance"] = instance
    sender_id = next((found for key in ID if (found := of_sender(entry.get(key)))), "")
    state, word = _state(entry, envelope, prefix)
    moment = _moment(entry, MOMENT) or _moment(envelope, MOMENT)
    ended = _moment(entry, ENDED) or moment if state is AlertStatus.RESOLVED else None
    address = next((found for key in LINK if (found := link(entry.get(key)))), "")
    source = _source(entry, envelope)
    fingerprint = sender_id or of_labels(title, labels)
    _annotate(annotations, entry, used=frozenset({name, description, sender_id, address, source}))
    return Alert(
        source=source,
        fingerprint=fingerprint,
        name=name,
        status=state,
        severity=_severity(entry, envelope, labels, word),
        description=description,
        labels=labels,
        annotations=annotations,
        starts_at=_moment(entry, STARTED) or (None if state is AlertStatus.RESOLVED else moment),
        ends_at=ended,
        generator_url=address,
    )


def _labels(entry: Mapping[str, Any], envelope: Mapping[str, Any]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for holder in (envelope, entry):
        for key in LABELS:
            if key in holder:
                labels.update(tags(holder[key], MAX_LABEL))
    return labels


def _state(entry: Mapping[str, Any], envelope: Mapping[str, Any], prefix: str) -> tuple[AlertStatus, str]:
    """The status, and the word it was read from, which may be a severity in truth (`"status": "CRITICAL"`)."""
    word = first(entry, STATUS)
    own = _meaning(word)
    if own is not None:
        return own, word
    if entry.get("resolved") is True or (not word and _moment(entry, _HAS_ENDED) is not None):
        return AlertStatus.RESOLVED, word
    if word:
        return AlertStatus.FIRING, word
    said = (first(envelope, STATUS), *(first(entry, (key,)) for key in EVENT), prefix)
    return next((found for each in said if (found := _meaning(each)) is not None), AlertStatus.FIRING), prefix


def _meaning(word: str) -> AlertStatus | None:
    """What a word for the status means. Some append what it was (`ResolvedCritical`, `resolved by Ada`)."""
    return status(word) or (AlertStatus.RESOLVED if word.lower().startswith("resolved") else None)


def _severity(entry: Mapping[str, Any], envelope: Mapping[str, Any], labels: dict[str, str], word: str) -> Severity:
    """How bad it is. The sender's own word stays as the label `severity`, which is not part of the fingerprint."""
    said = {key: first(entry, (key,), MAX_LABEL) or first(envelope, (key,), MAX_LABEL) for key in SEVERITY}
    found = severity_in(said, SEVERITY) or severity_in(labels) or severity(word) or Severity.WARNING
    own = next(filter(None, said.values()), "")
    if own and own.lower() != found.value:
        labels.setdefault("severity", own)
    return found


def _source(entry: Mapping[str, Any], envelope: Mapping[str, Any]) -> str:
    own = first(entry, (FROM,)) or first(envelope, (FROM,))
    return own if _mapping.is_free(own) else SOURCE


def _moment(entry: Mapping[str, Any], keys: Iterable[str]) -> int | None:
    for key in keys:
        if key in entry:
            found = millis(entry[key])
            if found is not None:
                return found
    return None


def _annotate(annotations: dict[str, str], entry: Mapping[str, Any], used: frozenset[str]) -> None:
    """Keep every plain value that became nothing else."""
    for key, value in entry.items():
        if key in _USED_UP or value is None or isinstance(value, dict | list):
            continue
        content = member_text(value, MAX_ANNOTATION)
        if content and not (key in _SAID and content.strip() in used):
            annotations.setdefault(line(key) or "text", content)
