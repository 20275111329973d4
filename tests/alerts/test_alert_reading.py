from __future__ import annotations

import json
from typing import Any

import pytest

from srvmaint.alerts._fingerprint import of_labels, of_sender
from srvmaint.alerts._limits import MAX_ID, MAX_LABEL, MAX_NAME, MAX_URL
from srvmaint.alerts._read import clean, first, line, link, mapping, member_text, strings, tags, text
from srvmaint.alerts._vocabulary import severity, severity_in, status
from srvmaint.model import AlertStatus, Severity

LONE_SURROGATE = "\ud83d"


def test_label_values_of_every_type_become_text() -> None:
    labels = strings({"a": 1, "b": 1.5, "c": True, "d": False, "e": None, "f": ["x", 1], "g": {"h": "ℙ"}, "i": "j"})
    assert labels == {
        "a": "1", "b": "1.5", "c": "true", "d": "false", "e": "", "f": '["x",1]', "g": '{"h":"ℙ"}', "i": "j",
    }  # fmt: skip


@pytest.mark.parametrize("value", [None, "x", 1, [], True, {}])
def test_labels_that_are_no_object_are_no_labels(value: Any) -> None:
    assert strings(value) == {}
    assert mapping(value) == {}


def test_reading_leaves_the_payload_as_it_was() -> None:
    payload = {"a": "b"}
    strings(payload)["c"] = "d"
    assert payload == {"a": "b"}


def test_text_that_sqlite_or_utf8_cannot_hold_is_replaced() -> None:
    assert text("a\0b") == "a\N{REPLACEMENT CHARACTER}b"
    assert text(f"cut{LONE_SURROGATE}") == "cut\N{REPLACEMENT CHARACTER}"
    assert strings({f"k{LONE_SURROGATE}": "a\0b"}) == {
        "k\N{REPLACEMENT CHARACTER}": "a\N{REPLACEMENT CHARACTER}b",
    }


def test_a_surrogate_pair_escaped_half_by_half_becomes_its_character() -> None:
    assert clean("\ud83d" + "\ude00", 10) == "\N{GRINNING FACE}"


def test_long_text_is_cut_and_marked_never_refused() -> None:
    assert line("x" * 10_000) == "x" * (MAX_NAME - 1) + "…"
    assert strings({"k": "v" * 10_000})["k"] == "v" * (MAX_LABEL - 1) + "…"


def test_a_name_is_one_line_of_printable_characters() -> None:
    assert line("Disk full\r\nBcc: everyone@example.com\t!") == "Disk full Bcc: everyone@example.com !"
    assert line("  ") == ""
    assert line(42) == "42"
    assert line({"alertId": "x"}) == ""


def test_only_a_link_that_a_person_can_follow_is_kept() -> None:
    assert link("https://grafana.example.com/d/1?a=b") == "https://grafana.example.com/d/1?a=b"
    assert link("/graph?g0.expr=up") == "/graph?g0.expr=up"
    assert link("javascript:alert(1)") == ""
    assert link("https://x/" + "y" * MAX_URL) == ""
    assert link(["https://x"]) == ""


@pytest.mark.parametrize(
    ("value", "labels"),
    [
        ({"env": "prod", "n": 1}, {"env": "prod", "n": "1"}),
        (["env:prod", "team=db"], {"env": "prod", "team": "db"}),
        (["env:prod", "monitor", "api"], {"env": "prod", "tags": "monitor,api"}),
        ("env:prod,url:http://x,monitor", {"env": "prod", "url": "http://x", "tags": "monitor"}),
        ("prod db", {"tags": "prod,db"}),
        (["http://example.com"], {"tags": "http://example.com"}),
        ([{"key": "a", "value": 1}, {"tag": "b", "value": "c"}, {"name": "d"}], {"a": "1", "b": "c", "d": ""}),
        ([None, True, [], {}, ""], {}),
        (7, {}),
    ],
)  # fmt: skip
def test_tags_are_read_in_every_form_senders_give_them(value: Any, labels: dict[str, str]) -> None:
    assert tags(value) == labels


def test_the_first_key_that_holds_text_wins() -> None:
    assert first({"a": None, "b": "", "c": {}, "d": "found", "e": "late"}, ("a", "b", "c", "x", "d", "e")) == "found"


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        (("critical", "Critical", " PAGE ", "emergency", "fatal", "disaster", "high", "major"), Severity.CRITICAL),
        (("error", "P0", "p1", "SEV1"), Severity.CRITICAL),
        (("warning", "Warning", "warn", "average", "medium", "minor", "P2", "p3"), Severity.WARNING),
        (("info", "informational", "notice", "none", "ok", "low", "debug", "P4", "P5"), Severity.INFO),
        (("", "banana", "93.2", "7"), None),
    ],
)  # fmt: skip
def test_severity_words_are_read_whatever_their_case(words: tuple[str, ...], meaning: Severity | None) -> None:
    assert {severity(word) for word in words} == {meaning}


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        (
            ("firing", "Alerting", "PROBLEM", "down", "active", "triggered", "open", "unacknowledged"),
            AlertStatus.FIRING,
        ),
        (("acknowledged", "ACK"), AlertStatus.ACKNOWLEDGED),
        (("resolved", "Resolved", "ok", "OK", "closed", "recovered", "up", "normal"), AlertStatus.RESOLVED),
        (("", "banana", "unknown", "0", "not resolved"), None),
    ],
)
def test_status_words_are_read_whatever_their_case(words: tuple[str, ...], meaning: AlertStatus | None) -> None:
    assert {status(word) for word in words} == {meaning}


def test_a_severity_label_with_an_unknown_word_gives_way_to_the_next() -> None:
    assert severity_in({"severity": "team-a", "priority": "P1"}) is Severity.CRITICAL
    assert severity_in({"severity": "team-a"}) is None


def test_the_fingerprint_does_not_depend_on_the_order_of_labels() -> None:
    assert of_labels("n", {"a": "1", "b": "2"}) == of_labels("n", {"b": "2", "a": "1"})
    assert len(of_labels("n", {})) == 16


def test_labels_that_differ_in_where_they_are_split_differ_in_their_fingerprint() -> None:
    assert of_labels("n", {"a": "b", "c": "d"}) != of_labels("n", {"a": "bc", "": "d"})
    assert of_labels("na", {}) != of_labels("n", {"a": ""})


@pytest.mark.parametrize("value", [None, "", "-", 0, -1, "0", "null", True, [], {"id": 1}])
def test_what_senders_write_where_they_have_no_id_is_no_id(value: Any) -> None:
    assert of_sender(value) == ""


def test_an_id_keeps_its_form_and_only_an_overlong_one_is_hashed() -> None:
    assert of_sender("7c7c4ce9f8a2b1d") == "7c7c4ce9f8a2b1d"
    assert of_sender(803318) == "803318"
    long = "x" * 30_000
    assert len(of_sender(long)) <= MAX_ID
    assert of_sender(long + "a") != of_sender(long + "b")


def test_json_within_a_text_has_no_nul_that_would_come_back_when_somebody_reads_it() -> None:
    assert "\0" not in json.loads(member_text({"key": ["a\0b"]}, 100))["key"][0]
