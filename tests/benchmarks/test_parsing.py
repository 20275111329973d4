"""What it costs to make alerts of a body: in this process, without a socket or a disk."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from srvmaint import registry
from srvmaint.alerts import PACKAGE, Driver
from srvmaint.alerts._decode import decode
from srvmaint.alerts._detect import by_precedence, detect
from tests.benchmarks import bodies
from tests.benchmarks.figures import DETECTION, NAMED, PARSING, Results, Side, alternate

EXAMPLES: Final = Path(__file__).parents[2] / "examples" / "webhooks"
ROUNDS: Final = 15
TIMES: Final = 40
"""How often a body is read in a round; the time of one reading is what counts."""


def drivers() -> dict[str, Driver]:
    """All of them, in the order in which they are asked."""
    modules = {name: registry.load(PACKAGE, name) for name in by_precedence(registry.names(PACKAGE))}
    return {name: module.Driver(module.Config()) for name, module in modules.items()}


def repeated(work: Callable[[], Any]) -> Side:
    """The milliseconds one call takes."""

    async def side() -> float:
        begun = time.perf_counter_ns()
        for _ in range(TIMES):
            work()
        return (time.perf_counter_ns() - begun) / TIMES / 1e6

    return side


async def test_reading_a_hundred_alerts_beside_their_json(results: Results) -> None:
    body, known = bodies.webhook(range(100)), drivers()

    def anybodys() -> int:
        payload = decode(body, "application/json")
        return len(known[detect(known, payload).driver].parse(payload).alerts)

    def named() -> int:
        return len(known["alertmanager"].parse(decode(body, "application/json")).alerts)

    assert (anybodys(), named(), len(json.loads(body)["alerts"])) == (100, 100, 100)
    sides = (repeated(anybodys), repeated(named), repeated(lambda: json.loads(body)))
    ours, ours_named, theirs = await alternate(*sides, rounds=ROUNDS)
    results.compare(PARSING, ours, theirs)
    results.compare(NAMED, ours_named, theirs)
    results.hold()


async def test_finding_out_whose_a_body_is_beside_parsing_it(results: Results) -> None:
    known = drivers()
    payloads = {name: decode((EXAMPLES / f"{name}.json").read_bytes()) for name in known}

    def find() -> list[str]:
        return [detect(known, payload).driver for payload in payloads.values()]

    def parse() -> int:
        return sum(len(known[name].parse(payload).alerts) for name, payload in payloads.items())

    assert (find(), parse()) == ([*known], len(known))
    ours, theirs = await alternate(repeated(find), repeated(parse), rounds=ROUNDS)
    results.compare(DETECTION, ours, theirs)
    results.hold()
