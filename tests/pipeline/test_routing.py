"""Which pipeline an alert takes."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from srvmaint.model import Alert
from srvmaint.pipeline.definition import PRESETS
from srvmaint.pipeline.routing import Match, Route, choose, parse_match
from tests.incidents.given import CRITICAL, FIRING, WARNING, alert

ALERT = replace(alert(severity=WARNING, labels={"instance": "db1:9100", "team": "db", "env": ""}), source="grafana")


def holds(table: dict[str, Any], said: Alert = ALERT, origin: str = "webhook") -> bool:
    match, problems = parse_match(table, "match")
    assert match is not None, problems
    return match.holds(said, origin)


def complaints(table: object) -> dict[str, str]:
    match, problems = parse_match(table, "match")
    assert match is None
    return {problem.path: problem.message for problem in problems}


ROWS: list[tuple[str, dict[str, Any], bool]] = [
    ("nothing asked for", {}, True),
    ("the value", {"source": "grafana"}, True),
    ("another value", {"source": "zabbix"}, False),
    ("case matters", {"source": "Grafana"}, False),
    ("one of a list", {"severity": ["critical", "warning"]}, True),
    ("none of a list", {"severity": ["critical", "info"]}, False),
    ("status", {"status": "firing"}, True),
    ("name", {"name": "DiskFull"}, True),
    ("instance", {"instance": "db1:9100"}, True),
    ("where it came in", {"origin": "webhook"}, True),
    ("where it did not come in", {"origin": ["check", "api"]}, False),
    ("a label", {"label.team": "db"}, True),
    ("a label in a table", {"label": {"team": "db"}}, True),
    ("a label that is not there", {"label.rack": "r1"}, False),
    ("a label that is not there, asked for as empty", {"label.rack": ""}, True),
    ("all of several", {"source": "grafana", "label": {"team": "db"}, "severity": "warning"}, True),
    ("all but one of several", {"source": "grafana", "label": {"team": "web"}}, False),
    ("not a value", {"source": "!zabbix"}, True),
    ("not this value", {"source": "!grafana"}, False),
    ("not a label that is not there", {"label.rack": "!r1"}, True),
    ("none of these", {"severity": ["!critical", "!info"]}, True),
    ("not one of these", {"severity": ["!critical", "!warning"]}, False),
    ("one of these and not that", {"source": ["re:^g", "!grafana"]}, False),
    ("a pattern anywhere", {"instance": "re:b1"}, True),
    ("an anchored pattern", {"instance": "re:^b1"}, False),
    ("one of several patterns", {"name": ["re:^Mem", "re:Full$"]}, True),
    ("not a pattern", {"instance": "!re:^web"}, True),
    ("not this pattern", {"instance": "!re:^db"}, False),
    ("a value that looks like nothing special", {"name": "re"}, False),
]


@pytest.mark.parametrize(("table", "wanted"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_an_alert_matches(table: dict[str, Any], *, wanted: bool) -> None:
    assert holds(table) is wanted


def test_the_machine_is_found_by_whatever_label_names_it() -> None:
    assert holds({"instance": "re:^web"}, alert(labels={"host": "web3"}))


def test_the_first_route_in_the_file_wins() -> None:
    def route(name: str, table: dict[str, Any]) -> Route:
        match, _ = parse_match(table, "")
        assert match is not None
        return Route(name, match, PRESETS["direct"], (), ())

    routes = (route("critical", {"severity": "critical"}), route("all", {}), route("never", {}))
    chosen = choose(routes, alert(severity=CRITICAL), "webhook")
    assert chosen is not None
    assert chosen.name == "critical"
    chosen = choose(routes, alert(severity=WARNING), "webhook")
    assert chosen is not None
    assert chosen.name == "all"
    assert choose(routes[:1], alert(severity=WARNING), "webhook") is None


def test_no_condition_matches_everything() -> None:
    assert Match().holds(alert(status=FIRING), "api")


@pytest.mark.parametrize("table", [None, [], "all", 5])
def test_a_match_is_a_table(table: object) -> None:
    assert complaints(table) == {"match": "must be a table of field = value"}


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("an unknown field", {"severty": "critical"}, "match.severty", "did you mean 'severity'"),
    ("a label that is no table", {"label": "team"}, "match.label", "unknown field"),
    ("a number", {"name": 5}, "match.name", "must be a string or a list of strings"),
    ("an empty list", {"name": []}, "match.name", "must be a string or a list of strings"),
    ("a list with a number", {"name": ["a", 5]}, "match.name", "must be a string or a list of strings"),
    ("a table", {"name": {"a": "b"}}, "match.name", "must be a string or a list of strings"),
    ("a severity there is not", {"severity": "criticl"}, "match.severity", "did you mean 'critical'"),
    ("not a severity there is not", {"severity": "!high"}, "match.severity", "cannot be 'high'"),
    ("a status there is not", {"status": "open"}, "match.status", "cannot be 'open'"),
    ("an origin there is not", {"origin": "webhok"}, "match.origin", "did you mean 'webhook'"),
    ("a pattern that is none", {"name": "re:("}, "match.name", "is not a regular expression"),
    ("not a pattern that is none", {"label.team": "!re:*"}, "match.label.team", "is not a regular expression"),
    (
        "a pattern too large",
        {"name": "re:(a{1000000000000}){1000000000000}"},
        "match.name",
        "is not a regular expression",
    ),
]


@pytest.mark.parametrize(("table", "path", "message"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_wrong_with_a_match_is_said_where_it_is(table: dict[str, Any], path: str, message: str) -> None:
    found = complaints(table)
    assert found.keys() == {path}
    assert message in found[path]


def test_everything_wrong_with_a_match_is_said_at_once() -> None:
    table = {"severity": ["bad", "worse"], "nam": "x", "name": "re:(", "label": {"a": 1}}
    assert complaints(table).keys() == {"match.severity", "match.nam", "match.name", "match.label.a"}
