"""What Zabbix itself writes: the events a connector streams (6.4 and later), and the problems and events of its API.

    https://www.zabbix.com/documentation/current/en/manual/config/export/streaming

A recovery streamed by a connector has nothing but times, its own id and `p_eventid`, the id of the problem it ends:
that is the identity, and what else is known of the problem comes from the same batch or stays as it was. Item values
and trends, which a connector can stream as well, are no alerts. Bodies made by media types are in `zabbix`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts._fingerprint import of_sender
from srvmaint.alerts._limits import MAX_LABEL
from srvmaint.alerts._read import cut, first, line, mapping, tags, text
from srvmaint.alerts._times import millis
from srvmaint.alerts._zabbix_words import SEVERITIES, number_of, severity
from srvmaint.model import Alert, AlertStatus, Severity

SOURCE: Final = "zabbix"

_STATUSES: Final = {"1": AlertStatus.FIRING, "0": AlertStatus.RESOLVED}
_VALUES: Final = ("value", "count")
"""What an item's value and an item's trend have."""
_NANOSECONDS: Final = 1_000_000
"""In a millisecond."""


def is_event(entry: Any) -> bool:
    """An event: its id, its clock and the nanoseconds beside it."""
    return isinstance(entry, dict) and "ns" in entry and "clock" in entry and _has_id(entry, "eventid")


def is_item(entry: Any) -> bool:
    """An item's value or trend."""
    return (
        isinstance(entry, dict)
        and "eventid" not in entry
        and "clock" in entry
        and _has_id(entry, "itemid")
        and any(key in entry for key in _VALUES)
    )


def host_groups(value: Any) -> str:
    """The names of host groups, which are text, a list of names, or a list of objects with a name."""
    if not isinstance(value, list):
        return text(value, MAX_LABEL)
    names = (text(mapping(group).get("name"), MAX_LABEL) or text(group, MAX_LABEL) for group in value)
    return cut(", ".join(filter(None, names)), MAX_LABEL)


def event(entry: Mapping[str, Any], known: Mapping[str, Alert]) -> Alert:
    """The alert of an event; `known` are those of the batch so far by fingerprint, for the recovery of one of them."""
    own, problem = of_sender(entry.get("eventid")), of_sender(entry.get("p_eventid"))
    state = _state(entry, recovers=bool(problem))
    fingerprint = problem or own
    moment = _moment(entry, "clock", "ns")
    over = state is AlertStatus.RESOLVED
    began = None if problem or (over and not of_sender(entry.get("r_eventid"))) else moment
    ended = (_moment(entry, "r_clock", "r_ns") or moment) if over else None
    before = known.get(fingerprint) if over else None
    named = line(entry.get("name")) or (before.name if before else "")
    labels = _labels(entry) or (dict(before.labels) if before else {})
    word = text(entry.get("severity"), MAX_LABEL)
    number = number_of(word)
    if number is not None:
        labels["severity"] = SEVERITIES[number]
    return Alert(
        source=SOURCE,
        fingerprint=fingerprint,
        name=named or f"Zabbix event {line(fingerprint)}",
        status=state,
        severity=severity(word) or (before.severity if before else Severity.WARNING),
        description=text(entry.get("opdata")) or (before.description if before else ""),
        labels=labels,
        annotations=dict(before.annotations) if before else {},
        starts_at=began if began is not None else (before.starts_at if before else None),
        ends_at=ended,
        named=bool(named),
    )


def _state(entry: Mapping[str, Any], *, recovers: bool) -> AlertStatus:
    if recovers or of_sender(entry.get("r_eventid")):
        return AlertStatus.RESOLVED
    state = _STATUSES.get(text(entry.get("value"), MAX_LABEL), AlertStatus.FIRING)
    if state is AlertStatus.FIRING and text(entry.get("acknowledged"), MAX_LABEL) == "1":
        return AlertStatus.ACKNOWLEDGED
    return state


def _labels(entry: Mapping[str, Any]) -> dict[str, str]:
    labels = tags(entry.get("tags"), MAX_LABEL)
    hosts = entry.get("hosts")
    names = [
        first(host, ("name", "host"), MAX_LABEL) if isinstance(host, dict) else text(host, MAX_LABEL)
        for host in (hosts if isinstance(hosts, list) else ())
    ]
    found = [name for name in names if name]
    if found:
        labels["instance"] = found[0]
    if len(found) > 1:
        labels["hosts"] = cut(", ".join(found), MAX_LABEL)
    groups = host_groups(entry.get("groups"))
    if groups:
        labels["groups"] = groups
    return labels


def _moment(entry: Mapping[str, Any], clock: str, nanoseconds: str) -> int | None:
    moment, fraction = millis(entry.get(clock)), text(entry.get(nanoseconds), MAX_LABEL)
    if moment is None or not fraction.isdecimal():
        return moment
    return moment + min(int(fraction) // _NANOSECONDS, 999)


def _has_id(entry: Mapping[str, Any], key: str) -> bool:
    value = entry.get(key)
    return isinstance(value, int | str) and not isinstance(value, bool) and bool(of_sender(value))
