"""Prometheus Alertmanager: the webhook of version 4 (and 3, of 2016-2019), and the list its API v2 takes.

    https://prometheus.io/docs/alerting/latest/configuration/#webhook_config

Every member has its own status; the group's is "firing" as soon as one member is, so it only fills a gap. The Go zero
time (and 1970) in `endsAt` means "has not ended". Grafana's bodies have all of these keys as well: its driver is asked
first, so nothing about Grafana belongs here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._access import Access
from srvmaint.alerts._fingerprint import of_labels, of_sender
from srvmaint.alerts._group import GROUP_KEYS, TITLES, completed, described, listed, members, read_members
from srvmaint.alerts._limits import MAX_ANNOTATION, MAX_LABEL
from srvmaint.alerts._read import first, is_clean, line, link, mapping, strings, text
from srvmaint.alerts._times import millis
from srvmaint.alerts._vocabulary import HOST_LABELS, SEVERITY_OF, STATUS_OF, severity_in, status
from srvmaint.clock import Clock
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus, Severity

PRECEDENCE: Final = 22
SOURCE: Final = "alertmanager"

_API_KEYS: Final = ("annotations", "startsAt", "endsAt", "generatorURL")
_LOOKED_AT: Final = 5
"""Members of a list that detection looks at."""
_NAME_LABELS: Final = ("alertname", "alert", "name", "__name__")


@dataclass(frozen=True, slots=True)
class Config(Access):
    """What the sender shows; nothing about Alertmanager's bodies needs setting."""


@dataclass(frozen=True, slots=True)
class _Group:
    """What the envelope says about all of its alerts, for those that do not say it themselves."""

    status: AlertStatus | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    alone: bool = True
    """Several that say nothing of themselves would all be the same: of several none takes what is said about all."""
    now: int | None = None
    """Set where the group has no status: API alerts have an end instead."""


@dataclass(frozen=True, slots=True)
class Driver:
    """Reads what an Alertmanager sends, and what is sent to one."""

    config: Config = field(default_factory=Config)
    clock: Clock = field(default_factory=Clock)
    """Only for alerts without any status, as the API has them: they are resolved when their end has passed."""

    def detect(self, payload: Any) -> str | None:
        """`alerts` with a group key and a receiver or a status; or a list of objects as Alertmanager writes them."""
        if isinstance(payload, list):
            known = any(map(_is_api_alert, payload[:_LOOKED_AT]))
            return "a list of objects with `labels.alertname`, as the Alertmanager API takes it" if known else None
        entries = members(payload)
        if entries is None:
            return None
        grouped = next((key for key in GROUP_KEYS if key in payload), "")
        told = "receiver" if "receiver" in payload else "status" if "status" in payload else ""
        if grouped and told:
            return f"a list `alerts` with `{grouped}` and `{told}`"
        if "receiver" in payload and "status" in payload:
            return "a list `alerts` with `receiver` and `status`"
        known = any(map(_is_api_alert, entries[:_LOOKED_AT]))
        return "a list `alerts` of objects with `labels.alertname`, as Alertmanager writes them" if known else None

    def parse(self, payload: Any) -> Parsed:
        """Alerts in the order of the body; a member that cannot be used is reported by its index.

        Raises:
            PayloadError: `undetected`, `no_alerts` or `too_many_alerts`.
        """
        group, entries = self._open(payload)
        return read_members(entries, lambda entry: _alert(entry, group), "Alertmanager")

    def _open(self, payload: Any) -> tuple[_Group, list[Any]]:
        if isinstance(payload, list):
            return _Group(now=self.clock.now()), payload
        entries = members(payload)
        if entries is None:
            raise PayloadError(
                "undetected",
                "cannot read this as Alertmanager's: it has no list `alerts`. Post it to /alerts/webhook/ to have the"
                " sender found out.",
            )
        common, shared = strings(payload.get("commonLabels")), status(text(payload.get("status")))
        group = _Group(
            status=shared,
            labels=common,
            annotations=strings(payload.get("commonAnnotations"), MAX_ANNOTATION),
            name=first(common, _NAME_LABELS) or first(mapping(payload.get("groupLabels")), _NAME_LABELS),
            alone=len(entries) == 1,
            now=None if shared else self.clock.now(),
        )
        return group, entries


def _is_api_alert(entry: Any) -> bool:
    labels = mapping(entry).get("labels")
    return isinstance(labels, dict) and "alertname" in labels and any(key in entry for key in _API_KEYS)


def _alert(entry: Mapping[str, Any], group: _Group) -> Alert | None:
    """One alert; None when there is nothing in it to know it by."""
    labels, annotations, sender_id, address = _texts(entry)
    if not (labels or annotations or sender_id or group.alone):
        return None
    labels, annotations = completed(labels, group.labels), completed(annotations, group.annotations)
    if not labels and not annotations and not sender_id:
        return None
    name = line(labels.get("alertname"))
    if not name:
        name = line(first(labels, _NAME_LABELS) or group.name or first(annotations, TITLES)) or "unnamed alert"
    description = described(annotations, entry) or listed(annotations)
    fingerprint = sender_id or of_labels(name, labels)
    severity = SEVERITY_OF.get(labels.get("severity", ""))
    severity = severity or severity_in(labels) or severity_in(annotations) or Severity.WARNING
    if "instance" not in labels and (host := first(labels, HOST_LABELS, MAX_LABEL)):
        labels = {**labels, "instance": host}
    ends_at = millis(entry.get("endsAt"))
    word = entry.get("status")
    state = (STATUS_OF.get(word) if isinstance(word, str) else None) or _state(word, ends_at, group)
    if state is not AlertStatus.RESOLVED:
        ends_at = None  # what has not ended has no end: the API's is the moment at which it would be forgotten
    starts_at = millis(entry.get("startsAt"))
    # In the order of the fields, because naming them costs a fifth of a large batch's parsing.
    return Alert(
        SOURCE, fingerprint, name, state, severity, description, labels, annotations, starts_at, ends_at, address
    )


def _texts(entry: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str], str, str]:
    """Labels, annotations, fingerprint and link, all of them clean text.

    What Alertmanager itself sends is text already. One look at all of it together proves that in a quarter of the time
    it takes to look at each; whatever does not pass is read piece by piece.
    """
    labels, annotations = entry.get("labels"), entry.get("annotations")
    sender_id, address = entry.get("fingerprint", ""), entry.get("generatorURL", "")
    if type(labels) is dict and type(annotations) is dict:
        try:
            joined = "".join((*labels, *labels.values(), *annotations, *annotations.values(), sender_id, address))
        except TypeError:
            pass
        else:
            if len(joined) <= MAX_LABEL and "\0" not in joined and (joined.isascii() or is_clean(joined)):
                return labels, annotations, of_sender(sender_id), link(address)
    return strings(labels), strings(annotations, MAX_ANNOTATION), of_sender(sender_id), link(address)


def _state(value: Any, ends_at: int | None, group: _Group) -> AlertStatus:
    word = value if isinstance(value, str) else mapping(value).get("state")
    own = status(word) if isinstance(word, str) else None
    if own is not None:
        return own
    if group.now is not None and ends_at is not None and ends_at <= group.now:
        return AlertStatus.RESOLVED
    return group.status or AlertStatus.FIRING
