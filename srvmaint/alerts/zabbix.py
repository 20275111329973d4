"""Zabbix: what media types send (`_zabbix_media`: webhook scripts of every make), and what a connector streams.

    https://www.zabbix.com/documentation/current/en/manual/config/notifications/media/webhook
    https://www.zabbix.com/documentation/current/en/manual/config/export/streaming

The event id of the problem is the identity; of a mere link its trigger is, because old recoveries have an event id of
their own. Zabbix writes dates in a time zone it does not name: they are taken when the zone is set, and only shown
when it is not. What the bodies say is read in the private files; here is whose a body is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from srvmaint.alerts import BadAlert, Parsed
from srvmaint.alerts._access import Access
from srvmaint.alerts._fingerprint import of_sender
from srvmaint.alerts._limits import MAX_LABEL, check_count
from srvmaint.alerts._read import text
from srvmaint.alerts._zabbix_connector import SOURCE, event, is_event, is_item
from srvmaint.alerts._zabbix_media import LINKED, PARTS, has_macro, media_alert, plain, read_fields, said
from srvmaint.clock import Clock
from srvmaint.errors import PayloadError
from srvmaint.model import Alert
from srvmaint.settings import setting

__all__ = ["PRECEDENCE", "SOURCE", "Config", "Driver"]

PRECEDENCE: Final = 35

_LISTS: Final = ("events", "problems", "result")
_IDS: Final = ("eventid", "problemid", "peventid", "triggerid")
_MARKS: Final = (
    "eventvalue",
    "eventnseverity",
    "eventsource",
    "triggerstatus",
    "triggervalue",
    "eventstatus",
    "eventupdatestatus",
    "eventrecoveryvalue",
    "eventackstatus",
    "eventopdata",
    "eventtagsjson",
    "nseverity",
)
_TOGETHER: Final = (
    {"eventid", "triggerid"},
    {"eventid", "triggername"},
    {"eventid", "eventname", "eventseverity"},
    {"eventid", "clock", "severity"},
    {"triggername", "triggerstatus"},
    {"triggerseverity", "triggerstatus"},
    {"hostname", "trigger", "item", "severity", "status"},
)
"""Keys that only a Zabbix script sends with each other."""
_SAYS_SO: Final = ("source", "monitoringtool", "monitoringsource", "xs4sourcesystem")
_SPEAKS: Final = ("trigger", "event", "problem", "host")
_TEMPLATE: Final = "original problem id:"
_NO_PROBLEM: Final = {"1": "a discovered host or service", "2": "an agent that registered itself"}
"""Event sources whose events have neither a problem nor a recovery."""


@dataclass(frozen=True, slots=True)
class Config(Access):
    """What the sender shows, and where its clocks are read."""

    timezone: str | None = setting(
        None,
        help="the time zone of the dates in Zabbix's messages, which do not name it; without it they are only shown",
        example="Europe/Riga",
    )

    def problems(self) -> list[str]:
        """A zone that does not exist here."""
        if self.timezone is None or _zone(self.timezone) is not None:
            return []
        return [f'timezone: there is no time zone {self.timezone!r} on this host: write one such as "Europe/Riga"']


@dataclass(frozen=True, slots=True)
class Driver:
    """Reads what Zabbix's media types and connectors send."""

    config: Config = field(default_factory=Config)
    clock: Clock = field(default_factory=Clock)

    def detect(self, payload: Any) -> str | None:
        """A connector's event or value, keys that only Zabbix's macros fill, or a link to a Zabbix trigger."""
        members = _members(payload)
        if members is None:
            return None
        return next((reason for member in members[:5] if (reason := _signature(member))), None)

    def parse(self, payload: Any) -> Parsed:
        """Alerts in the order of the body; a member that cannot be used is reported by its index.

        Raises:
            PayloadError: `undetected`, `no_alerts` or `too_many_alerts`.
        """
        members = _members(payload)
        if members is None:
            raise PayloadError(
                "undetected",
                "cannot read this as Zabbix's: it is neither an object nor a list of them. Post it to /alerts/webhook/"
                " to have the sender found out.",
            )
        check_count(len(members))
        zone = _zone(self.config.timezone) if self.config.timezone else None
        alerts: list[Alert] = []
        known: dict[str, Alert] = {}
        errors: list[BadAlert] = []
        passed = "the list of events is empty"
        for index, member in enumerate(members):
            found = _read(member, known, zone)
            if isinstance(found, Alert):
                alerts.append(found)
                known[found.fingerprint] = found
            elif found.ignored:
                passed = found.ignored
            else:
                errors.extend(BadAlert(index, error.message) for error in found.errors)
        if errors and not alerts:
            raise PayloadError(
                "no_alerts",
                f"cannot use {f'any of the {len(members)} events' if len(members) > 1 else 'the event'}: it"
                f" {errors[0].message}. Send at least an event id and a name.",
            )
        return Parsed(tuple(alerts), tuple(errors), ignored=None if alerts else passed)


def _members(payload: Any) -> list[Any] | None:
    """The events of a body; None when it is neither an object nor a list."""
    if not isinstance(payload, dict):
        return payload if isinstance(payload, list) else None
    for key in _LISTS:
        members = payload.get(key)
        if isinstance(members, list) and members and _signature(members[0]):
            return members
    return [payload]


def _read(member: Any, known: Mapping[str, Alert], zone: ZoneInfo | None) -> Alert | Parsed:
    """One event as an alert; else why it is none (`ignored`) or what is wrong with it (`errors`)."""
    if is_event(member):
        return event(member, known)
    if is_item(member):
        return Parsed(ignored="the values of items are no alerts")
    if not isinstance(member, dict):
        return Parsed(errors=(BadAlert(0, "is not an object"),))
    fields = read_fields(member)
    origin = _NO_PROBLEM.get(said(fields, ("eventsource",)))
    if origin and not of_sender(fields.get("triggerid")):
        return Parsed(ignored=f"the event is about {origin} and is no problem")
    alert = media_alert(fields, zone)
    if alert is not None:
        return alert
    if has_macro(member):
        return Parsed(ignored="none of its macros was replaced, as in the test of a media type")
    return Parsed(errors=(BadAlert(0, "has neither an event id nor a name"),))


def _signature(member: Any) -> str | None:
    """Why this is Zabbix's, in a few words."""
    if is_event(member):
        return "`eventid`, `clock` and `ns`, as a connector streams events"
    if is_item(member):
        return "`itemid`, `clock` and `value`, as a connector streams values"
    if not isinstance(member, dict):
        return None
    # An object `event` alone is everybody's: what it holds counts only beside a trigger or a host.
    parts = sum(isinstance(value, dict) and plain(key) in PARTS for key, value in member.items())
    fields = read_fields(member, 0 if parts == 1 else 2)
    present = {name for name, value in fields.items() if text(value, MAX_LABEL)}
    own = next((name for name in _IDS if name in present), "")
    mark = next((name for name in _MARKS if name in present), "")
    if own and mark:
        return f"`{own}` with `{mark}`"
    for group in _TOGETHER:
        if group <= present:
            return ", ".join(f"`{name}`" for name in sorted(group))
    texts = [value for value in member.values() if isinstance(value, str)]
    if any(LINKED.search(value) for value in texts):
        return "a link to `tr_events.php?triggerid=`"
    if has_macro(member):
        return "a macro of Zabbix that was not replaced"
    if any(_TEMPLATE in value.lower() for value in texts):
        return "a message with `Original problem ID`"
    named = any(name.startswith("zabbix") for name in fields) or any(
        "zabbix" in text(fields.get(key), MAX_LABEL).lower() for key in _SAYS_SO
    )
    return "it names Zabbix" if named and any(name.startswith(_SPEAKS) for name in present) else None


@lru_cache(maxsize=8)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError):
        return None
