"""What makes two reports the same alert: the sender's own id, else a hash over name and labels.

Nothing that changes while an alert lives may come in here: no status, no time, no description.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from srvmaint.alerts._limits import MAX_ID
from srvmaint.alerts._read import text

_NO_IDS: Final = frozenset({"", "-", "0", "-1", "null", "none", "undefined"})
"""What senders write where they have no id."""
_HEX_DIGITS: Final = 16


def of_labels(name: str, labels: Mapping[str, str]) -> str:
    """SHA-256 over the name and the sorted labels, the first 16 hex digits."""
    keys = sorted(labels)
    # NUL cannot occur in clean text, and names and values are equally many: no two alerts join to the same bytes.
    parts = "\0".join((name, *keys, *map(labels.__getitem__, keys)))
    return sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:_HEX_DIGITS]


def of_sender(value: Any) -> str:
    """The sender's own id as text; "" when it gave none. An overlong one is hashed, because half an id is another's."""
    if isinstance(value, str) and value.isalnum() and _HEX_DIGITS <= len(value) <= MAX_ID:
        return value
    identity = text(value, sys.maxsize)
    if len(identity) > MAX_ID:
        return sha256(identity.encode()).hexdigest()
    return "" if identity.lower() in _NO_IDS else identity
