from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from srvmaint.config._lines import find, index

TEXT = '''\
# a comment with [brackets] and = signs
top = 1

[server]  # listens
listen = "127.0.0.1:8425" # [not.a.table]
"odd key.x" = 'a'
limits.body = """
[fake]
listen = 2
"""
lists = [
  "a", # ]
  [ "b", '#' ],
]

[[channels]]
name = "one"
[channels.headers]
X = "y"
[[channels]]
name = "two"
inline = { a = 1, b = "}" }

[[pipelines]]
[[pipelines.nodes]]
id = "a"
[[pipelines.nodes]]
id = "b"
[[pipelines]]
[[pipelines.nodes]]
id = "c"
raw = \'\'\'
x = ['\'\'\'
last = 1
'''


def line_of(marker: str) -> int:
    return TEXT[: TEXT.index(marker)].count("\n") + 1


def test_tables_keys_and_members_of_arrays_have_the_line_they_are_written_on() -> None:
    tomllib.loads(TEXT)
    lines = index(TEXT)
    assert lines["top"] == line_of("top =")
    assert lines["server"] == line_of("[server]")
    assert lines["server.listen"] == line_of('listen = "127')
    assert lines['server."odd key.x"'] == line_of('"odd key.x"')
    assert lines["server.limits.body"] == line_of("limits.body")
    assert lines["server.lists"] == line_of("lists =")
    assert lines["channels[0]"] == line_of("[[channels]]")
    assert lines["channels[0].headers.X"] == line_of("X =")
    assert lines["channels[1].name"] == line_of('name = "two"')
    assert lines["pipelines[0].nodes[1].id"] == line_of('id = "b"')
    assert lines["pipelines[1].nodes[0].id"] == line_of('id = "c"')
    assert lines["pipelines[1].nodes[0].last"] == line_of("last =")


def test_what_has_no_line_of_its_own_has_the_line_of_what_is_around_it() -> None:
    lines = index(TEXT)
    assert find(lines, "channels[1].inline.b") == line_of("inline =")
    assert find(lines, "server.lists[1]") == line_of("lists =")
    assert find(lines, "channels[1].webhook_url") == lines["channels[1]"]
    assert find(lines, "nowhere.at.all") is None


def test_a_key_inside_a_multi_line_string_is_none() -> None:
    assert "fake" not in index(TEXT)
    assert "server.limits.listen" not in index(TEXT)


KEYS = st.one_of(
    st.from_regex(r"[A-Za-z0-9_-]{1,5}", fullmatch=True),
    st.from_regex(r'"([a-z .#\[\]=]|\\")*"', fullmatch=True),
    st.from_regex(r"'[a-z .#\[\]=\"]*'", fullmatch=True),
)
VALUES = st.sampled_from(
    [
        "1",
        '"a"',
        "'#'",
        '"\\""',
        '"""\n[x]\n"""',
        "'''\ny = [\n'''",
        "[1,\n 2]",
        "{ a = '}' }",
        '""""a"""""',
        "[ # ]\n]",
    ]
)
STATEMENTS = st.one_of(
    st.builds(lambda key, value: f"{key} = {value}", KEYS, VALUES),
    st.builds(lambda keys: f"[{'.'.join(keys)}]", st.lists(KEYS, min_size=1, max_size=3)),
    st.builds(lambda keys: f"[[{' . '.join(keys)}]]", st.lists(KEYS, min_size=1, max_size=2)),
    st.just("# [c] = 1"),
    st.just(""),
)


@given(st.lists(STATEMENTS, max_size=8))
def test_whatever_was_parsed_every_key_of_it_is_found(statements: list[str]) -> None:
    text = "\n".join(statements)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    lines = index(text)
    starts = {1 + "\n".join(statements[:place]).count("\n") + (place > 0) for place in range(len(statements))}
    assert len(lines) >= len(table)
    assert set(lines.values()) <= starts


@given(st.text(alphabet="ab=[]{}\"'#.\n\\ 1", max_size=60))
def test_the_index_never_fails_whatever_the_text(text: str) -> None:
    assert all(line >= 1 for line in index(text).values())
