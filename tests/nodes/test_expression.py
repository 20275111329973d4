"""What `when` and `condition` can ask, and what they refuse to be."""

from __future__ import annotations

import re
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srvmaint.nodes._expression import DEEPEST, LONGEST, Dotted, Expression, Path
from srvmaint.nodes._scope import find

WORLD = {
    "severity": "critical",
    "incident": {
        "severity": "warning",
        "labels": {"team": "db", "port": "5432", "a/b": "odd"},
        "alerts": {"firing": 2},
    },
    "checks": {"disk": {"status": "ok", "used": 91.5}},
    "look": {"has_errors": False, "error": None},
    "recommendations": [{"priority": "high"}, {"priority": "low"}],
    "run": {"changes": ["opened"]},
    "nothing": [],
}


class World:
    """The names of a run."""

    def value(self, path: Path) -> Any:
        return find(WORLD, path)


def holds(text: str) -> bool:
    return Expression.parse(text).holds(World())


TRUE = [
    'severity == "critical"',
    "severity == 'critical'",
    'incident.severity != "critical"',
    'severity > "warning"',
    '"low" < "high"',
    'checks.disk.status < "warning"',
    "checks.disk.used >= 91.5",
    "checks.disk.used > -1",
    "incident.labels.port == 5432",
    "incident.labels.port > 1024",
    "incident.alerts.firing == 2",
    'incident.labels."a/b" == "odd"',
    'severity in ["warning", "critical"]',
    'severity not in ["info",]',
    'run.changes contains "opened"',
    '"team" in incident.labels',
    'incident.labels.team contains "d"',
    "not look.has_errors",
    "look.error == null",
    "nowhere.at.all == null",
    "not nowhere",
    "not nothing",
    "incident.alerts.firing",
    "recommendations.count == 2",
    'recommendations.0.priority == "high"',
    "true or nowhere.x > 3 and false",
    "(false or true) and not (false and true)",
    r'"a\"b" == "a\"b"',
    "look.has_errors == false",
]
FALSE = [
    'severity == "Critical"',
    'severity < "warning"',
    "severity > 3",
    'incident.labels.team > "a"',
    "nowhere > 1",
    "nowhere < 1",
    "recommendations.7.priority == 'high'",
    "recommendations.priority == 'high'",
    "look.has_errors",
    "1 == true",
    '"x" in nowhere',
    "severity contains 3",
    "true and false or false",
    "not true or false",
    "incident.labels.team == null",
]


@pytest.mark.parametrize(("text", "wanted"), [*((text, True) for text in TRUE), *((text, False) for text in FALSE)])
def test_an_expression_says_what_it_looks_like(text: str, wanted: bool) -> None:  # noqa: FBT001 - the table's second column
    assert holds(text) is wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must be an expression"),
        ("   ", "must be an expression"),
        (5, "must be an expression"),
        (None, "must be an expression"),
        ("severity =", "cannot be read at character 10: '='"),
        ("severity == ", "has the end where"),
        ("severity critical", "has 'critical' where `and`, `or` or the end"),
        ("(severity", "has the end where `)`"),
        ("[1, 2", "has the end where `]`"),
        ("a == b == c", "has '==' where"),
        ("and", "has 'and' where a path"),
        ("not", "has the end where"),
        ("a in", "has the end where"),
        ("__import__('os').system('id')", "has '(' where"),
        ("severity == `id`", "cannot be read at character 13"),
        ("a.b..c", "cannot be read at character 4"),
        ("1x", "cannot be read at character 1"),
        ('"open', "cannot be read at character 1"),
        ("lambda: 1", "cannot be read"),
        ("x" * (LONGEST + 1), f"at most {LONGEST} characters"),
        ("(" * (DEEPEST + 1) + "1" + ")" * (DEEPEST + 1), f"more than {DEEPEST} deep"),
        ("not " * (DEEPEST + 1) + "1", f"more than {DEEPEST} deep"),
    ],
)
def test_what_is_no_expression_is_refused_with_the_place(text: object, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        Expression.parse(text)


def test_depth_is_counted_where_it_is_and_not_over_the_whole_text() -> None:
    assert holds(" and ".join(["(not (false))"] * (DEEPEST + 5)))


def test_an_expression_knows_the_paths_in_it() -> None:
    found = Expression.parse('a.b == "c.d" or not x."y.z" in [q, 1]')
    assert found.paths == (("a", "b"), ("x", "y.z"), ("q",))
    assert str(found) == 'a.b == "c.d" or not x."y.z" in [q, 1]'


WORDS = [*TRUE, "(", ")", "[", "]", ",", "and", "or", "not", "in", "==", "<", "null", "a.b", "3", '"t"']


@given(st.one_of(st.text(string.printable, max_size=60), st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)))
def test_any_text_is_an_expression_that_answers_or_a_phrase_that_says_why_not(text: str) -> None:
    try:
        answer: object = holds(text)
    except ValueError as error:
        answer = str(error)
    assert answer is True or answer is False or answer


@pytest.mark.parametrize("text", ["a", "context.cpu.load1", '0.title."a.b"', "a-b.c_d"])
def test_a_path_by_itself_has_parts(text: str) -> None:
    assert ".".join(Dotted.parse(text).parts) == text.replace('"', "")


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "a b", 5, None, "a.$b"])
def test_what_is_no_path_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="names with dots between them"):
        Dotted.parse(text)
