"""A group of alerts in one body, as Alertmanager sends it and Grafana after it: members, and what is said of them all.

What a member is called and where it stands is the drivers' knowledge, not this module's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from srvmaint.alerts import BadAlert, Parsed
from srvmaint.alerts._limits import check_count
from srvmaint.alerts._read import first
from srvmaint.errors import PayloadError
from srvmaint.model import Alert

GROUP_KEYS: Final = ("groupKey", "groupLabels", "commonLabels")
TITLES: Final = ("title", "summary", "message", "description")
"""Annotations that can name an alert which has no other name."""

_DESCRIPTIONS: Final = ("description", "summary", "message", "text", "title", "body")
_NOT_TEXT: Final = ("http://", "https://", "/")
"""What an annotation begins with that leads elsewhere instead of saying something."""


def members(payload: Any) -> list[Any] | None:
    """The list `alerts`; an empty one where it is null beside a group's keys, as Go writes a list without members."""
    if not isinstance(payload, dict):
        return None
    found = payload.get("alerts")
    if found is None and "alerts" in payload and any(key in payload for key in GROUP_KEYS):
        return []
    return found if isinstance(found, list) else None


def read_members(entries: list[Any], read: Callable[[Mapping[str, Any]], Alert | None], sender: str) -> Parsed:
    """Alerts in the order of the body; a member that cannot be used is reported by its index.

    Raises:
        PayloadError: `no_alerts` or `too_many_alerts`.
    """
    check_count(len(entries))
    if not entries:
        return Parsed(ignored="the list of alerts is empty")
    alerts: list[Alert] = []
    errors: list[BadAlert] = []
    for index, entry in enumerate(entries):
        alert = read(entry) if isinstance(entry, dict) else None
        if alert is not None:
            alerts.append(alert)
        else:
            lacking = "has nothing to know it by" if isinstance(entry, dict) else "is not an object"
            errors.append(BadAlert(index, lacking))
    if not alerts:
        raise PayloadError(
            "no_alerts",
            f"cannot use any of the {len(entries)} alerts: alert {errors[0].index} {errors[0].message}."
            f" Send what {sender}'s webhook sends.",
        )
    return Parsed(tuple(alerts), tuple(errors))


def completed(own: dict[str, str], common: Mapping[str, str]) -> dict[str, str]:
    """What a member says, and what only the group says of all its members: they are free to leave that out."""
    return own if common.keys() <= own.keys() else {**common, **own}


def described(annotations: Mapping[str, str], entry: Mapping[str, Any]) -> str:
    """What is wrong, at length: under one of the usual names; "" when none of them says anything."""
    return (
        annotations.get("description", "").strip() or first(annotations, _DESCRIPTIONS) or first(entry, _DESCRIPTIONS)
    )


def listed(annotations: Mapping[str, str]) -> str:
    """What the annotations say under whatever names, for an alert that has none of the usual ones."""
    said = {key: value.strip() for key, value in annotations.items() if not key.startswith("_")}
    return "\n".join(f"{key}: {value}" for key, value in said.items() if value and not value.startswith(_NOT_TEXT))
