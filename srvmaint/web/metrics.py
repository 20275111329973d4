"""The Prometheus exposition, put together when it is asked for.

Names follow https://prometheus.io/docs/practices/naming/: prefix `srvmaint_`, base units, `_total` for counters.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from typing import Any, Final

from srvmaint import __version__
from srvmaint.services import Services

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_COUNTERS: Final = {
    "alerts_received": ("Alerts accepted, by driver.", ("driver",)),
    "bodies_rejected": ("Bodies that could not be used and were kept, by reason.", ("reason",)),
    "pipeline_stage": ("Steps of runs, by node type and event.", ("stage", "event")),
    "heartbeats": ("Words of jobs, by what they said: start, ok, fail.", ("word",)),
    "notify_deliveries": ("Delivery attempts, by channel and result.", ("channel", "result")),
}


async def exposition(services: Services) -> bytes:
    """The text a scrape gets."""
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - 7 MB that only a scrape needs

    open_alerts = await services.store.reader.rows(
        "SELECT severity, count(*) FROM alert WHERE status <> 'resolved' GROUP BY severity"
    )
    open_incidents = await services.store.reader.rows(
        "SELECT status, count(*) FROM incident WHERE status IN ('open', 'acknowledged') GROUP BY status"
    )
    due = await services.store.reader.rows("SELECT count(*) FROM run WHERE next_at IS NOT NULL")
    outbox = await services.store.reader.rows(
        "SELECT state, count(*) FROM delivery WHERE next_at IS NOT NULL GROUP BY state"
    )
    registry = CollectorRegistry()
    registry.register(
        _Collector(
            services,
            {
                "alerts_open": ("Alerts that are not resolved, by severity.", "severity", dict(open_alerts)),
                "incidents_open": ("Incidents that are not resolved, by status.", "status", dict(open_incidents)),
                "runs_pending": ("Runs that wait or are under way.", None, {"": due[0][0]}),
                "deliveries_pending": ("Messages that wait or are on the wire, by state.", "state", dict(outbox)),
                "intake_waiting": ("Bodies submitted and not yet committed.", None, {"": services.store.waiting}),
            },
        )
    )
    return generate_latest(registry)


class _Collector:
    """Gives the library what has been counted."""

    def __init__(self, services: Services, gauges: dict[str, tuple[str, str | None, dict[str, int]]]) -> None:
        self._services = services
        self._gauges = gauges

    def collect(self) -> Iterator[Any]:
        """All families, each once."""
        from prometheus_client.core import (  # noqa: PLC0415 - see `exposition`
            CounterMetricFamily,
            GaugeMetricFamily,
            InfoMetricFamily,
        )

        info = InfoMetricFamily("srvmaint_build", "What is running.")
        info.add_metric([], {"version": __version__, "python": platform.python_version()})
        yield info
        counts = self._services.events.counts
        for name, (text, labels) in _COUNTERS.items():
            counter = CounterMetricFamily(f"srvmaint_{name}", text, labels=labels)
            for (counted, values), count in counts.items():
                if counted == name:
                    counter.add_metric(values, count)
            yield counter
        for name, (text, label, found) in self._gauges.items():
            gauge = GaugeMetricFamily(f"srvmaint_{name}", text, labels=[label] if label else [])
            for value, count in found.items():
                gauge.add_metric([value] if label else [], count)
            yield gauge
