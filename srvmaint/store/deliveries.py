"""The outbox: messages decided upon, taken, sent, tried again, given up.

A delivery row is written in the same transaction as the decision to send it. Messages of one incident to one channel go
out in the order in which they were decided.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from srvmaint.errors import ConflictError, NotFoundError
from srvmaint.incidents.what_to_send import Told
from srvmaint.model import Delivery, DeliveryState, Message, RunState
from srvmaint.store.records import ClaimedDeliveries, Lease, Outgoing

COLUMNS: Final = (
    "id, run_id, incident_id, channel, state, attempts, next_at, last_error, receiver_id, reason, created_at, message, "
    "give_up_at, finished_at"
)
_OPEN: Final = (DeliveryState.DUE, DeliveryState.SENDING, DeliveryState.RETRYING)
_decode_message = msgspec.json.Decoder(Message).decode


@dataclass(frozen=True, slots=True)
class Sent:
    """How one attempt ended."""

    delivery_id: str
    state: DeliveryState
    at: int
    next_at: int | None = None
    error: str | None = None
    receiver_id: str | None = None


def insert(connection: sqlite3.Connection, outgoing: Outgoing) -> set[str]:
    """Write decisions down, and take those to the ready channels that may go out at once. Returns the ids taken.

    Only the first open message of an incident to a channel may go out: the later ones wait for it.
    """
    taken: set[str] = set()
    lease = outgoing.lease
    for intent in outgoing.intents:
        delivery = intent.delivery
        behind = connection.execute(
            "SELECT 1 FROM delivery WHERE incident_id = ? AND channel = ? AND next_at IS NOT NULL LIMIT 1",
            (delivery.incident_id, delivery.channel),
        ).fetchone()
        kept_back = delivery.state is DeliveryState.SUPPRESSED
        take = delivery.channel in outgoing.ready and behind is None and not kept_back
        if take:
            taken.add(delivery.id)
        connection.execute(
            "INSERT INTO delivery (id, run_id, incident_id, channel, state, next_at, lease_owner, reason, created_at, "
            "finished_at, give_up_at, fired_seq, message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                delivery.id,
                delivery.run_id,
                delivery.incident_id,
                delivery.channel,
                DeliveryState.SENDING if take else delivery.state,
                lease.until if take else None if kept_back else delivery.created_at,
                lease.owner if take else None,
                delivery.reason,
                delivery.created_at,
                delivery.created_at if kept_back else None,
                delivery.give_up_at,
                intent.told.fired_seq if intent.told else None,
                intent.message,
            ),
        )
        if intent.told is not None and delivery.incident_id is not None:
            _remember(connection, delivery.incident_id, delivery.channel, intent.told, delivery.id)
    return taken


def _remember(connection: sqlite3.Connection, incident_id: str, channel: str, told: Told, delivery_id: str) -> None:
    connection.execute(
        "INSERT INTO told (incident_id, channel, firing, fired_seq, severity, acknowledged, at, delivery_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (incident_id, channel) DO UPDATE SET firing = excluded.firing, "
        "fired_seq = excluded.fired_seq, severity = excluded.severity, acknowledged = excluded.acknowledged, "
        "at = excluded.at, delivery_id = excluded.delivery_id",
        (
            incident_id,
            channel,
            told.firing,
            told.fired_seq,
            told.severity,
            told.acknowledged,
            told.at,
            delivery_id,
        ),
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
    message = _decode_message(row[3])
    told = Told(
        firing=message.status != "resolved",
        fired_seq=row[1],
        severity=message.severity,
        acknowledged=message.status == "acknowledged",
        at=row[2],
    )
    _remember(connection, incident_id, channel, told, row[0])


def claim(connection: sqlite3.Connection, channel: str, lease: Lease) -> ClaimedDeliveries:
    """Take a channel's due messages, oldest first, never past an earlier one of the same incident."""
    rows = connection.execute(
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
    return ClaimedDeliveries(tuple(map(delivery_from, sorted(rows))), following[0] if following else None)


def record(connection: sqlite3.Connection, sent: Sent) -> bool:
    """Write down how an attempt ended; True when another message may now go out on that channel."""
    row = connection.execute(
        "UPDATE delivery SET state = ?, attempts = attempts + 1, next_at = ?, lease_owner = NULL, last_error = ?, "
        "receiver_id = coalesce(?, receiver_id), finished_at = ? WHERE id = ? RETURNING run_id, incident_id, channel",
        (
            sent.state,
            sent.next_at,
            sent.error,
            sent.receiver_id,
            sent.at if sent.next_at is None else None,
            sent.delivery_id,
        ),
    ).fetchone()
    if row is None:  # retention or an operator was faster
        return False
    run_id, incident_id, channel = row
    if sent.state is DeliveryState.DEAD:
        _recall(connection, incident_id, channel)
    settle(connection, run_id, sent.at)
    waiting = connection.execute(
        "SELECT 1 FROM delivery WHERE channel = ? AND next_at <= ? LIMIT 1", (channel, sent.at)
    ).fetchone()
    return waiting is not None


def settle(connection: sqlite3.Connection, run_id: str, now: int) -> None:
    """Let a run whose nodes are done follow its deliveries: retrying, failed or notified.

    One that failed at a node, or is still at one, is not changed by what becomes of the messages it has sent.
    """
    counts = dict(
        connection.execute("SELECT state, count(*) FROM delivery WHERE run_id = ? GROUP BY state", (run_id,)).fetchall()
    )
    if any(counts.get(state) for state in _OPEN):
        if counts.get(DeliveryState.RETRYING):
            connection.execute(
                "UPDATE run SET state = 'retrying' WHERE id = ? AND nodes_done_at IS NOT NULL", (run_id,)
            )
        return
    dead = counts.get(DeliveryState.DEAD, 0)
    state = RunState.FAILED if dead else RunState.NOTIFIED
    error = f"{dead} of {sum(counts.values())} deliveries are dead" if dead else None
    connection.execute(
        "UPDATE run SET state = ?, error = ?, finished_at = ? WHERE id = ? AND nodes_done_at IS NOT NULL",
        (state, error, now, run_id),
    )


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
    rows = connection.execute(
        "SELECT id, channel FROM delivery WHERE next_at IS NOT NULL AND lease_owner IS NULL"
        f" AND channel NOT IN ({marks})",
        tuple(channels),
    ).fetchall()
    for delivery_id, channel in rows:
        error = f"channel {channel!r} is not in the configuration any more. Put it back and retry the delivery."
        record(connection, Sent(delivery_id, DeliveryState.DEAD, now, error=error))
    return len(rows)


def retry(connection: sqlite3.Connection, delivery_id: str, now: int) -> Delivery:
    """Send a dead message again.

    Raises:
        NotFoundError: there is no such delivery.
        ConflictError: it is not dead.
    """
    delivery = get_delivery(connection, delivery_id)
    if delivery.state is not DeliveryState.DEAD:
        raise ConflictError(
            f"cannot retry delivery {delivery_id}: it is {delivery.state.value}, only a dead one can be."
        )
    revive(connection, "id", delivery_id, now)
    connection.execute(
        "UPDATE run SET state = 'retrying', error = NULL, finished_at = NULL"
        " WHERE id = ? AND nodes_done_at IS NOT NULL",
        (delivery.run_id,),
    )
    return get_delivery(connection, delivery_id)


def revive(connection: sqlite3.Connection, by: Literal["id", "run_id"], value: str, now: int) -> None:
    """Make dead messages due, with as much time to arrive as they had at first."""
    revived = connection.execute(
        "UPDATE delivery SET state = 'due', next_at = ?, finished_at = NULL, give_up_at = ? + (give_up_at - "
        "created_at) "
        f"WHERE {by} = ? AND state = 'dead' RETURNING incident_id, channel",
        (now, now, value),
    ).fetchall()
    for incident_id, channel in revived:
        _recall(connection, incident_id, channel)


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
        message=_decode_message(row[11]),
        give_up_at=row[12],
        finished_at=row[13],
    )
