"""From `[[heartbeats]]` to the jobs that are expected."""

from __future__ import annotations

from srvmaint.clock import SECOND
from srvmaint.config.schema import Config
from srvmaint.incidents.heartbeat import Expected


def expected(config: Config, this_host: str) -> tuple[Expected, ...]:
    """The jobs, those without a host of their own on this one."""
    return tuple(
        Expected(
            str(each.slug),
            int(each.every * SECOND),
            int(each.grace * SECOND),
            each.severity,
            each.host or this_host,
        )
        for each in config.heartbeats
    )
