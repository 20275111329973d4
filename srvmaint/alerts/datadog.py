"""Datadog: the Webhooks integration, with its default payload or one an operator wrote.

    https://docs.datadoghq.com/integrations/webhooks/

The payload is a template, so one variable has another key at every site: `alert_transition`, `transition`,
`alertTransition`, `alert.transition`. Keys are therefore compared without case and punctuation, nested objects are
flattened, and what only Datadog writes (`Re-Triggered`, `P2`) is known by its look. `$ID` is the id of a message and
`$PRIORITY` is normal or low: neither the identity nor the severity of an alert may be read from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._access import Access
from srvmaint.alerts._datadog_title import TEST, Title, fold, prefixed, title_of
from srvmaint.alerts._fingerprint import of_labels, of_sender
from srvmaint.alerts._limits import MAX_ANNOTATION, MAX_DESCRIPTION, MAX_LABEL
from srvmaint.alerts._read import cut, first, line, link, member_text, tags, text
from srvmaint.alerts._times import millis
from srvmaint.alerts._vocabulary import severity, status
from srvmaint.clock import Clock
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus, Severity

PRECEDENCE: Final = 30
SOURCE: Final = "datadog"

TITLE: Final = ("eventtitle", "title", "subject", "alerttitle", "monitorname", "alertname", "name")
"""Keys, as `fold` writes them. Of each table the first that holds something wins."""
OTHER_TITLE: Final = ("incidenttitle", "securitysignaltitle", "securityrulename", "syntheticstestname", "summary")
TEXT: Final = ("body", "eventmsg", "eventmessage", "eventtext", "textonlymsg", "msg", "message", "text", "description")
OTHER_TEXT: Final = ("incidentmsg", "incidentmessage", "securitysignalmsg")
TRANSITION: Final = ("alerttransition", "transition", "eventtransition", "monitortransition", "eventalerttransition")
STATUS: Final = ("alertstatus", "status", "state", "monitorstatus", "alertstate", "incidentstatus")
"""`$ALERT_STATUS` is a sentence; operators put words under these keys."""
KIND: Final = ("alerttype", "type")
"""`$ALERT_TYPE`: error, warning, success, info."""
SEVERITY: Final = (
    "alertpriority",
    "monitorpriority",
    "priority",
    "severity",
    "alertseverity",
    "incidentseverity",
    "securitysignalseverity",
    "level",
)
GROUP: Final = ("aggregkey", "aggregationkey", "aggregatekey", "aggregate", "eventaggregkey", "alertaggregkey")
CYCLE: Final = ("alertcyclekey", "alertcycleid", "cyclekey")
MONITOR: Final = ("alertid", "monitorid")
OTHER_ID: Final = ("incidentuuid", "incidentpublicid", "publicid", "securitysignalid")
SCOPE: Final = ("alertscope", "scope", "scopes", "alertscopes", "groups")
TAGS: Final = ("tags", "eventtags", "alerttags", "monitortags", "labels")
HOST: Final = ("hostname", "host", "eventhostname", "eventhost", "alerthostname", "alerthost")
MOMENT: Final = (
    "date", "dateposix", "datehappened", "eventdate", "alertdate", "timestamp", "eventtimestamp", "alerttime",
    "firetime", "eventtime",
)  # fmt: skip
UPDATED: Final = ("lastupdated", "lastupdatedposix", "eventlastupdated", "time")
LINK: Final = ("link", "url", "alerturl", "eventurl", "alertlink", "eventlink", "monitorurl", "incidenturl")

_EVENT_TYPES: Final = frozenset({
    "audit_alert", "ci_pipelines_alert", "ci_tests_alert", "composite_monitor", "cost_alert",
    "database_monitoring_alert", "error_tracking_alert", "event_alert", "event_v2_alert", "log_alert",
    "metric_alert_monitor", "metric_slo_alert", "monitor_slo_alert", "network_performance_alert", "outlier_monitor",
    "process_alert", "query_alert_monitor", "rum_alert", "service_check", "slo_alert", "synthetics_alert",
    "trace_analytics_alert",
})  # fmt: skip
_HINTS: Final = frozenset({
    *TRANSITION, *GROUP, *CYCLE, *MONITOR, "alertscope", "alerttype", "alertstatus", "alertquery", "alertmetric",
    "body", "eventid", "eventmsg", "eventmessage", "eventtitle", "textonlymsg", "lastupdated",
})  # fmt: skip
"""Beside a title as Datadog writes it, any of these settles whose body it is."""
_SITE: Final = re.compile(r"https?://[^/\s]*\b(?:datadoghq\.(?:com|eu)|ddog-gov\.com)/")
_FIRING: Final = frozenset({"triggered", "retriggered", "alert", "error", "renotify", "renotified", "stable", "active"})
_WARNED: Final = frozenset({"warn", "rewarn", "warning", "nodata", "renodata"})
"""Firing as well."""
_RECOVERED: Final = frozenset(
    {"recovered", "warnrecovered", "nodatarecovered", "ok", "resolved", "success", "completed"}
)
_DISTINCT: Final = frozenset({"triggered", "retriggered", "recovered", "rewarn", "nodata", "renodata", "renotify"})
"""Transitions nobody else writes: they count under any key."""
_COMMON: Final = frozenset({"warning", "alert", "ok"})
"""What may stand in brackets before anybody's title."""
_OWN_TITLES: Final = frozenset({"alerttitle", "eventtitle"})
_ALERT_TYPES: Final = frozenset({"error", "warning", "success", "info"})
_P: Final = re.compile(r"P?([1-5])", re.IGNORECASE)
_OF_PRIORITY: Final = (Severity.CRITICAL, Severity.CRITICAL, Severity.WARNING, Severity.INFO, Severity.INFO)
_NO_SEVERITY: Final = frozenset({"normal", "low", "success", "ok"})
"""`$PRIORITY` of an event, and `$ALERT_TYPE` of a recovery."""
_UNFILLED: Final = re.compile(r"\s*(?:\$[A-Z][A-Z0-9_]*(?:\[[^\]]*\])?|\{\{.*\}\})\s*", re.DOTALL)
_FENCE: Final = "%%%"
"""Around Markdown; the closing one may be missing."""
_FOOTER: Final = re.compile(r"(?:Monitor Status|Edit Monitor)\]\((https?://[^)\s]{1,2000})")
_MONITOR_IN: Final = re.compile(r"/monitors[/#](\d{1,20})")
_TRANSPARENT: Final = frozenset({"metadata", "data", "payload", "body", "details", "fields", "custom", "annotations"})
"""Objects whose members are called by their own names; of any other `alert: {id}` is read as `alert_id`."""
_SECRET: Final = re.compile(r"secret|token|passw|apikey|appkey|authorization|credential|signature")
_USED: Final = frozenset({
    *TITLE, *TEXT, *TRANSITION, *STATUS, *KIND, *SEVERITY, *SCOPE, *TAGS, *HOST, *MOMENT, *UPDATED, *LINK,
})  # fmt: skip
_EMPTY: Final = frozenset({"null", "None", "[]", "{}"})
_LEVELS: Final = 4


@dataclass(frozen=True, slots=True)
class Config(Access):
    """What the sender shows: Datadog signs nothing, so a token in its Custom Headers is all there is."""


@dataclass(frozen=True, slots=True)
class Driver:
    """Reads one message of a monitor, an incident or an event."""

    config: Config = field(default_factory=Config)
    clock: Clock = field(default_factory=Clock)

    def detect(self, payload: Any) -> str | None:
        """An event type, a title, an organisation or a link as only Datadog writes them."""
        if not isinstance(payload, dict):
            return None
        fields = _fold_all(payload)
        kind = fields.get("eventtype")
        if isinstance(kind, str) and kind in _EVENT_TYPES:
            return f"the event type {kind}"
        if isinstance(payload.get("org"), dict) and "lastupdated" in fields:
            return "`org` and `last_updated`"
        words = {key: fold(text(fields.get(key))) for key in TRANSITION}
        named = not _HINTS.isdisjoint(fields.keys() - words.keys()) or first(fields, TITLE)
        if named and (not _DISTINCT.isdisjoint(words.values()) or words["alerttransition"] in _WARNED):
            return "a transition as Datadog writes it"
        titles = [parts for whole in _titles(fields).values() if (parts := prefixed(whole)) is not None]
        if any(title.scope for title in titles):
            return "a title as Datadog writes it, with a scope"
        hint = next((key for key in fields if key in _HINTS), None)
        if hint and any(title.word not in _COMMON for title in titles):
            return f"a title as Datadog writes it, and `{hint}`"
        if not _OWN_TITLES.isdisjoint(fields) and text(fields.get("alerttype")) in _ALERT_TYPES:
            return "a title and an alert type as Datadog writes them"
        if any(_SITE.match(text(fields.get(key))) for key in LINK) and first(fields, TITLE):
            return "a title, and a link to Datadog"
        if "incidentpublicid" in fields and not {"incidentuuid", "incidentseverity"}.isdisjoint(fields):
            return "an incident's public id"
        return None

    def parse(self, payload: Any) -> Parsed:
        """The one alert of the body.

        Raises:
            PayloadError: `undetected` or `no_alerts`.
        """
        if not isinstance(payload, dict):
            raise PayloadError(
                "undetected", "cannot read this as Datadog's: it is no object. Send the default payload."
            )
        fields = _fold_all(payload)
        title, monitor, body = title_of(_titles(fields)), _monitor(fields), _body(fields)
        name = title.name or (f"Datadog monitor {monitor}" if monitor else line(body.partition("\n")[0]))
        if not name:
            raise PayloadError(
                "no_alerts", 'cannot use the alert: it has no title. Put "title": "$EVENT_TITLE" into the payload.'
            )
        scope = _scope(fields, title)
        labels = _labels(fields, scope)
        state, word = _state(fields, title)
        how_bad, own = _severity(fields, title, labels, word)
        if own and own.lower() != how_bad.value:
            labels.setdefault("severity", own)
        moment = next((found for key in (*MOMENT, *UPDATED) if (found := millis(fields.get(key))) is not None), None)
        resolved = state is AlertStatus.RESOLVED
        return Parsed((
            Alert(
                source=SOURCE,
                fingerprint=_identity(fields, name, monitor, scope),
                name=line(name),
                status=state,
                severity=how_bad,
                description=body or title.whole,
                labels=labels,
                annotations=_annotations(payload, monitor),
                starts_at=None if resolved else moment,
                ends_at=moment if resolved else None,
                generator_url=_address(fields),
            ),
        ))  # fmt: skip


def _members(payload: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    """Every value that is no object by its name, the outermost first; variables without a value are left out."""
    level: list[tuple[str, Mapping[Any, Any]]] = [("", payload)]
    for _ in range(_LEVELS):
        below: list[tuple[str, Mapping[Any, Any]]] = []
        for prefix, holder in level:
            for key, value in holder.items():
                own = line(key, MAX_LABEL)
                named = own if not prefix or fold(own).startswith(fold(prefix)) else f"{prefix}_{own}"
                if isinstance(value, dict) and fold(named) not in TAGS:
                    below.append(("" if fold(own) in _TRANSPARENT else named, value))
                elif not (isinstance(value, str) and _UNFILLED.fullmatch(value)):
                    yield named, value
        level = below


def _fold_all(payload: Mapping[Any, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in _members(payload):
        folded = fold(name)
        if folded not in fields or fields[folded] in ("", None):
            fields[folded] = value
    return fields


def _titles(fields: Mapping[str, Any]) -> dict[str, str]:
    return {key: whole for key in (*TITLE, *OTHER_TITLE) if (whole := line(fields.get(key), MAX_DESCRIPTION))}


def _body(fields: Mapping[str, Any]) -> str:
    for key in (*TEXT, *OTHER_TEXT):
        found = text(fields.get(key)).removeprefix(_FENCE).removesuffix(_FENCE).strip()
        if found:
            return found
    sentence = text(fields.get("alertstatus"))
    return "" if _meaning(sentence) else sentence


def _scope(fields: Mapping[str, Any], title: Title) -> tuple[str, ...]:
    """The group of a multi alert, in an order of its own; `*` is no group."""
    said = title.scope
    for key in SCOPE:
        if said.strip():
            break
        value = fields.get(key)
        said = ",".join(map(text, value)) if isinstance(value, list) else text(value)
    return tuple(sorted({part.strip() for part in said.split(",")} - {"", "*"}))


def _labels(fields: Mapping[str, Any], scope: tuple[str, ...]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for key in TAGS:
        labels.update(tags(fields.get(key)))
    words = [word for word in labels.pop("tags", "").split(",") if word and word != "monitor"]
    if words:
        labels["tags"] = ",".join(words)
    for key, value in tags(",".join(scope)).items():
        labels.setdefault(key, value)
    host = first(fields, HOST, MAX_LABEL) or labels.get("host", "")
    if host:
        # Datadog's own tag `instance` is the name of a check's configuration.
        check = labels.pop("instance", "")
        if check and check != host:
            labels["check_instance"] = check
        labels["instance"] = host
    return labels


def _meaning(word: str) -> AlertStatus | None:
    folded = fold(word)
    if folded in _FIRING or folded in _WARNED:
        return AlertStatus.FIRING
    return AlertStatus.RESOLVED if folded in _RECOVERED else status(word)


def _state(fields: Mapping[str, Any], title: Title) -> tuple[AlertStatus, str]:
    """The status, and the transition it was read from."""
    words = [text(fields.get(key)) for key in TRANSITION]
    words.append(title.word)
    words += [text(fields.get(key)) for key in STATUS]
    words += [value for value in fields.values() if isinstance(value, str) and fold(value[:20]) in _DISTINCT]
    for word in words:
        found = _meaning(word)
        if found is not None:
            return found, fold(word)
    recovered = any(fold(text(fields.get(key))) == "success" for key in KIND)
    return (AlertStatus.RESOLVED if recovered else AlertStatus.FIRING), ""


def _severity(fields: Mapping[str, Any], title: Title, labels: Mapping[str, str], word: str) -> tuple[Severity, str]:
    """The monitor's priority first, then what the operator wrote, then the transition; and the sender's own word."""
    said = [text(fields.get(key)) for key in SEVERITY]
    marked = [value for value in fields.values() if isinstance(value, str) and len(value) == len("P1")]
    for own in (*said, title.priority, *(value for value in marked if value[0] == "P"), labels.get("priority", "")):
        match = _P.fullmatch(own)
        if match:
            return _OF_PRIORITY[int(match[1]) - 1], own
    for own in (*said, labels.get("severity", "")):
        found = severity(own) if own.lower() not in _NO_SEVERITY else None
        if found is not None:
            return found, own
    kinds = {fold(text(fields.get(key))) for key in KIND}
    if word in _WARNED or word in {"warnrecovered", "nodatarecovered"} or "warning" in kinds:
        return Severity.WARNING, ""
    if word or not kinds.isdisjoint({"error", "success"}):
        return Severity.CRITICAL, ""
    return (Severity.INFO if "info" in kinds else Severity.WARNING), ""


def _monitor(fields: Mapping[str, Any]) -> str:
    """The monitor's id: under its key, in a link, or in the links below every message."""
    for key in MONITOR:
        found = of_sender(fields.get(key))
        if found:
            return found
    places = [text(fields.get(key)) for key in LINK]
    places += [match[1] for key in TEXT for match in _FOOTER.finditer(text(fields.get(key)))]
    return next((match[1] for place in places if (match := _MONITOR_IN.search(place))), "")


def _identity(fields: Mapping[str, Any], name: str, monitor: str, scope: tuple[str, ...]) -> str:
    """The same from Triggered to Recovered, and again at the next Triggered where the body allows it.

    A test from the monitor's page is an alert of its own: its Recovered must not end the real one.
    """
    group = next((found for key in GROUP if (found := of_sender(fields.get(key)))), "")
    cycle = next((found for key in CYCLE if (found := of_sender(fields.get(key)))), "")
    other = next((found for key in OTHER_ID if (found := of_sender(fields.get(key)))), "")
    where = ",".join(scope)
    of_monitor = f"{monitor}:{where}" if monitor and where else ""
    known = group or of_monitor or cycle or monitor or other
    if known:
        return of_sender(f"{known} test" if name.startswith(TEST) else known)
    return of_labels(name, {"scope": where} if where else {})


def _address(fields: Mapping[str, Any]) -> str:
    found = next((found for key in LINK if (found := link(fields.get(key)))), "")
    if found:
        return found
    footers = (match[1] for key in TEXT for match in _FOOTER.finditer(text(fields.get(key))))
    return next(filter(None, map(link, footers)), "")


def _annotations(payload: Mapping[Any, Any], monitor: str) -> dict[str, str]:
    """Whatever else is written, under the operator's own names; nothing that looks like a secret."""
    found: dict[str, str] = {}
    for name, value in _members(payload):
        folded = fold(name)
        sentence = folded == "alertstatus" and _meaning(text(value)) is None
        if not name or (folded in _USED and not sentence) or _SECRET.search(folded):
            continue
        content = (
            ", ".join(filter(None, map(text, value))) if isinstance(value, list) else member_text(value, MAX_ANNOTATION)
        )
        if content.strip() and content not in _EMPTY:
            found.setdefault(name, cut(content.strip(), MAX_ANNOTATION))
    if monitor:
        found.setdefault("monitor_id", monitor)
    return found
