"""Deliveries that carry an id of their sender: the same id again is the same delivery, however late it comes again.

An alert heard twice is recognised without this. But between two attempts at one delivery the alert may have moved on,
and then the old word would turn it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from srvmaint.store.records import Job
from srvmaint.store.rows import Executes, insert, select

KEPT_MS: Final = 7 * 86_400_000
"""Milliseconds an id is remembered beyond the retention. PagerDuty tries for 48 hours, nobody is known to try longer.

https://developer.pagerduty.com/docs/webhooks-overview#retry-policy
"""


def new_ones(connection: Executes, jobs: Sequence[Job]) -> Sequence[Job]:
    """The jobs whose delivery has not been heard, whose ids are written down; of two with one id the first."""
    asking = {job.batch.delivery: job for job in reversed(jobs) if job.batch.delivery is not None}
    if not asking:
        return jobs
    known = {row[0] for row in select(connection, "heard", "id", "id", list(asking))}
    fresh = {key: job for key, job in asking.items() if key not in known}
    insert(connection, "heard", ("id", "at"), [(key, job.batch.received_at) for key, job in fresh.items()])
    return [job for job in jobs if job.batch.delivery is None or fresh.get(job.batch.delivery) is job]
