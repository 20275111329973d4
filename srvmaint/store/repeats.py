"""Alerts heard again with nothing new: by far the most of what senders send, so they cost two statements and no more.

Whether something is new is judged by the same rule as everywhere; what has news, or belongs to an incident that is over
or that nobody has been told about, is looked at whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from srvmaint.incidents.ledger import Incoming
from srvmaint.incidents.transition import Known, judge
from srvmaint.model import AlertStatus, IncidentStatus, Severity
from srvmaint.store.records import Batch
from srvmaint.store.rows import Executes, select, update

_STATUS: Final = {status.value: status for status in AlertStatus}
_OVER: Final = (IncidentStatus.RESOLVED, IncidentStatus.CLOSED)
_TABLES: Final = "alert LEFT JOIN incident ON incident.id = alert.incident_id"
_COLUMNS: Final = (
    "alert.key, alert.id, alert.times_seen, alert.status, alert.severity, alert.starts_at, alert.digest,"
    " alert.ends_at, incident.status, incident.pipeline"
)
_SEVERITY: Final = {severity.value: severity for severity in Severity}


class Repeats:
    """The alerts of some bodies that bring no news.

    Args:
        connection: the write connection.
        batches: those bodies. One whose sender wants a run is looked at whole, news or not.
    """

    def __init__(self, connection: Executes, batches: Sequence[Batch]) -> None:
        incoming = [each for batch in batches for each in batch.alerts]
        self._connection = connection
        self._heard: Counter[bytes] = Counter()
        self._last: dict[bytes, int] = {}
        keys = list({each.key for each in incoming})
        found = list(select(connection, _TABLES, _COLUMNS, "alert.key", keys))
        self._rows = {
            row[0]: (row[1], row[2], Known(_STATUS[row[3]], _SEVERITY[row[4]], row[5], row[6], row[7])) for row in found
        }
        self._incidents = {row[0]: (row[8], row[9]) for row in found if row[8] is not None}
        self._news = {
            each.key for batch in batches for each in batch.alerts if batch.requested or self._says_more(each)
        }

    def is_known(self, incoming: Incoming) -> bool:
        """Whether this alert is stored already."""
        return incoming.key in self._rows

    def is_news(self, incoming: Incoming) -> bool:
        """Whether anything new is said of this alert, here or elsewhere in these bodies."""
        return incoming.key in self._news

    def take(self, incoming: Incoming, now: int) -> bool:
        """Count a repetition; False when this alert brings news and has to be looked at."""
        if self.is_news(incoming):
            return False
        self._heard[incoming.key] += 1
        self._last[incoming.key] = now
        return True

    def write(self) -> None:
        """Write down what was heard again."""
        rows = [(self._rows[key][0], self._last[key], self._rows[key][1] + count) for key, count in self._heard.items()]
        update(self._connection, "alert", ("last_seen_at", "times_seen"), rows)

    def _says_more(self, incoming: Incoming) -> bool:
        row = self._rows.get(incoming.key)
        if row is None or judge(row[2], incoming.alert, incoming.digest).event is not None:
            return True
        if incoming.key not in self._incidents or incoming.alert.status is not AlertStatus.FIRING:
            return False
        status, pipeline = self._incidents[incoming.key]
        return status in _OVER or (pipeline is None and incoming.pipeline is not None)
