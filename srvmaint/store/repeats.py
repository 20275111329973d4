"""Alerts heard again with nothing new: by far the most of what senders send, so they cost two statements and no more.

Whether something is new is judged by the same rule as everywhere; only what has news is read whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from srvmaint.incidents.ledger import Incoming
from srvmaint.incidents.transition import Known, judge
from srvmaint.model import AlertStatus, Severity
from srvmaint.store.records import Batch
from srvmaint.store.rows import Executes, select, update

_STATUS: Final = {status.value: status for status in AlertStatus}
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
        found = select(connection, "alert", "key, id, times_seen, status, severity, starts_at, digest", "key", keys)
        self._rows = {
            row[0]: (row[1], row[2], Known(_STATUS[row[3]], _SEVERITY[row[4]], row[5], row[6])) for row in found
        }
        self._news = {
            each.key for batch in batches for each in batch.alerts if batch.requested or self._says_more(each)
        }

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
        return row is None or judge(row[2], incoming.alert, incoming.digest).event is not None
