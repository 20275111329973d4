"""Lists and single things as the API and the command line show them: newest first, by key, never by offset."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from srvmaint.errors import NotFoundError, UsageError
from srvmaint.model import Delivery, Incident, Run, Step, StoredAlert
from srvmaint.store import alerts, deliveries, incidents, rejected, runs
from srvmaint.store.reader import Reader
from srvmaint.store.records import HistoryEntry, Page, Rejected

_ID: Final = re.compile("[0-9a-z]{16}")
_NUMBER: Final = re.compile("[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class _List:
    """How one kind of thing is listed."""

    table: str
    columns: str
    read: Callable[[Sequence[Any]], Any]
    filters: Mapping[str, str]
    """Query parameter to SQL condition."""
    numeric_key: bool = False


_LISTS: Final = {
    "alerts": _List(
        "alert",
        alerts.COLUMNS,
        alerts.alert_from,
        {
            "status": "status = ?",
            "severity": "severity = ?",
            "source": "source = ?",
            "name": "name = ?",
            "fingerprint": "fingerprint = ?",
            "incident_id": "incident_id = ?",
            "since": "received_at >= ?",
        },
        numeric_key=True,
    ),
    "incidents": _List(
        "incident",
        incidents.COLUMNS,
        incidents.incident_from,
        {
            "status": "status = ?",
            "severity": "severity = ?",
            "pipeline": "pipeline = ?",
            "unrouted": "(pipeline IS NULL) = ?",
            "since": "changed_at >= ?",
        },
    ),
    "runs": _List(
        "run",
        runs.RUN_COLUMNS,
        runs.run_from,
        {
            "status": "state = ?",
            "state": "state = ?",
            "source": "source = ?",
            "pipeline": "pipeline = ?",
            "incident_id": "incident_id = ?",
            "trace_id": "trace_id = ?",
        },
    ),
    "deliveries": _List(
        "delivery",
        deliveries.COLUMNS,
        deliveries.delivery_from,
        {"state": "state = ?", "channel": "channel = ?", "incident_id": "incident_id = ?", "run_id": "run_id = ?"},
    ),
    "rejected": _List(
        "rejected",
        rejected.LISTED,
        rejected.listed_from,
        {"driver": "driver = ?", "code": "code = ?"},
    ),
}


def filters_of(kind: str) -> tuple[str, ...]:
    """The filters the list `kind` knows."""
    return tuple(_LISTS[kind].filters)


async def page(
    reader: Reader, kind: str, filters: Mapping[str, Any], *, limit: int = 50, cursor: str | None = None
) -> Page:
    """One page of alerts, incidents, runs, deliveries or rejected bodies, newest first.

    Raises:
        UsageError: the cursor is not one this list has given out.
    """
    listing = _LISTS[kind]
    conditions = [listing.filters[name] for name in filters]
    values = list(filters.values())
    if cursor is not None:
        if not (_NUMBER if listing.numeric_key else _ID).fullmatch(cursor):
            raise UsageError(f"cannot go on from {cursor!r}: that is no cursor of this list.")
        conditions.append("id < ?")
        values.append(int(cursor) if listing.numeric_key else cursor)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    sql = f"SELECT {listing.columns}, id FROM {listing.table} {where} ORDER BY id DESC LIMIT ?"
    found = await reader.rows(sql, [*values, limit + 1])
    items = tuple(listing.read(row) for row in found[:limit])
    return Page(items, str(found[limit - 1][-1]) if len(found) > limit else None)


async def alert(reader: Reader, alert_id: str) -> tuple[StoredAlert, tuple[HistoryEntry, ...]]:
    """One alert with its history, oldest first.

    Raises:
        NotFoundError: there is no such alert.
    """
    key = _key(alert_id)
    row = await reader.row(f"SELECT {alerts.COLUMNS}, id FROM alert WHERE key = ?", (key,))
    if row is None:
        raise NotFoundError(f"there is no alert {alert_id!r}")
    lines = await reader.rows(
        "SELECT at, event, trace_id, changes FROM alert_history WHERE alert_id = ? ORDER BY seen", (row[-1],)
    )
    history = tuple(
        HistoryEntry(line[0], line[1], line[2], msgspec.json.decode(line[3]) if line[3] else None) for line in lines
    )
    return alerts.alert_from(row), history


async def incident(reader: Reader, incident_id: str) -> Incident:
    """One incident.

    Raises:
        NotFoundError: there is no such incident.
    """
    row = await reader.row(f"SELECT {incidents.COLUMNS} FROM incident WHERE id = ?", (incident_id,))
    if row is None:
        raise NotFoundError(f"there is no incident {incident_id!r}")
    return incidents.incident_from(row)


async def run(reader: Reader, run_id: str) -> tuple[Run, tuple[Step, ...], tuple[Delivery, ...]]:
    """One run with its steps and deliveries, in the order in which they happened.

    Raises:
        NotFoundError: there is no such run.
    """
    row = await reader.row(f"SELECT {runs.RUN_COLUMNS} FROM run WHERE id = ?", (run_id,))
    if row is None:
        raise NotFoundError(f"there is no run {run_id!r}")
    steps = await reader.rows(f"SELECT {runs.STEP_COLUMNS} FROM step WHERE run_id = ? ORDER BY seq", (run_id,))
    sent = await reader.rows(f"SELECT {deliveries.COLUMNS} FROM delivery WHERE run_id = ? ORDER BY id", (run_id,))
    return runs.run_from(row), tuple(map(runs.step_from, steps)), tuple(map(deliveries.delivery_from, sent))


async def delivery(reader: Reader, delivery_id: str) -> Delivery:
    """One delivery.

    Raises:
        NotFoundError: there is no such delivery.
    """
    row = await reader.row(f"SELECT {deliveries.COLUMNS} FROM delivery WHERE id = ?", (delivery_id,))
    if row is None:
        raise NotFoundError(f"there is no delivery {delivery_id!r}")
    return deliveries.delivery_from(row)


async def rejected_body(reader: Reader, rejected_id: str) -> Rejected:
    """One rejected body.

    Raises:
        NotFoundError: there is none of that id.
    """
    row = await reader.row(f"SELECT {rejected.COLUMNS} FROM rejected WHERE id = ?", (rejected_id,))
    if row is None:
        raise NotFoundError(f"there is no rejected body {rejected_id!r}")
    return rejected.rejected_from(row)


def _key(alert_id: str) -> bytes:
    try:
        return bytes.fromhex(alert_id)
    except ValueError:
        return b""
