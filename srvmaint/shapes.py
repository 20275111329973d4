"""The public JSON shapes of the nouns: what the HTTP API answers and `--json` prints, in one place.

Times are ISO 8601 with `Z`. Nothing here reads the store or knows HTTP.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from srvmaint.clock import iso
from srvmaint.model import Alert, CheckResult, Delivery, Incident, Run, Step, StoredAlert


def alert(stored: StoredAlert) -> dict[str, Any]:
    """An alert with all its fields."""
    return {
        "id": stored.id,
        **alert_fields(stored.alert),
        "received_at": iso(stored.received_at),
        "last_seen_at": iso(stored.last_seen_at),
        "times_seen": stored.times_seen,
        "incident_id": stored.incident_id,
    }


def alert_fields(told: Alert) -> dict[str, Any]:
    """What a sender says about an alert."""
    return {
        "source": told.source,
        "fingerprint": told.fingerprint,
        "status": told.status,
        "severity": told.severity,
        "name": told.name,
        "description": told.description,
        "labels": told.labels,
        "annotations": told.annotations,
        "starts_at": iso(told.starts_at),
        "ends_at": iso(told.ends_at),
        "generator_url": told.generator_url,
    }


def incident(found: Incident) -> dict[str, Any]:
    """An incident; `alerts` are its counts by status."""
    return {
        "id": found.id,
        "title": found.title,
        "status": found.status,
        "severity": found.severity,
        "group_key": found.group_key,
        "labels": found.labels,
        "alerts": found.alerts,
        "pipeline": found.pipeline,
        "unrouted": found.pipeline is None,
        "opened_at": iso(found.opened_at),
        "acknowledged_at": iso(found.acknowledged_at),
        "acknowledged_by": found.acknowledged_by,
        "resolved_at": iso(found.resolved_at),
        "closed_at": iso(found.closed_at),
        "notes": [{**note, "at": iso(note.get("at"))} for note in found.notes if "event" not in note],
    }


def run(found: Run, steps: Iterable[Step] | None = None, sent: Iterable[Delivery] | None = None) -> dict[str, Any]:
    """A run; with its steps and deliveries where they were asked for."""
    shape: dict[str, Any] = {
        "run_id": found.id,
        "trace_id": found.trace_id,
        "pipeline": found.pipeline,
        "state": found.state,
        "incident_id": found.incident_id,
        "source": found.source,
        "environment": found.environment,
        "changes": found.changes,
        "created_at": iso(found.created_at),
        "started_at": iso(found.started_at),
        "finished_at": iso(found.finished_at),
        "next_at": iso(found.next_at),
        "error": found.error,
    }
    if steps is not None:
        shape["steps"] = [step(each) for each in steps]
    if sent is not None:
        shape["deliveries"] = [delivery_of_run(each) for each in sent]
    return shape


def step(found: Step) -> dict[str, Any]:
    """One node's execution."""
    return {
        "id": found.id,
        "type": found.type,
        "status": found.status,
        "attempts": found.attempts,
        "started_at": iso(found.started_at),
        "finished_at": iso(found.finished_at),
        "duration_ms": found.duration_ms,
        "output": found.output,
        "error": found.error,
    }


def delivery_of_run(found: Delivery) -> dict[str, Any]:
    """A delivery as its run shows it."""
    return {
        "id": found.id,
        "channel": found.channel,
        "state": found.state,
        "attempts": found.attempts,
        "next_at": iso(found.next_at),
        "last_error": found.last_error,
    }


def delivery(found: Delivery) -> dict[str, Any]:
    """A delivery by itself."""
    return {
        **delivery_of_run(found),
        "run_id": found.run_id,
        "incident_id": found.incident_id,
        "reason": found.reason,
        "headline": found.message.headline,
        "receiver_id": found.receiver_id,
        "idempotency_key": found.idempotency_key,
        "created_at": iso(found.created_at),
        "finished_at": iso(found.finished_at),
        "give_up_at": iso(found.give_up_at),
    }


def check(result: CheckResult) -> dict[str, Any]:
    """What a checker found."""
    return {
        "checker": result.checker,
        "status": result.status,
        "message": result.message,
        "metrics": [
            {"name": m.name, "value": m.value, "unit": m.unit, "warn": m.warn, "crit": m.crit} for m in result.metrics
        ],
        "duration_ms": result.duration_ms,
    }
