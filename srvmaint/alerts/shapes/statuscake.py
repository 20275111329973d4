"""StatusCake: the webhook of a contact group, whose fields come as a form or as JSON.

https://www.statuscake.com/kb/knowledge-base/how-to-use-the-web-hook-url/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._table import CRITICAL, Table, has, words

PRECEDENCE: Final = 50
KEYS: Final = frozenset({"StatusCode", "Checkrate", "Token"})

_TABLE: Final = Table(
    source="statuscake",
    name=("Name", "URL"),
    status=("Status",),
    usually=CRITICAL,
    identity=(("TestID",), ("Name", "URL"), ("URL",)),
    description=("text",),
    host=("URL", "IP"),
    labels={"tags": "Tags", "method": "Method"},
    annotations={"status_code": "StatusCode", "ip": "IP"},
    url=("URL",),
)


def claims(payload: Mapping[str, Any]) -> str | None:
    """A test's address with UP or DOWN, and what only StatusCake sends with it."""
    known = has(payload, "URL", "Status") and words(payload, "Status").lower() in ("up", "down")
    return "`URL`, `Status` and `StatusCode` of StatusCake" if known and not has(payload, "MONITORNAME") else None


def read(payload: Mapping[str, Any]) -> Parsed:
    """The test's state."""
    text = f"{words(payload, 'URL')} answered {words(payload, 'StatusCode') or 'nothing'}"
    return _TABLE.read({**payload, "text": text})
