"""An alert read off a body by a table: which dotted path holds which fact, and what the sender's words mean.

The shapes of known tools and the mappings of an operator are such tables. Reading one is total: a path that leads
nowhere is no text, a word nobody knows is firing and never resolved. Which body is whose is not this module's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._fingerprint import of_labels, of_sender
from srvmaint.alerts._limits import MAX_ANNOTATION, MAX_DESCRIPTION, MAX_LABEL, MAX_URL
from srvmaint.alerts._read import clean, line, link, member_text, tags
from srvmaint.alerts._times import millis
from srvmaint.alerts._vocabulary import severity, status
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus, Severity

FIRING: Final = AlertStatus.FIRING
ACKNOWLEDGED: Final = AlertStatus.ACKNOWLEDGED
RESOLVED: Final = AlertStatus.RESOLVED
CRITICAL: Final = Severity.CRITICAL
WARNING: Final = Severity.WARNING
INFO: Final = Severity.INFO

_UNFILLED: Final = re.compile(r"\*\w+\*|\$[A-Z][A-Z0-9_]*|\{\{.*\}\}|\{\w+\}", re.DOTALL)
"""A placeholder the sender did not fill in: `*alertDuration*`, `$SERVICE`, `{{rule.name}}`, `{State}`."""
_LONGEST_WORD: Final = 200

Paths = tuple[str, ...]
"""Dotted paths; the first that leads to a text wins."""


@lru_cache(maxsize=4096)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def at(body: Any, path: str) -> Any:
    """What a dotted path leads to (`a.0.b`: a number is a place in a list); None where it leads nowhere.

    A key with dots in it is found as well where it stands at the end: `labels.app.kubernetes.io/name`.
    """
    node = body
    steps = _steps(path)
    for place, step in enumerate(steps):
        if isinstance(node, dict):
            if step not in node:
                return node.get(".".join(steps[place:]))
            node = node[step]
        elif isinstance(node, list) and step.isascii() and step.isdigit() and len(step) < len(str(_LONGEST_WORD**2)):
            node = node[int(step)] if int(step) < len(node) else None
        else:
            return None
    return node


def text_of(value: Any, limit: int = MAX_DESCRIPTION) -> str:
    """A string, number or boolean as clean text; "" for all else and for a placeholder that was not filled in."""
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, str):
        stripped = value.strip()
        return "" if len(stripped) <= _LONGEST_WORD and _UNFILLED.fullmatch(stripped) else clean(stripped, limit)
    return member_text(value, limit)


def words(body: Any, *paths: str, limit: int = MAX_DESCRIPTION) -> str:
    """The text at the first of the paths that leads to one."""
    for path in paths:
        found = text_of(at(body, path), limit)
        if found:
            return found
    return ""


def joined(body: Any, *paths: str) -> str:
    """The texts at all of the paths as one identity; "" when there is none at any."""
    found = [words(body, path) for path in paths]
    return "|".join(found) if any(found) else ""


def has(body: Any, *paths: str) -> bool:
    """Whether there is a text at every one of the paths."""
    return all(words(body, path) for path in paths)


def holds(body: Any, key: str, *inner: str) -> bool:
    """Whether `key` is an object that has every one of the inner keys."""
    member = body.get(key)
    return isinstance(member, dict) and all(name in member for name in inner)


def host_of(value: Any) -> str:
    """The host of an address (`https://user@example.com:8443/x` is `example.com:8443`); any other text as it is."""
    text = text_of(value, MAX_URL)
    _, found, rest = text.partition("://")
    if not found:
        return line(text, MAX_LABEL)
    return line(re.split(r"[/?#\\]", rest, maxsplit=1)[0].rpartition("@")[2], MAX_LABEL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a body says about one alert, as it came."""

    source: str
    name: Any
    status: AlertStatus = FIRING
    severity: Severity = WARNING
    said: str = ""
    """The sender's own word for the severity."""
    identity: Any = None
    description: Any = ""
    host: Any = ""
    labels: Mapping[str, Any] = field(default_factory=dict)
    annotations: Mapping[str, Any] = field(default_factory=dict)
    starts_at: Any = None
    ends_at: Any = None
    moment: Any = None
    """The time of the message: a start where it fires, an end where it resolves."""
    url: Any = None

    def alert(self) -> Alert | None:
        """The alert; None when there is nothing to call it by."""
        name = line(text_of(self.name))
        if not name:
            return None
        labels = _texts(self.labels, MAX_LABEL)
        host = labels.get("instance") or host_of(self.host)
        if host:
            labels["instance"] = host
        fingerprint = of_sender(text_of(self.identity)) or of_labels(name, labels)
        if self.said and self.said.lower() != self.severity.value:
            labels.setdefault("severity", clean(self.said, MAX_LABEL))
        is_over = self.status is RESOLVED
        moment = millis(self.moment)
        return Alert(
            source=self.source,
            fingerprint=fingerprint,
            name=name,
            status=self.status,
            severity=self.severity,
            description=text_of(self.description),
            labels=labels,
            annotations=_texts(self.annotations, MAX_ANNOTATION),
            starts_at=millis(self.starts_at) or (None if is_over else moment),
            ends_at=(millis(self.ends_at) or moment) if is_over else None,
            generator_url=link(self.url),
        )

    def parsed(self) -> Parsed:
        """The alert as the only one of its body.

        Raises:
            PayloadError: `no_alerts`; there is nothing to call it by.
        """
        alert = self.alert()
        if alert is None:
            raise PayloadError("no_alerts", f"cannot use this {self.source} body: nothing in it names the alert.")
        return Parsed((alert,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Where a tool's bodies hold the facts, and what its words mean; keys of the word tables are in lower case."""

    source: str
    name: Paths
    status: Paths = ()
    statuses: Mapping[str, AlertStatus] = field(default_factory=dict)
    """The tool's own words; what is not here has the meaning that everybody gives it, else it is firing."""
    ignored: Mapping[str, str] = field(default_factory=dict)
    """Words of the status that mean no alert, with what is answered."""
    severity: Paths = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)
    usually: Severity = WARNING
    """How bad it is where the body does not say."""
    identity: tuple[Paths, ...] = ()
    """Each the paths of one identity; the first that is there as a whole is taken, else a hash over name and labels."""
    description: Paths = ()
    host: Paths = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    """Label to path. Nothing that changes while the alert lives may be here."""
    tags: Paths = ()
    """Labels in any form that `_read.tags` reads."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    starts_at: Paths = ()
    ends_at: Paths = ()
    moment: Paths = ()
    url: Paths = ()

    def facts(self, body: Any) -> Facts:
        """What the body says, by this table."""
        labels: dict[str, Any] = {}
        for path in self.tags:
            labels.update(tags(at(body, path), MAX_LABEL))
        labels.update({label: at(body, path) for label, path in self.labels.items()})
        state = self.state(body)
        found, said = self.how_bad(body)
        return Facts(
            source=self.source,
            name=words(body, *self.name),
            status=state,
            severity=found,
            said=said,
            identity=next((joined(body, *paths) for paths in self.identity if has(body, *paths)), ""),
            description=words(body, *self.description),
            host=next((host for path in self.host if (host := host_of(at(body, path)))), ""),
            labels=labels,
            annotations={name: at(body, path) for name, path in self.annotations.items()},
            starts_at=_first_time(body, self.starts_at),
            ends_at=_first_time(body, self.ends_at),
            moment=_first_time(body, self.moment),
            url=next((address for path in self.url if (address := link(at(body, path)))), ""),
        )

    def state(self, body: Any) -> AlertStatus:
        """Firing unless a word says otherwise; a word nobody knows leaves the question to the next path."""
        for path in self.status:
            word = words(body, path, limit=_LONGEST_WORD).lower()
            found = self.statuses.get(word) or status(word)
            if found is not None:
                return found
        return FIRING

    def how_bad(self, body: Any) -> tuple[Severity, str]:
        """The severity, and the sender's word for it; a word nobody knows leaves the question to the next path.

        A word that is a state (UP, OK, DOWN) is not kept: it changes while the alert lives.
        """
        said = ""
        for path in self.severity:
            word = words(body, path, limit=_LONGEST_WORD)
            is_state = self.statuses.get(word.lower()) or status(word)
            said = said or ("" if is_state else word)
            found = self.severities.get(word.lower()) or severity(word)
            if found is not None:
                return found, said
        return self.usually, said

    def why_ignored(self, body: Any) -> str | None:
        """What to answer when the status means that there is no alert."""
        said = (words(body, path, limit=_LONGEST_WORD).lower() for path in self.status)
        return next((self.ignored[word] for word in said if word in self.ignored), None) if self.ignored else None

    def read(self, body: Any) -> Parsed:
        """The one alert of the body, or why there is none.

        Raises:
            PayloadError: `no_alerts`; nothing in the body names the alert.
        """
        reason = self.why_ignored(body)
        return Parsed(ignored=reason) if reason else self.facts(body).parsed()


def _texts(members: Mapping[str, Any], limit: int) -> dict[str, str]:
    """Members that hold something, as text; a list of plain values is comma separated."""
    texts = {}
    for name, value in members.items():
        if isinstance(value, list) and all(isinstance(entry, str | int | float) for entry in value):
            found = clean(", ".join(filter(None, map(text_of, value))), limit)
        else:
            found = member_text(value, limit) if isinstance(value, dict | list) and value else text_of(value, limit)
        if found:
            texts[clean(name, limit)] = found
    return texts


def _first_time(body: Any, paths: Iterable[str]) -> int | None:
    for path in paths:
        found = millis(at(body, path))
        if found is not None:
            return found
    return None
