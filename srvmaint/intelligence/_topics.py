"""What an alert is about: the families its words speak of, and the hosts its labels name.

The name decides where it says anything; labels and description are asked only when it does not, and are believed less:
"PostgresDown ... check the disk" is not an alert about the disk.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Final, NamedTuple

from srvmaint import registry
from srvmaint.host.names import bare_host, is_loopback
from srvmaint.intelligence._family import Family, Text, read_text
from srvmaint.intelligence.rules import PACKAGE
from srvmaint.model import Alert

HOST_LABELS: Final = ("instance", "host", "hostname", "node", "nodename")
"""Where senders say which machine they mean; the first that is there is shown."""
_NAMING_LABELS: Final = ("__name__", "metric", "metric_name", "checker")
"""Labels as telling as the name itself."""
_SILENT_LABELS: Final = frozenset({*HOST_LABELS, *_NAMING_LABELS, "alertname", "job"})
_ALERTS: Final = 20
"""Alerts of an incident that are looked at; the worst come first."""


class Topic(NamedTuple):
    """A family an alert speaks of."""

    family: Family
    sure: bool
    """The name says it, not only the text around it."""
    settled_by_ok: bool
    """A healthy reading contradicts the alert: it is no event, no forecast, nothing inside one program."""


@cache
def families() -> tuple[Family, ...]:
    """Every family there is, by its file name."""
    return tuple(registry.load(PACKAGE, name).FAMILY for name in registry.names(PACKAGE))


@lru_cache(maxsize=1024)
def _named(text: str) -> tuple[Topic, ...]:
    return _find(read_text(text), sure=True)


def _find(text: Text, *, sure: bool) -> tuple[Topic, ...]:
    return tuple(
        Topic(family, sure, family.open_words.isdisjoint(text.words)) for family in families() if family.matches(text)
    )


def topics(alert: Alert) -> tuple[Topic, ...]:
    """The families one alert speaks of."""
    labels = alert.labels
    naming = [labels[key] for key in _NAMING_LABELS if key in labels]
    found = _named(" | ".join((alert.name, *naming)) if naming else alert.name)
    if found:
        return found
    around = [alert.description, *alert.annotations.values()]
    around += [f"{key} {value}" for key, value in labels.items() if key not in _SILENT_LABELS]
    return _find(read_text(" | ".join(around)), sure=False)


def relevant(alerts: tuple[Alert, ...]) -> tuple[Alert, ...]:
    """The alerts worth looking at: enough of them, the worst first as they come."""
    return alerts[:_ALERTS]


def hosts_of(alert: Alert) -> tuple[str, ...]:
    """The machines an alert names. `localhost` is true of any machine and counts only when nothing better is there."""
    labels = alert.labels
    hosts = [bare_host(labels[label]) for label in HOST_LABELS if labels.get(label)]
    named = tuple(host for host in hosts if host and not is_loopback(host))
    return named or tuple(host for host in hosts if host)


def host_of(alert: Alert) -> str:
    """The machine an alert names, without port and scheme, as it is shown; empty when it names none."""
    hosts = hosts_of(alert)
    return hosts[0] if hosts else ""
