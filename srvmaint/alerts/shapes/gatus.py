"""Gatus: the custom alert of its documentation, whose text or title begins with the state, and the body for n8n.

    https://github.com/TwiN/gatus#configuring-custom-alerts

`RESOLVED: core - website - description - errors`, or without the group and the errors; without an error the last part
is empty. A title is `Gatus RESOLVED: website`; the one for n8n is the same for all endpoints. Bodies with keys of the
operator's own are plain ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, FIRING, RESOLVED, Facts, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"text", "message", "content", "title", "endpoint_name"})

_STATES: Final = {"TRIGGERED": FIRING, "RESOLVED": RESOLVED}
_WITH_GROUP: Final = 3
"""Parts from which on the first is the group: group, name, description."""
_LONGEST: Final = 4000
_SELF: Final = "Gatus "
_N8N: Final = Table(
    source="gatus",
    name=("endpoint_name",),
    status=("state",),
    usually=CRITICAL,
    identity=(("endpoint_group", "endpoint_name"), ("endpoint_name",)),
    description=("message", "alert_description"),
    host=("endpoint_url",),
    labels={"group": "endpoint_group"},
    annotations={"alert_description": "alert_description", "conditions": "condition_results"},
    url=("endpoint_url",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A text of its own, or a title, that begins with the state; or an endpoint and whether it is resolved."""
    if has(payload, "endpoint_name") and isinstance(payload.get("resolved"), bool):
        return "`endpoint_name` and `resolved` of Gatus"
    state, parts = _parts(payload)
    return "a text that begins with a state, as Gatus sends it" if state and parts else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The endpoint's alert; it is known by its group and name."""
    if has(payload, "endpoint_name"):
        return _N8N.read({**payload, "state": "resolved" if payload.get("resolved") else ""})
    state, parts = _parts(payload)
    group, name = parts[:2] if len(parts) >= _WITH_GROUP else ("", parts[0])
    return Facts(
        source="gatus",
        name=name,
        status=_STATES[state],
        severity=CRITICAL,
        identity=f"{group}|{name}" if group else name,
        description=words(payload, "text", "message", "content", "body", "title"),
        labels={"group": group},
    ).parsed()


def _parts(payload: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The state and what follows it in parts; none when it is not Gatus'."""
    title = payload.get("title")
    key = next(iter(payload)) if len(payload) == 1 else ""
    is_title = isinstance(title, str) and title.startswith(_SELF) and not {"state", "status"} & payload.keys()
    text = title if is_title else payload.get(key)
    if not isinstance(text, str) or len(text) > _LONGEST or "\n" in text:
        return "", []
    state, _, rest = text.removeprefix(_SELF).partition(": ")
    if state not in _STATES or not rest.strip(" -"):
        return "", []
    whole = f"{rest} " if rest.endswith(" -") else rest  # the empty last part of a text that somebody trimmed
    parts = [part.strip() for part in whole.split(" - ")]
    name = parts[1] if len(parts) >= _WITH_GROUP else parts[0]
    return (state, parts) if name and (len(parts) > 1 or is_title) else ("", [])
