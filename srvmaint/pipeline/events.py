"""What happens, as log lines and as counters. Nothing here decides anything.

A step that succeeds is worth a debug line; what fails or is tried again is worth a warning.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

log = logging.getLogger("srvmaint.pipeline")
_LEVELS: Final = {"failed": logging.WARNING, "retrying": logging.WARNING}


class Events:
    """Counts and logs. One per process; `/metrics` reads the counters.

    The keys of `counts` are (metric name without prefix and suffix, its label values).
    """

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, tuple[str, ...]]] = Counter()

    def count(self, name: str, *labels: str, by: int = 1) -> None:
        """Add to a counter."""
        self.counts[name, labels] += by

    def stage(self, event: str, node_type: str, fields: Callable[[], Mapping[str, Any]]) -> None:
        """`pipeline.stage.started|succeeded|failed|retrying|skipped` of one step; `fields` is for the log."""
        self.counts["pipeline_stage", (node_type, event)] += 1
        level = _LEVELS.get(event, logging.DEBUG)
        if log.isEnabledFor(level):
            details = " ".join(f"{key}={value}" for key, value in fields().items() if value is not None)
            log.log(level, "pipeline.stage.%s stage=%s %s", event, node_type, details)
