"""What is too much: how deep, how many, how long.

Length never rejects: text is cut and marked. Depth and number reject the body with a clear text, because cutting those
would change what the sender said. The size of the body in bytes is the web server's to limit, not this module's.
"""

from __future__ import annotations

from typing import Any, Final

from srvmaint.errors import PayloadError

MAX_DEPTH: Final = 64
"""Nested objects and lists; the deepest real body seen has 9."""
MAX_ALERTS: Final = 10_000
"""Alerts in one body. An Alertmanager of a large site sends hundreds."""
MAX_NAME: Final = 500
MAX_DESCRIPTION: Final = 20_000
MAX_LABEL: Final = 4_000
"""A label's name or value."""
MAX_ANNOTATION: Final = 20_000
"""An annotation's name or value."""
MAX_URL: Final = 8_000
"""A longer link is left out: half a link leads nowhere."""
MAX_ID: Final = 200
"""A longer sender's id is hashed: half an id is somebody else's."""
ELLIPSIS: Final = "…"

_CONTAINERS: Final = frozenset({dict, list})


def check_depth(payload: Any) -> None:
    """Refuse a body nested deeper than `MAX_DEPTH`; without recursion, so that no depth can exhaust the stack.

    Raises:
        PayloadError: `invalid_json`.
    """
    level: list[Any] = [payload] if type(payload) in _CONTAINERS else []
    for _ in range(MAX_DEPTH):
        if not level:
            return
        level = [
            child
            for node in level
            for child in (node.values() if type(node) is dict else node)
            if type(child) in _CONTAINERS
        ]
    if level:
        raise PayloadError(
            "invalid_json", f"cannot use the body: it is nested more than {MAX_DEPTH} levels deep. Send a flatter one."
        )


def check_count(number: int) -> None:
    """Refuse a body with more alerts than `MAX_ALERTS`.

    Raises:
        PayloadError: `too_many_alerts`.
    """
    if number > MAX_ALERTS:
        raise PayloadError(
            "too_many_alerts",
            f"cannot take {number} alerts in one body: the limit is {MAX_ALERTS}. Send them in several.",
        )
