"""`[[alerts.generic.mappings]]`: how the operator says what a body of a tool nobody knows means.

A mapping is a table like those of the known shapes, with the same dotted paths. It is asked before them, so that an
operator can overrule one. Whatever arrives, reading it gives alerts or a named refusal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Object
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Self

from srvmaint import registry
from srvmaint.alerts import PACKAGE, BadAlert, Parsed
from srvmaint.alerts._limits import MAX_LABEL, check_count
from srvmaint.alerts._table import Facts, Table, at, text_of, words
from srvmaint.errors import PayloadError
from srvmaint.model import Alert, AlertStatus, Severity
from srvmaint.settings import setting

OWN_SOURCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
RESERVED: Final = frozenset({"srvmaint", "check", "checks", "api", "cli", "webhook"})
_PATTERN: Final = "re:"
_PRESENT: Final = "*"
_LITERAL: Final = "="
_FOREIGN: Final = frozenset("[]{}")
"""What JSONPath, jq and templates have in their paths."""
_FIELDS: Final = ("title", "description", "status", "severity", "instance", "starts_at", "ends_at", "url")


def _fault(path: str) -> str | None:
    """What is wrong with a path; other tools write them otherwise, and such a one would lead nowhere for ever."""
    if not all(step.strip() for step in path.split(".")):
        return "has a dot too many"
    if path.startswith(("$.", "/")) or not _FOREIGN.isdisjoint(path):
        return "is no dotted path"
    return None


def is_free(source: str) -> bool:
    """Whether a sender may call itself that: no driver's name, and none of srvmaint's own."""
    taken = source.lower() in RESERVED or source.lower() in registry.names(PACKAGE)
    return OWN_SOURCE.fullmatch(source) is not None and not taken


class Place(str):
    """A dotted path into a body, or a text of the operator's own after `=`."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read `"a.0.b"` or `"=text"`; raises ValueError with the phrase an operator needs."""
        if not isinstance(value, str) or not value.strip():
            raise ValueError(
                'must be a dotted path such as "data.items.0.name", or a text after an equals sign: "=text"'
            )
        if value.startswith(_LITERAL):
            if not value.removeprefix(_LITERAL).strip():
                raise ValueError('has no text after the equals sign: write "=text", or leave the key out')
        elif fault := _fault(value):
            raise ValueError(f"{fault}: write a path such as data.items.0.name")
        return cls(value)

    def text_in(self, *bodies: Any) -> str:
        """The text it leads to in the first of the bodies where it leads to one."""
        if self.startswith(_LITERAL):
            return self.removeprefix(_LITERAL).strip()
        return next((found for body in bodies if (found := words(body, str(self)))), "")

    def value_in(self, *bodies: Any) -> Any:
        """The same without looking at what it is."""
        if self.startswith(_LITERAL):
            return self.removeprefix(_LITERAL).strip()
        return next((found for body in bodies if (found := at(body, str(self))) is not None), None)


class Wanted(str):
    """What has to stand at a path: a text, `re:` and a pattern, or `*` for anything."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read `"backup"`, `7`, `true`, `"re:^disk"` or `"*"`; raises ValueError with the phrase an operator needs."""
        if not isinstance(value, str | bool | int | float):
            raise ValueError('must be a text, "re:" and a pattern, or "*"')  # noqa: TRY004 - the decoder wants ValueError
        written = text_of(value) if not isinstance(value, str) else value
        if written.startswith(_PATTERN):
            try:
                re.compile(written.removeprefix(_PATTERN))
            except (re.error, RecursionError, OverflowError) as error:
                raise ValueError(f"is not a pattern: {error}") from None
        return cls(written)

    def holds(self, value: Any) -> bool:
        """Whether the value is as it has to be."""
        if self == _PRESENT:
            return value is not None
        text = text_of(value, MAX_LABEL)
        if self.startswith(_PATTERN):
            return not isinstance(value, dict | list) and bool(re.search(self.removeprefix(_PATTERN), text))
        return bool(text) and text == self


class Meaning(StrEnum):
    """What a word for the status may mean."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Mapping:
    """What the bodies of one tool mean. A path leads to a value: `data.items.0.name`; `=text` is a text of your own."""

    name: str = setting(help="what it is called in answers and logs", example="backup-tool")
    when: dict[str, Wanted] = setting(
        help='path to what has to stand there for the body to be this tool\'s: a text, "re:..." or "*"; all must hold',
        example={"tool": "backup", "job.id": "*"},
    )
    title: Place = setting(help='path to the name of the alert, or "=text" for one of your own', example="job.name")
    alerts: Place | None = setting(
        None,
        help="path to a list of alerts; the paths below are looked for in each of them, then in the body",
        example="findings",
    )
    description: Place | None = setting(None, help="path to the text", example="log.0")
    status: Place | None = setting(
        None, help="path to the word for the status; without one it is firing", example="result"
    )
    severity: Place | None = setting(
        None, help="path to the word for the severity; without one it is warning", example="weight"
    )
    fingerprint: Place | None = setting(
        None,
        help="path to the sender's id of the alert, the same when it ends; else name and labels identify it",
        example="job.id",
    )
    instance: Place | None = setting(None, help="path to the host", example="job.host")
    starts_at: Place | None = setting(None, help="path to the time at which it began", example="began")
    ends_at: Place | None = setting(None, help="path to the time at which it ended", example="ended")
    url: Place | None = setting(None, help="path to a link to look at", example="job.url")
    labels: dict[str, Place] = setting({}, help="label to path", example={"job": "job.id"})
    statuses: dict[str, Meaning] = setting(
        {}, help="the sender's word to firing, acknowledged, resolved or ignored", example={"FAILED": "firing"}
    )
    severities: dict[str, Severity] = setting(
        {}, help="the sender's word to critical, warning or info", example={"bad": "critical"}
    )
    source: str = setting("generic", help="the source of its alerts, as matches and silences see it", example="backup")

    def problems(self) -> list[str]:
        """What no single key can know."""
        found = []
        if not self.name.strip():
            found.append("name must not be empty: say whose bodies these are")
        if not self.when:
            found.append('when must say what tells these bodies from others, such as { tool = "backup" }')
        found += [f"when: {path!r} {fault}. Write it as job.id" for path in self.when if (fault := _fault(path))]
        if self.source != "generic" and not is_free(self.source):
            found.append(
                f"source {self.source!r} cannot be used: take at most 64 letters, digits, dots, dashes and underscores,"
                " and no alert driver's name"
            )
        if self.alerts is not None and self.alerts.startswith(_LITERAL):
            found.append("alerts must be a path to a list, not a text of your own")
        if self.fingerprint is not None and self.fingerprint.startswith(_LITERAL):
            found.append("fingerprint must be a path: with a text of your own all alerts would be one")
        if not all(label.strip() for label in self.labels):
            found.append('labels has one without a name: write it before the path, such as job = "job.id"')
        for table, key, place in (("statuses", "status", self.status), ("severities", "severity", self.severity)):
            if getattr(self, table) and place is None:
                found.append(f"{table} would never be used: say in {key} where the word stands")
            words_of = [word.lower() for word in getattr(self, table)]
            twice = sorted({word for word in words_of if words_of.count(word) > 1})
            found += [f"{table} has {word!r} twice: capitals make no difference" for word in twice]
        return found

    def takes(self, payload: Any) -> bool:
        """Whether everything holds that has to."""
        return isinstance(payload, dict | list) and all(
            test.holds(at(payload, path)) for path, test in self.when.items()
        )

    def read(self, payload: Any) -> Parsed:
        """The alerts of a body that this mapping takes.

        Raises:
            PayloadError: `no_alerts` or `too_many_alerts`.
        """
        entries = self._entries(payload)
        check_count(len(entries))
        if not entries:
            return Parsed(ignored=f"the list at `{self.alerts}` is empty")
        alerts: list[Alert] = []
        errors: list[BadAlert] = []
        for index, entry in enumerate(entries):
            if self._meaning(entry, payload) is Meaning.IGNORED:
                continue
            alert = self._alert(entry, payload)
            if alert is None:
                errors.append(BadAlert(index, f"has no text at `{self.title}`"))
            else:
                alerts.append(alert)
        if not alerts and errors:
            raise PayloadError(
                "no_alerts",
                f"cannot use the body: it {errors[0].message}, where the mapping {self.name!r} looks for the title."
                " Correct `title` in [[alerts.generic.mappings]].",
            )
        if not alerts:
            return Parsed(ignored=f"the mapping {self.name!r} ignores this status")
        return Parsed(tuple(alerts), tuple(errors))

    def _entries(self, payload: Any) -> list[Any]:
        if self.alerts is None:
            return [payload]
        found = at(payload, str(self.alerts))
        if isinstance(found, list):
            return found
        if isinstance(found, dict):
            return [found]
        raise PayloadError(
            "no_alerts",
            f"cannot use the body: there is no list at `{self.alerts}`, where the mapping {self.name!r} looks for"
            " alerts. Correct `alerts` in [[alerts.generic.mappings]].",
        )

    def _meaning(self, entry: Any, payload: Any) -> Meaning | None:
        word = self.status.text_in(entry, payload).lower() if self.status is not None else ""
        return next((meaning for own, meaning in self.statuses.items() if own.lower() == word), None)

    def _alert(self, entry: Any, payload: Any) -> Alert | None:
        given: Object[str, Any] = {
            name: place.value_in(entry, payload)
            for name in _FIELDS
            if (place := getattr(self, name)) is not None and isinstance(place, Place)
        }
        meaning = self._meaning(entry, payload)
        table = Table(
            source=self.source,
            name=("title",),
            status=("status",),
            severity=("severity",),
            severities={word.lower(): severity for word, severity in self.severities.items()},
            description=("description",),
            host=("instance",),
            starts_at=("starts_at",),
            ends_at=("ends_at",),
            url=("url",),
        )
        facts: Facts = replace(
            table.facts(given),
            labels={label: place.value_in(entry, payload) for label, place in self.labels.items()},
            identity=self.fingerprint.text_in(entry) if self.fingerprint is not None else "",
        )
        return (replace(facts, status=AlertStatus(meaning.value)) if meaning is not None else facts).alert()
