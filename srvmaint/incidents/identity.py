"""What is the same alert, and which alerts belong together."""

from __future__ import annotations

import hashlib
from typing import Final

from srvmaint.model import Alert

INSTANCE_LABELS: Final = ("instance", "host", "hostname", "node", "nodename")
"""Labels that name a machine, the most telling first."""


def alert_key(source: str, fingerprint: str) -> bytes:
    """The 16 bytes that are an alert's identity in the database; their hex is its public id."""
    return hashlib.blake2b(f"{source}\0{fingerprint}".encode(), digest_size=16).digest()


def delivery_key(driver: str, delivery_id: str) -> bytes:
    """The 16 bytes by which a delivery is recognised when its sender makes it again."""
    return hashlib.blake2b(f"{driver}\0{delivery_id}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def instance_of(alert: Alert) -> str:
    """What the alert says it is about, as its sender wrote it: the `instance` label or one that means the same."""
    for label in INSTANCE_LABELS:
        value = alert.labels.get(label)
        if value:
            return value
    return ""


def group_key(alert: Alert, group_by: tuple[str, ...]) -> str:
    """The text alerts of one incident share.

    `name`, `source` and `severity` are the alert's own; `instance` falls back to the other labels that name a machine;
    `all` means every label, so each alert stands alone; anything else is a label.
    """
    if "all" in group_by:
        parts = [("name", alert.name), ("source", alert.source), *sorted(alert.labels.items())]
    else:
        parts = [(field, _group_value(field, alert)) for field in group_by]
    return ",".join(f'{field}="{_escaped(value)}"' for field, value in parts)


def _group_value(field: str, alert: Alert) -> str:
    if field == "instance":
        return instance_of(alert)
    if field in ("name", "source", "severity"):
        return str(getattr(alert, field))
    return alert.labels.get(field, "")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"') if '"' in value or "\\" in value else value
