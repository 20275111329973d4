"""INGEST: one file per sender, each a total function from any JSON value to alerts or a named error.

A driver module has `Config` (its settings section), `PRECEDENCE` (lower is asked first when the sender is not named),
`DELIVERY_HEADER` where the sender gives each delivery an id in a header of its own,
and `Driver`, which is built with a `Config` and a clock (some senders leave the status to be read off one). Parsing
happens before anything is stored, so nothing here touches a file or the network.

What the drivers share is in the files with an underscore: `_access` (what a sender has to show), `_signatures` and
`_sns` (what senders sign with), `_decode` (bytes to JSON) and `_forms` (what is no JSON by itself), `_limits` (what is
too much), `_read` (values of unknown type to text), `_times`, `_vocabulary` (words to severity and status),
`_fingerprint` (identity), `_group` (alerts of one group) and `_detect` (whose body is this).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from srvmaint.model import Alert

PACKAGE = "srvmaint.alerts"


@dataclass(frozen=True, slots=True)
class BadAlert:
    """One member of a batch that could not be used; the others are."""

    index: int
    message: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a body became. `ignored` is the reason when the sender's event is known to carry no alert."""

    alerts: tuple[Alert, ...] = ()
    errors: tuple[BadAlert, ...] = ()
    ignored: str | None = None
    delivery_id: str | None = None
    """The sender's own id of this delivery, the same when it is sent again; None where it has none in the body."""


class Driver(Protocol):
    """What every alert driver does."""

    def detect(self, payload: Any) -> str | None:
        """Why this body is this sender's, in a few words; None when it is not."""

    def parse(self, payload: Any) -> Parsed:
        """Turn a decoded body into alerts.

        Raises:
            PayloadError: the body as a whole is not this sender's (`undetected`), holds no alert (`no_alerts`) or holds
                more than one body may (`too_many_alerts`).
        """
