"""Grafana: unified alerting (v8 to v12, Cloud, OnCall, custom payload templates) and the legacy alerting up to v8.

    https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
    https://grafana.com/docs/grafana/v8.5/alerting/old-alerting/notifications/#webhook

A unified body has every key of Alertmanager's and a few of its own, which is why this driver is asked first; `status`
and `state` at the top are those of the group and only fill a gap. A legacy body is one rule, however many series it
matched, and says no time. Text that carries values (`values`, `valueString`, `evalMatches`) is an annotation, never
part of what identifies an alert. What Alertmanager itself sends is not this module's business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._fingerprint import of_labels, of_sender
from srvmaint.alerts._group import TITLES, completed, described, listed, members, read_members
from srvmaint.alerts._limits import MAX_ANNOTATION, MAX_LABEL
from srvmaint.alerts._read import cut, first, line, link, mapping, member_text, strings, tags, text
from srvmaint.alerts._signatures import GrafanaSigned
from srvmaint.alerts._times import millis
from srvmaint.alerts._vocabulary import HOST_LABELS, SEVERITY_LABELS, severity, severity_in, status
from srvmaint.clock import Clock
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus, Severity

PRECEDENCE: Final = 20
SOURCE: Final = "grafana"

_OWN_KEYS: Final = ("silenceURL", "dashboardURL", "panelURL", "valueString")
"""What only Grafana says of an alert."""
_OWN_LABELS: Final = ("grafana_folder", "__alert_rule_uid__", "datasource_uid")
_FORWARDED: Final = ("3", "4")
"""Alertmanager's versions: Grafana can hand its alerts to an Alertmanager, whose body this then is."""
_LOOKED_AT: Final = 5
"""Members of a list that detection looks at."""
_NAMES: Final = ("alertname", "alert", "name", "rulename", "rule_name", "ruleName", "rule")
_KEPT: Final = (
    ("silence_url", "silenceURL"),
    ("dashboard_url", "dashboardURL"),
    ("panel_url", "panelURL"),
    ("image_url", "imageURL"),
    ("rule_uid", "ruleUID"),
    ("value_string", "valueString"),
)
_KEPT_OF_A_RULE: Final = (
    ("image_url", "imageUrl"),
    ("dashboard_id", "dashboardId"),
    ("panel_id", "panelId"),
    ("org_id", "orgId"),
)
_STATES: Final = {
    "nodata": AlertStatus.FIRING,
    "no_data": AlertStatus.FIRING,
    "error": AlertStatus.FIRING,
    "pending": AlertStatus.FIRING,
    "recovering": AlertStatus.FIRING,
    "paused": AlertStatus.RESOLVED,
}
"""Grafana's own words. A paused rule is asked no more: left firing, nothing would ever end it."""
_PREFIX: Final = re.compile(
    r"\s*\[(?P<state>firing|resolved|alerting|ok|no ?data|pending|paused|unknown)(?::\d+)?(?:,\s*\w+:\d+)*\]\s*",
    re.IGNORECASE,
)
"""What the default titles begin with: `[FIRING:1, RESOLVED:2] `, `[Alerting] `."""
_GROUPED: Final = re.compile(r'[{,]\s*alertname="((?:[^"\\]|\\.){1,500})"')
_HOST: Final = re.compile(r"https?://([^/?#]+)", re.IGNORECASE)
_ORG: Final = re.compile(r"[?&]orgId=(\d{1,20})")


@dataclass(frozen=True, slots=True)
class Config(GrafanaSigned):
    """What the sender shows; nothing about Grafana's bodies needs setting."""


@dataclass(frozen=True, slots=True)
class _Group:
    """What the envelope says about all of its alerts, for those that do not say it themselves."""

    status: AlertStatus | None
    labels: dict[str, str]
    annotations: dict[str, str]
    name: str
    message: str
    url: str
    now: int
    alone: bool
    """Several that say nothing of themselves would all be the same: of several none takes what is said about all."""


@dataclass(frozen=True, slots=True)
class Driver:
    """Reads what Grafana's webhook sends, of either generation and through a payload template that keeps the keys."""

    config: Config = field(default_factory=Config)
    clock: Clock = field(default_factory=Clock)
    """Only for alerts without any status: those whose end has passed are resolved."""

    def detect(self, payload: Any) -> str | None:
        """`alerts` beside Grafana's own keys or with Grafana's own members; or a rule with a state."""
        entries = payload if isinstance(payload, list) else members(payload)
        body = mapping(payload)
        if entries is None:
            return _legacy_reason(body) or _own_key(body, "an alert with")
        if isinstance(body.get("state"), str):
            if _is_number(body.get("orgId", "")):
                return "a list `alerts` with `orgId` and `state`"
            if isinstance(body.get("title"), str) and isinstance(body.get("message"), str):
                return "a list `alerts` with `title`, `state` and `message`"
        for entry in entries[:_LOOKED_AT]:
            found = _own_key(mapping(entry), "alerts with")
            if found is not None:
                return found
            own = mapping(mapping(entry).get("labels"))
            label = next((label for label in _OWN_LABELS if label in own), None)
            if body and label is not None and text(body.get("version")) not in _FORWARDED:
                return f"alerts with the label `{label}`"
        return None

    def parse(self, payload: Any) -> Parsed:
        """Alerts in the order of the body; a member that cannot be used is reported by its index.

        Raises:
            PayloadError: `undetected`, `no_alerts` or `too_many_alerts`.
        """
        body = mapping(payload)
        entries = payload if isinstance(payload, list) else members(payload)
        if entries is None:
            if _legacy_reason(body) is not None:
                return Parsed((_rule(body),))
            if status(_word(body)) is None and _own_key(body, "") is None and not isinstance(body.get("labels"), dict):
                raise PayloadError(
                    "undetected",
                    "cannot read this as Grafana's: it has neither a list `alerts` nor a rule with a state. Post it to"
                    " /alerts/webhook/ to have the sender found out.",
                )
            body, entries = {}, [body]
        group = self._group(body, alone=len(entries) == 1)
        return read_members(entries, lambda entry: _alert(entry, group), "Grafana")

    def _group(self, body: Mapping[str, Any], *, alone: bool) -> _Group:
        labels = strings(body.get("commonLabels"))
        grouped = _GROUPED.search(text(body.get("groupKey")))
        name = (
            first(labels, _NAMES)
            or first(mapping(body.get("groupLabels")), _NAMES)
            or (grouped[1] if grouped else "")
            or (_title(body.get("title")) if alone else "")
        )
        return _Group(
            status=_status(text(body.get("status"))) or _status(text(body.get("state"))),
            labels=labels,
            annotations=strings(body.get("commonAnnotations"), MAX_ANNOTATION),
            name=name,
            message=text(body.get("message")) if alone else "",
            url=link(body.get("externalURL")),
            now=self.clock.now(),
            alone=alone,
        )


def _legacy_reason(body: Mapping[str, Any]) -> str | None:
    matched = isinstance(body.get("evalMatches"), list)
    if isinstance(body.get("ruleName"), str):
        if matched or (isinstance(body.get("state"), str) and ("ruleId" in body or "ruleUrl" in body)):
            return f"`ruleName` with `{'evalMatches' if matched else 'state'}`"
        return None
    return "`evalMatches` with `state`" if matched and isinstance(body.get("state"), str) else None


def _own_key(entry: Mapping[str, Any], what: str) -> str | None:
    found = next((key for key in _OWN_KEYS if isinstance(entry.get(key), str)), None)
    return f"{what} `{found}`" if found else None


def _is_number(value: Any) -> bool:
    """A number; also null, which a payload template makes of an organisation that it does not know."""
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _word(entry: Mapping[str, Any]) -> str:
    found = entry.get("status") or entry.get("state")
    return text(mapping(found).get("state") if isinstance(found, dict) else found)


def _status(word: str) -> AlertStatus | None:
    """The state's meaning; "Alerting (NoData)" and "Normal (MissingSeries)" give a reason beside it."""
    said = word.partition("(")[0].strip().lower()
    return _STATES.get(said) or status(said)


def _title(value: Any) -> str:
    """A title without its status; where nothing is grouped by, the default one puts the labels in brackets."""
    said = _PREFIX.sub("", line(value), count=1).strip()
    return said[1:-1].strip() if said.startswith("(") and said.endswith(")") else said


def _alert(entry: Mapping[str, Any], group: _Group) -> Alert | None:
    """One alert of unified alerting; None when nothing in it or around it says what it is."""
    labels = strings(entry.get("labels"))
    annotations = strings(entry.get("annotations"), MAX_ANNOTATION)
    sender_id = of_sender(entry.get("fingerprint"))
    if not (labels or annotations or sender_id or group.alone or first(entry, (*_NAMES, *TITLES))):
        return None
    annotations = completed(annotations, group.annotations)
    name = line(
        first(labels, ("alertname",))
        or first(entry, _NAMES)
        or group.name
        or first(labels, _NAMES)
        or _title(entry.get("title"))
        or first(annotations, TITLES)
        or first(entry, TITLES)
    )
    labels = completed(labels, group.labels)
    if not (name or labels or annotations or sender_id or group.message):
        return None
    name = name or "unnamed alert"
    instance = first(labels, HOST_LABELS, MAX_LABEL) or first(entry, HOST_LABELS, MAX_LABEL)
    if instance:
        labels.setdefault("instance", instance)
    fingerprint = sender_id or of_labels(name, labels)
    own = first(entry, SEVERITY_LABELS, MAX_LABEL)
    found = severity_in(labels) or severity(own) or severity_in(annotations) or Severity.WARNING
    if own and own.lower() != found.value:
        labels.setdefault("severity", own)
    ends_at = millis(entry.get("endsAt"))
    state = _status(_word(entry)) or group.status
    if state is None:
        state = AlertStatus.RESOLVED if ends_at is not None and ends_at <= group.now else AlertStatus.FIRING
    description = described(annotations, entry) or group.message or listed(annotations)
    _keep(annotations, entry, _KEPT)
    values = ", ".join(f"{key}={value}" for key, value in strings(entry.get("values")).items())
    if values:
        annotations.setdefault("values", cut(values, MAX_ANNOTATION))
    return Alert(
        source=SOURCE,
        fingerprint=fingerprint,
        name=name,
        status=state,
        severity=found,
        description=description,
        labels=labels,
        annotations=annotations,
        starts_at=millis(entry.get("startsAt")),
        ends_at=ends_at if state is AlertStatus.RESOLVED else None,
        generator_url=_address(entry, group),
    )


def _address(entry: Mapping[str, Any], group: _Group) -> str:
    """Where the rule is shown; the test button of v12 sends "?orgId=1", relative to the server."""
    found = link(entry.get("generatorURL"))
    if found and group.url and not _HOST.match(found):
        return link(f"{group.url.rstrip('/')}/{found.lstrip('/')}") or found
    return found or link(entry.get("panelURL")) or link(entry.get("dashboardURL"))


def _rule(body: Mapping[str, Any]) -> Alert:
    """The one alert of a legacy body. Its series are not told apart: the end of a rule names none."""
    matches = [mapping(match) for match in body["evalMatches"]] if isinstance(body.get("evalMatches"), list) else []
    title = line(body.get("title"))
    name = line(body.get("ruleName")) or _title(title) or "unnamed alert"
    labels = {**_shared([strings(match.get("tags")) for match in matches]), **tags(body.get("tags"))}
    instance = first(labels, HOST_LABELS, MAX_LABEL)
    if instance:
        labels.setdefault("instance", instance)
    readings = ", ".join(
        f"{line(match.get('metric')) or 'value'}: {member_text(match.get('value'), MAX_LABEL)}" for match in matches
    )
    annotations = {"values": cut(readings, MAX_ANNOTATION)} if readings else {}
    _keep(annotations, body, _KEPT_OF_A_RULE)
    prefix = _PREFIX.match(title)
    state = _status(text(body.get("state"))) or (_status(prefix["state"].replace(" ", "")) if prefix else None)
    return Alert(
        source=SOURCE,
        fingerprint=_rule_id(body, name),
        name=name,
        status=state or AlertStatus.FIRING,
        severity=severity_in(labels) or Severity.WARNING,
        description=text(body.get("message")) or annotations.get("values", "")[:MAX_LABEL],
        labels=labels,
        annotations=annotations,
        generator_url=link(body.get("ruleUrl")),
    )


def _shared(series: list[dict[str, str]]) -> dict[str, str]:
    """The tags that all of the series have: the host, where there is only one."""
    known = series[0] if series else {}
    return {key: value for key, value in known.items() if all(each.get(key) == value for each in series)}


def _rule_id(body: Mapping[str, Any], name: str) -> str:
    """The rule's number, which counts per server; the organisation is only in the link before v6, and 1 by default."""
    address = link(body.get("ruleUrl"))
    found, server = _ORG.search(address), _HOST.match(address)
    organisation = of_sender(body.get("orgId")) or (found[1] if found else "1")
    rule = of_sender(body.get("ruleId"))
    place = {"org": organisation, "server": server[1].lower() if server else ""}
    return of_labels("", {**place, "rule": rule}) if rule else of_labels(name, place)


def _keep(annotations: dict[str, str], entry: Mapping[str, Any], keys: tuple[tuple[str, str], ...]) -> None:
    """Keep as annotations what became nothing else."""
    for name, key in keys:
        content = text(entry.get(key), MAX_ANNOTATION)
        if content:
            annotations.setdefault(name, content)
