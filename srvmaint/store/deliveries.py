"""The outbox: messages decided upon, taken, sent, tried again, given up.

A delivery row is written in the same transaction as the decision to send it. Messages of one incident to one channel go
out in the order in which they were decided.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from srvmaint.errors import ConflictError, NotFoundError
from srvmaint.incidents.what_to_send import Told
from srvmaint.model import Delivery, DeliveryState, Message, RunState
from srvmaint.store import rows
from srvmaint.store.packed import pack, unpack
from srvmaint.store.records import ClaimedDeliveries, Intent, Lease, Outgoing
from srvmaint.store.rows import select

COLUMNS: Final = (
    "id, run_id, incident_id, channel, state, attempts, next_at, last_error, receiver_id, reason, created_at, message, "
    "give_up_at, finished_at"
)
_OPEN: Final = (DeliveryState.DUE, DeliveryState.SENDING, DeliveryState.RETRYING)
_decode = msgspec.json.Decoder(Message).decode
OVERTAKEN: Final = "later news of the same incident has been delivered there since."


@dataclass(frozen=True, slots=True)
class Sent:
    """How one attempt ended."""

    delivery_id: str
    state: DeliveryState
    at: int
    next_at: int | None = None
    error: str | None = None
    receiver_id: str | None = None


def insert(connection: sqlite3.Connection, outgoing: Sequence[Outgoing]) -> list[set[str]]:
    """Write decisions down, and take those to ready channels that may go out at once. Returns the ids taken of each.

    Only the first open message of an incident to a channel may go out: the later ones wait for it.
    """
    ids = list({intent.delivery.incident_id for each in outgoing for intent in each.intents} - {None})
    open_ones = "next_at IS NOT NULL AND incident_id"
    ahead = {(row[0], row[1]) for row in select(connection, "delivery", "incident_id, channel", open_ones, ids)}
    written: list[tuple[Any, ...]] = []
    told: list[tuple[Any, ...]] = []
    taken: list[set[str]] = []
    for each in outgoing:
        taken.append(set())
        for intent in each.intents:
            delivery = intent.delivery
            place = (delivery.incident_id, delivery.channel)
            kept_back = delivery.state is DeliveryState.SUPPRESSED
            take = delivery.channel in each.ready and place not in ahead and not kept_back
            if take:
                taken[-1].add(delivery.id)
            if not kept_back and delivery.incident_id is not None:
                ahead.add((delivery.incident_id, delivery.channel))
            written.append(_values(intent, each.lease if take else None))
            if intent.told is not None and delivery.incident_id is not None:
                told.append(_told_values(delivery.incident_id, delivery.channel, intent.told, delivery.id))
    rows.insert(connection, "delivery", _NEW, written)
    rows.insert(connection, "told", _TOLD, told, conflict=_TOLD_CONFLICT)
    return taken


_NEW: Final = (
    "id",
    "run_id",
    "incident_id",
    "channel",
    "state",
    "next_at",
    "lease_owner",
    "reason",
    "created_at",
    "finished_at",
    "give_up_at",
    "fired_seq",
    "message",
)
_TOLD: Final = ("incident_id", "channel", "firing", "fired_seq", "severity", "acknowledged", "at", "delivery_id")
_TOLD_CONFLICT: Final = (
    "(incident_id, channel) DO UPDATE SET firing = excluded.firing, fired_seq = excluded.fired_seq,"
    " severity = excluded.severity, acknowledged = excluded.acknowledged, at = excluded.at,"
    " delivery_id = excluded.delivery_id"
)


def _values(intent: Intent, lease: Lease | None) -> tuple[Any, ...]:
    """The row of a new delivery; with a lease it is on its way already."""
    delivery = intent.delivery
    kept_back = delivery.state is DeliveryState.SUPPRESSED
    due_at = None if kept_back else delivery.created_at
    return (
        delivery.id,
        delivery.run_id,
        delivery.incident_id,
        delivery.channel,
        DeliveryState.SENDING if lease else delivery.state,
        lease.until if lease else due_at,
        lease.owner if lease else None,
        delivery.reason,
        delivery.created_at,
        delivery.created_at if kept_back else None,
        delivery.give_up_at,
        intent.told.fired_seq if intent.told else None,
        pack(intent.message),
    )


def _told_values(incident_id: str, channel: str, told: Told, delivery_id: str) -> tuple[Any, ...]:
    return (
        incident_id,
        channel,
        told.firing,
        told.fired_seq,
        told.severity,
        told.acknowledged,
        told.at,
        delivery_id,
    )


def _recall(connection: sqlite3.Connection, incident_id: str | None, channel: str) -> None:
    """Work out anew what a channel has been told: what its youngest message says that is not dead."""
    connection.execute("DELETE FROM told WHERE incident_id = ? AND channel = ?", (incident_id, channel))
    row = connection.execute(
        "SELECT delivery.id, fired_seq, delivery.created_at, message FROM run JOIN delivery ON run_id = run.id"
        " WHERE run.incident_id = ? AND channel = ? AND delivery.state <> 'dead' AND fired_seq IS NOT NULL"
        " ORDER BY delivery.id DESC LIMIT 1",
        (incident_id, channel),
    ).fetchone()
    if row is None or incident_id is None:
        return
    message = _decode(unpack(row[3]))
    told = Told(
        firing=message.status != "resolved",
        fired_seq=row[1],
        severity=message.severity,
        acknowledged=message.status == "acknowledged",
        at=row[2],
    )
    values = _told_values(incident_id, channel, told, row[0])
    rows.insert(connection, "told", _TOLD, [values], conflict=_TOLD_CONFLICT)


def claim(connection: sqlite3.Connection, channel: str, lease: Lease) -> ClaimedDeliveries:
    """Take a channel's due messages, oldest first, never past an earlier one of the same incident."""
    taken = connection.execute(
        "UPDATE delivery SET state = 'sending', lease_owner = ?, next_at = ? WHERE id IN ("
        " SELECT id FROM delivery AS due WHERE channel = ? AND next_at <= ? AND NOT EXISTS ("
        "  SELECT 1 FROM delivery AS earlier WHERE earlier.incident_id = due.incident_id"
        "   AND earlier.channel = due.channel AND earlier.id < due.id AND earlier.next_at IS NOT NULL)"
        f" ORDER BY next_at, id LIMIT ?) RETURNING {COLUMNS}",
        (lease.owner, lease.until, channel, lease.now, lease.limit),
    ).fetchall()
    following = connection.execute(
        "SELECT next_at FROM delivery WHERE channel = ? AND next_at > ? ORDER BY next_at LIMIT 1", (channel, lease.now)
    ).fetchone()
    return ClaimedDeliveries(tuple(map(delivery_from, sorted(taken))), following[0] if following else None)


def record(connection: sqlite3.Connection, sent: Sequence[Sent]) -> list[bool]:
    """Write down how attempts ended; True for each after which another message may go out on its channel."""
    by_id = {each.delivery_id: each for each in sent}
    found = rows.update(
        connection,
        "delivery",
        _ATTEMPT,
        [
            (each.delivery_id, each.state, each.next_at, each.error, each.receiver_id, each.at)
            for each in by_id.values()
        ],
        returning="delivery.id, delivery.run_id, delivery.incident_id, delivery.channel",
    )
    for delivery_id, _, incident_id, channel in found:
        if by_id[delivery_id].state is DeliveryState.DEAD:
            _recall(connection, incident_id, channel)
    settle(connection, {run_id: by_id[delivery_id].at for delivery_id, run_id, _, _ in found})
    channels = {delivery_id: channel for delivery_id, _, _, channel in found}
    waiting = {channel for channel in set(channels.values()) if _is_due(connection, channel, sent[-1].at)}
    return [channels.get(each.delivery_id) in waiting for each in sent]


_ATTEMPT: Final = (
    "state",
    "next_at",
    "last_error",
    "receiver_id = coalesce({}, receiver_id)",
    "finished_at = CASE WHEN new.column3 IS NULL THEN {} END, attempts = attempts + 1, lease_owner = NULL",
)


def _is_due(connection: sqlite3.Connection, channel: str, now: int) -> bool:
    sql = "SELECT 1 FROM delivery WHERE channel = ? AND next_at <= ? LIMIT 1"
    return connection.execute(sql, (channel, now)).fetchone() is not None


def settle(connection: sqlite3.Connection, when: Mapping[str, int]) -> None:
    """Let runs (id to time) whose nodes are done follow their deliveries: retrying, failed or notified.

    One that failed at a node, or is still at one, is not changed by what becomes of the messages it has sent.
    """
    counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    tables = "run LEFT JOIN delivery ON delivery.run_id = run.id"
    columns, done = "run.id, delivery.state, count(delivery.id)", "nodes_done_at IS NOT NULL AND run.id"
    for run_id, state, count in select(connection, tables, columns, done, list(when), tail="GROUP BY 1, 2"):
        counts[run_id][state] = count
    news = [(run_id, *_standing(of_run, when[run_id])) for run_id, of_run in counts.items()]
    changed = [row for row in news if row[1] is not None]
    rows.update(connection, "run", ("state", "error", "finished_at"), changed)


def _standing(counts: Mapping[str, int], now: int) -> tuple[RunState | None, str | None, int | None]:
    """State, error and end of a run whose deliveries stand like this; no state where nothing changes."""
    if any(counts.get(state) for state in _OPEN):
        return (RunState.RETRYING if counts.get(DeliveryState.RETRYING) else None, None, None)
    dead = counts.get(DeliveryState.DEAD, 0)
    if dead:
        return RunState.FAILED, f"{dead} of {sum(counts.values())} deliveries are dead", now
    return RunState.NOTIFIED, None, now


def take_back(connection: sqlite3.Connection, now: int) -> int:
    """Let every message that was being sent be sent again: at start, nobody knows whether it arrived."""
    return connection.execute(
        "UPDATE delivery SET state = CASE attempts WHEN 0 THEN 'due' ELSE 'retrying' END, lease_owner = "
        "NULL, next_at = ? "
        "WHERE lease_owner IS NOT NULL",
        (now,),
    ).rowcount


def bury_unknown(connection: sqlite3.Connection, channels: Sequence[str], now: int) -> int:
    """Give up what is addressed to a channel that is no longer configured. Returns how many.

    What is on its way already is left alone: how that ends is written down by whoever sends it.
    """
    marks = ",".join("?" * len(channels))
    lost = connection.execute(
        "SELECT id, channel FROM delivery WHERE next_at IS NOT NULL AND lease_owner IS NULL"
        f" AND channel NOT IN ({marks})",
        tuple(channels),
    ).fetchall()
    for delivery_id, channel in lost:
        error = f"channel {channel!r} is not in the configuration any more. Put it back and retry the delivery."
        record(connection, [Sent(delivery_id, DeliveryState.DEAD, now, error=error)])
    return len(lost)


def retry(connection: sqlite3.Connection, delivery_id: str, now: int) -> Delivery:
    """Send a dead message again.

    Raises:
        NotFoundError: there is no such delivery.
        ConflictError: it is not dead, or later news has overtaken it.
    """
    delivery = get_delivery(connection, delivery_id)
    if delivery.state is not DeliveryState.DEAD:
        raise ConflictError(
            f"cannot retry delivery {delivery_id}: it is {delivery.state.value}, only a dead one can be."
        )
    if not revive(connection, "id", delivery_id, now):
        raise ConflictError(f"cannot retry delivery {delivery_id}: {OVERTAKEN}")
    connection.execute(
        "UPDATE run SET state = 'retrying', error = NULL, finished_at = NULL"
        " WHERE id = ? AND nodes_done_at IS NOT NULL",
        (delivery.run_id,),
    )
    return get_delivery(connection, delivery_id)


def revive(connection: sqlite3.Connection, by: Literal["id", "run_id"], value: str, now: int) -> int:
    """Make dead messages due, with as much time to arrive as they had at first. Returns how many.

    One that has been overtaken stays dead: after the news that it is over nobody wants to hear that it fires.
    """
    revived = connection.execute(
        "UPDATE delivery SET state = 'due', next_at = ?, finished_at = NULL, give_up_at = ? + (give_up_at - "
        "created_at) "
        f"WHERE {by} = ? AND state = 'dead' AND NOT EXISTS (SELECT 1 FROM delivery AS younger"
        " WHERE younger.run_id IN (SELECT id FROM run WHERE run.incident_id = delivery.incident_id)"
        " AND younger.channel = delivery.channel AND younger.id > delivery.id"
        " AND younger.state IN ('sending', 'delivered'))"
        " RETURNING incident_id, channel",
        (now, now, value),
    ).fetchall()
    for incident_id, channel in revived:
        _recall(connection, incident_id, channel)
    return len(revived)


def get_delivery(connection: sqlite3.Connection, delivery_id: str) -> Delivery:
    """One delivery.

    Raises:
        NotFoundError: there is no such delivery.
    """
    row = connection.execute(f"SELECT {COLUMNS} FROM delivery WHERE id = ?", (delivery_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"there is no delivery {delivery_id!r}")
    return delivery_from(row)


def delivery_from(row: Sequence[Any]) -> Delivery:
    """A row of COLUMNS as a Delivery."""
    return Delivery(
        id=row[0],
        run_id=row[1],
        incident_id=row[2],
        channel=row[3],
        state=DeliveryState(row[4]),
        attempts=row[5],
        next_at=row[6],
        last_error=row[7],
        receiver_id=row[8],
        reason=row[9],
        created_at=row[10],
        message=_decode(unpack(row[11])),
        give_up_at=row[12],
        finished_at=row[13],
    )
