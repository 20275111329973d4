from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srvmaint.alerts.generic import Config, Driver
from srvmaint.clock import iso
from srvmaint.config.show import as_toml
from srvmaint.errors import PayloadError
from srvmaint.model import AlertStatus, Severity
from srvmaint.settings import Decoder, Secret
from tests.config.written import loaded, problems

WHOLE: dict[str, Any] = {
    "name": "backup-tool",
    "when": {"tool": "backup", "job.id": "*", "version": "re:^[23]\\."},
    "title": "job.name",
    "description": "log.0",
    "status": "result",
    "severity": "weight",
    "fingerprint": "job.id",
    "instance": "job.host",
    "starts_at": "began",
    "ends_at": "ended",
    "url": "link",
    "labels": {"job": "job.id", "team": "=storage", "flag": "job.flag"},
    "statuses": {"FAILED": "firing", "SEEN": "acknowledged", "FINE": "resolved", "SKIPPED": "ignored"},
    "severities": {"heavy": "critical", "light": "info"},
    "source": "backup",
}
BODY: dict[str, Any] = {
    "tool": "backup",
    "version": "2.1",
    "job": {"id": 42, "name": "Nightly backup", "host": "nas-1", "flag": True},
    "log": ["code 23"],
    "result": "failed",
    "weight": "Heavy",
    "began": "2026-03-02T10:00:00Z",
    "ended": "2026-03-02T10:09:00Z",
    "link": "https://nas-1/logs",
}
LIST: dict[str, Any] = {
    "name": "probe",
    "when": {"probe": "*"},
    "alerts": "found.items",
    "title": "what",
    "status": "state",
    "fingerprint": "id",
    "instance": "host",
    "statuses": {"muted": "ignored"},
}


def refuse(raw: object) -> Secret:
    raise ValueError(f"no secrets here: {raw}")


def driver(*mappings: dict[str, Any]) -> Driver:
    decoder = Decoder(refuse)
    config = decoder.section(Config, {"mappings": list(mappings)}, "alerts.generic")
    assert config is not None, decoder.problems
    return Driver(config)


def toml(body: str) -> str:
    return f"[[alerts.generic.mappings]]\n{body}\n"


def test_a_mapping_says_what_every_field_of_a_body_means() -> None:
    reader = driver(WHOLE)
    assert reader.detect(BODY) == "your mapping 'backup-tool'"
    (alert,) = reader.parse(BODY).alerts
    assert (alert.source, alert.fingerprint, alert.name) == ("backup", "42", "Nightly backup")
    assert (alert.status, alert.severity) == (AlertStatus.FIRING, Severity.CRITICAL)
    assert alert.description == "code 23"
    assert alert.labels == {"job": "42", "team": "storage", "flag": "true", "instance": "nas-1", "severity": "Heavy"}
    assert (iso(alert.starts_at), alert.ends_at) == ("2026-03-02T10:00:00Z", None)
    assert alert.generator_url == "https://nas-1/logs"


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("FAILED", AlertStatus.FIRING),
        ("seen", AlertStatus.ACKNOWLEDGED),
        ("Fine", AlertStatus.RESOLVED),
        ("ok", AlertStatus.RESOLVED),
        ("banana", AlertStatus.FIRING),
        ("", AlertStatus.FIRING),
    ],
)
def test_the_operators_words_come_before_everybodys_and_an_unknown_one_is_firing(
    word: str, status: AlertStatus
) -> None:
    (alert,) = driver(WHOLE).parse({**BODY, "result": word}).alerts
    assert alert.status is status
    assert alert.fingerprint == "42"
    assert (alert.ends_at is not None) == (status is AlertStatus.RESOLVED)


def test_a_word_can_mean_that_there_is_no_alert() -> None:
    assert driver(WHOLE).parse({**BODY, "result": "SKIPPED"}).ignored == "the mapping 'backup-tool' ignores this status"


@pytest.mark.parametrize(
    "body",
    [
        {**BODY, "tool": "Backup"},
        {**BODY, "tool": {"backup": 1}},
        {**BODY, "job": {"id": None}},
        {**BODY, "version": "1.9"},
        {**BODY, "version": [2]},
        [BODY],
        "backup",
    ],
)
def test_a_body_for_which_not_everything_holds_is_not_the_mappings(body: Any) -> None:
    assert driver(WHOLE).detect(body) != "your mapping 'backup-tool'"


@pytest.mark.parametrize(("wanted", "value"), [(7, 7), (7, "7"), ("7", 7), (True, True), ("1.5", 1.5), ("*", [])])
def test_a_number_or_a_truth_is_compared_as_it_is_written(wanted: Any, value: Any) -> None:
    mapping = {"name": "m", "when": {"v": wanted}, "title": "=x"}
    assert driver(mapping).detect({"v": value}) == "your mapping 'm'"


def test_a_path_counts_places_in_lists_and_finds_a_key_with_dots() -> None:
    mapping = {
        "name": "m",
        "when": {"0.kind": "x"},
        "title": "0.rows.1.text",
        "labels": {"app": "0.app.kubernetes.io/name"},
    }
    (alert,) = (
        driver(mapping).parse([{"kind": "x", "rows": [{}, {"text": "hi"}], "app.kubernetes.io/name": "shop"}]).alerts
    )
    assert (alert.name, alert.labels) == ("hi", {"app": "shop"})


def test_a_list_of_alerts_is_read_one_by_one_and_the_body_fills_the_gaps() -> None:
    body = {
        "probe": 1,
        "host": "web-1",
        "id": "of the body",
        "found": {
            "items": [
                {"what": "a", "id": "1", "state": "down"},
                {"what": "b", "state": "up", "host": "web-2"},
                {"id": "3"},
                7,
                {"what": "c", "state": "muted"},
            ]
        },
    }
    parsed = driver(LIST).parse(body)
    assert [(a.name, a.status.value, a.labels["instance"]) for a in parsed.alerts] == [
        ("a", "firing", "web-1"),
        ("b", "resolved", "web-2"),
    ]
    assert parsed.alerts[0].fingerprint == "1"
    assert parsed.alerts[1].fingerprint != "of the body"
    assert [(error.index, error.message) for error in parsed.errors] == [
        (2, "has no text at `what`"),
        (3, "has no text at `what`"),
    ]


def test_an_empty_list_is_ignored_and_a_single_object_is_a_list_of_one() -> None:
    reader = driver(LIST)
    assert reader.parse({"probe": 1, "found": {"items": []}}).ignored == "the list at `found.items` is empty"
    assert len(reader.parse({"probe": 1, "found": {"items": {"what": "a"}}}).alerts) == 1


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"probe": 1}, "there is no list at `found.items`"),
        ({"probe": 1, "found": {"items": [{}]}}, "it has no text at `what`"),
    ],
)
def test_a_body_the_mapping_cannot_read_is_refused_and_the_text_says_what_to_correct(body: Any, text: str) -> None:
    with pytest.raises(PayloadError) as caught:
        driver(LIST).parse(body)
    assert caught.value.code == "no_alerts"
    assert text in str(caught.value)
    assert "[[alerts.generic.mappings]]" in str(caught.value)


def test_more_alerts_than_one_body_may_hold_are_refused() -> None:
    with pytest.raises(PayloadError) as caught:
        driver(LIST).parse({"probe": 1, "found": {"items": [{}] * 10_001}})
    assert caught.value.code == "too_many_alerts"


def test_the_first_mapping_that_takes_a_body_reads_it_before_the_known_tools_and_the_plain_form() -> None:
    kuma = {"name": "own", "when": {"heartbeat.status": "0"}, "title": "=mine"}
    every = {"name": "every", "when": {"name": "*"}, "title": "=also mine"}
    body = {"name": "x", "heartbeat": {"status": 0}, "monitor": {"id": 1, "name": "y"}}
    assert [alert.name for alert in driver(kuma, every).parse(body).alerts] == ["mine"]
    assert [alert.name for alert in driver(every, kuma).parse(body).alerts] == ["also mine"]
    assert [alert.name for alert in driver(every).parse([{"name": "x"}]).alerts] == ["also mine"]


def test_without_a_fingerprint_name_and_labels_identify() -> None:
    mapping = {"name": "m", "when": {"v": 1}, "title": "t", "status": "s", "labels": {"k": "k"}}
    read = driver(mapping).parse
    firing, over, other = (
        read({"v": 1, "t": "x", "s": state, "k": key}).alerts[0] for state, key in (("down", 1), ("up", 1), ("up", 2))
    )
    assert firing.fingerprint == over.fingerprint != other.fingerprint


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["what", "id", "items", "job"]), inner),
    max_leaves=8,
)


@settings(database=None, deadline=None, max_examples=200)
@given(values, values)
def test_a_mapping_is_total(found: Any, other: Any) -> None:
    reader = driver(LIST, {**WHOLE, "when": {"tool": "*"}})
    bodies = ({"probe": 1, "found": found, "host": other}, {**BODY, "job": found, "log": other, "tool": 1})
    for body in bodies:
        try:
            parsed = reader.parse(body)
        except PayloadError as error:
            assert error.code in {"no_alerts", "too_many_alerts"}  # noqa: PT017 - a refusal is a fair outcome here
        else:
            assert parsed.alerts or parsed.ignored


def test_mappings_are_read_from_the_file_and_shown_as_they_are(tmp_path: Path) -> None:
    text = toml(
        'name = "m"\nwhen = { "job.id" = "*", n = 7 }\ntitle = "a.0.b"\nstatus = "s"\nstatuses = { BAD = "firing" }'
    )
    config = loaded(tmp_path, text)
    (mapping,) = config.alerts.configs["generic"].mappings
    assert (mapping.name, mapping.title, mapping.source) == ("m", "a.0.b", "generic")
    (tmp_path / "srvmaint.env").touch(mode=0o600)
    shown = as_toml(config)
    assert 'title = "a.0.b"' in shown
    assert loaded(tmp_path, shown).alerts.configs["generic"] == config.alerts.configs["generic"]


def test_everything_that_is_wrong_with_the_mappings_is_said_at_once(tmp_path: Path) -> None:
    text = (
        toml(
            'name = "a"\nwhen = { x = "re:(" }\ntitle = "a..b"\nstatus = "="'
            '\nstatuses = { BAD = "fireing" }\nlables = {}'
        )
        + toml('name = "b"\ntitle = ""\nseverities = { x = "bad" }')
        + toml('name = "c"\nwhen = {}\ntitle = "t"\nsource = "grafana!"\nfingerprint = "=x"\nalerts = "=y"')
        + toml('name = "c"\nwhen = { "a..b" = [1] }\ntitle = 7')
    )
    said = {problem.path: problem.message for problem in problems(tmp_path, text)}
    where = "alerts.generic.mappings"
    assert said[f"{where}[0].when.x"].startswith("is not a pattern")
    assert said[f"{where}[0].title"] == "has a dot too many: write a path such as data.items.0.name"
    assert "no text after the equals sign" in said[f"{where}[0].status"]
    assert "did you mean 'firing'" in said[f"{where}[0].statuses.BAD"]
    assert "did you mean 'labels'" in said[f"{where}[0].lables"]
    assert said[f"{where}[1].when"].startswith("is required")
    assert said[f"{where}[1].title"].startswith("must be a dotted path")
    assert said[f"{where}[1].severities.x"].startswith("must be one of critical")
    assert said[f"{where}[3].title"].startswith("must be a dotted path")
    third = [problem.message for problem in problems(tmp_path, text) if problem.path == f"{where}[2]"]
    assert len(third) == 4


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('when = { "a..b" = "x" }', "when: 'a..b' has a dot too many"),
        ('when = { a = "x" }\nsource = "alertmanager"', "source 'alertmanager' cannot be used"),
        ('when = { a = "x" }\nstatuses = { BAD = "firing", bad = "resolved" }', "statuses has 'bad' twice"),
        ('when = { a = "x" }\nstatuses = { BAD = "firing" }', "statuses would never be used: say in status"),
        ('when = { a = "x" }\nseverities = { x = "info" }', "severities would never be used: say in severity"),
        ('when = { a = "x" }\nlabels = { "" = "job.id" }', "labels has one without a name"),
    ],
)
def test_what_no_single_key_can_know_is_said_too(tmp_path: Path, line: str, text: str) -> None:
    found = problems(tmp_path, toml(f'name = "m"\ntitle = "t"\n{line}'))
    assert any(text in problem.message for problem in found)


@pytest.mark.parametrize("path", ["$.job.name", "items[0].name", "/job/name", "{{ job.name }}"])
def test_a_path_as_other_tools_write_it_is_a_mistake_and_not_a_place_that_is_always_empty(
    tmp_path: Path, path: str
) -> None:
    text = toml(f'name = "m"\nwhen = {{ "{path}" = "x" }}\ntitle = "{path}"')
    said = [problem.message for problem in problems(tmp_path, text)]
    assert said == ["is no dotted path: write a path such as data.items.0.name"]
    text = toml(f'name = "m"\nwhen = {{ "{path}" = "x" }}\ntitle = "t"')
    assert [problem.message for problem in problems(tmp_path, text)] == [
        f"when: {path!r} is no dotted path. Write it as job.id"
    ]


def test_two_mappings_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    one = toml('name = "m"\nwhen = { a = "x" }\ntitle = "t"')
    (problem,) = problems(tmp_path, one + one)
    assert problem.message == "mappings has two of the name 'm': give each its own"


def test_the_example_reads_the_bodies_it_shows() -> None:
    text = (Path(__file__).parents[2] / "examples" / "mapping.toml").read_text(encoding="utf-8")
    mappings = tomllib.loads(text)["alerts"]["generic"]["mappings"]
    shown = re.findall(r"^(# \{.*?\}\n)(?=\[\[)", text, re.MULTILINE | re.DOTALL)
    found = [driver(*mappings).parse(json.loads(body.replace("\n#", " ").removeprefix("#"))) for body in shown]
    assert [parsed.errors for parsed in found] == [(), ()]
    backup, certificate, name = [alert for parsed in found for alert in parsed.alerts]
    assert (backup.source, backup.name, backup.status, backup.severity) == (
        "backup", "Nightly backup", AlertStatus.FIRING, Severity.CRITICAL,
    )  # fmt: skip
    assert (certificate.severity, certificate.labels["site"], certificate.labels["instance"]) == (
        Severity.WARNING, "riga", "web-1",
    )  # fmt: skip
    assert (name.fingerprint, name.status) == ("dns-1", AlertStatus.RESOLVED)
