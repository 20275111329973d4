"""Riemann, Icinga, Nagios and their kin: a host, a service, a state, in the words of their own macros.

    https://assets.nagios.com/downloads/nagioscore/docs/nagioscore/4/en/macrolist.html
    https://riemann.io/concepts.html

Read are the macros in capitals (with or without the prefix NAGIOS_, ICINGA_ or NOTIFY_) and the same in lower case.
A body with a name or a title is a plain one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import ACKNOWLEDGED, CRITICAL, FIRING, RESOLVED, WARNING, Table, has, words

PRECEDENCE: Final = 90
KEYS: Final = frozenset(
    f"{prefix}{name}" for prefix in ("", "NAGIOS_", "ICINGA_", "NOTIFY_") for name in ("HOSTNAME", "HOSTDISPLAYNAME")
) | {"service", "service_name", "service_description", "host_name", "hostname", "host"}

_PREFIX: Final = re.compile(r"(NAGIOS|ICINGA|NOTIFY)_")
_STATES: Final = {
    **dict.fromkeys(("critical", "down", "unreachable", "unreach", "warning", "unknown", "pending"), FIRING),
    **dict.fromkeys(("ok", "up"), RESOLVED),
    **dict.fromkeys(("2", "1", "3"), FIRING),
    "0": RESOLVED,
    "expired": FIRING,
}
_LEVELS: Final = {
    **dict.fromkeys(("critical", "down", "unreachable", "unreach", "2"), CRITICAL),
    **dict.fromkeys(("warning", "unknown", "1", "3", "expired"), WARNING),
    **dict.fromkeys(("ok", "up", "0"), WARNING),
}
_KINDS: Final = {"problem": FIRING, "recovery": RESOLVED, "acknowledgement": ACKNOWLEDGED}
_SILENT: Final = dict.fromkeys(
    ("downtimestart", "downtimeend", "downtimecancelled", "downtimeremoved", "flappingdisabled"),
    "the monitoring speaks of a downtime, not of a problem",
)
_TABLE: Final = Table(
    source="nagios",
    name=("service", "host"),
    status=("kind", "state"),
    statuses={**_STATES, **_KINDS},
    ignored=_SILENT,
    severity=("state",),
    severities=_LEVELS,
    identity=(("host", "service"), ("host",)),
    description=("output",),
    host=("host",),
    labels={"service": "service"},
    tags=("tags",),
    annotations={
        "address": "address",
        "comment": "comment",
        "author": "author",
        "metric": "metric",
        "long_output": "long_output",
    },
    moment=("time",),
    url=("url",),
)
_RIEMANN: Final = ("metric", "metric_f", "ttl")
_ALSO: Final = (
    *_RIEMANN,
    "output",
    "plugin_output",
    "notification_type",
    "notificationtype",
    "check_command",
    "state_type",
)
_SPELLINGS: Final = {
    "host": ("host", "hostname", "host_name", "hostdisplayname"),
    "service": ("service", "servicedesc", "service_description", "service_name", "servicedisplayname"),
    "state": ("servicestate", "service_state", "hoststate", "host_state", "state"),
    "output": (
        "serviceoutput",
        "service_output",
        "hostoutput",
        "host_output",
        "output",
        "plugin_output",
        "description",
    ),
    "kind": ("notificationtype", "notification_type"),
    "address": ("hostaddress", "host_address", "address"),
    "comment": ("notificationcomment", "notification_comment", "comment"),
    "author": ("notificationauthor", "notification_author", "author"),
    "long_output": ("longserviceoutput", "longhostoutput", "long_output"),
    "time": ("timet", "microtime", "time", "timestamp", "longdatetime", "check_time"),
    "url": ("serviceactionurl", "hostactionurl", "url"),
}


def claims(payload: Mapping[str, Any]) -> str | None:
    """A host and its state, or a service and its state, with something else that only monitoring says."""
    if words(payload, "name", "title", "summary", "alertname", "alert"):
        return None
    body = _one_spelling(payload)
    if not has(body, "host") or words(body, "state").lower() not in _STATES:
        return None
    in_capitals = any(_PREFIX.sub("", key) in ("HOSTNAME", "HOSTDISPLAYNAME") for key in payload)
    known = in_capitals or "hoststate" in _lower(payload) or (has(body, "service") and any(k in payload for k in _ALSO))
    return "a host, a service and a state, as Nagios and Riemann have them" if known else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The state of the service, or of the host where there is none."""
    body = _one_spelling(payload)
    body["kind"] = words(body, "kind").partition(" ")[0].lower()
    return _TABLE.read(body)


def _lower(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {_PREFIX.sub("", key).lower(): value for key, value in payload.items()}


def _one_spelling(payload: Mapping[str, Any]) -> dict[str, Any]:
    flat = _lower(payload)
    return {
        "tags": flat.get("tags"),
        "metric": flat.get("metric"),
        **{name: words(flat, *spellings) for name, spellings in _SPELLINGS.items()},
    }
