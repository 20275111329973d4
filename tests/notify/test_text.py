from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srvmaint.notify._text import cut, one_line, paragraph, plain, row

ANYTHING = st.text(st.characters(codec=None), max_size=60)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain", "plain"),
        ("Größe 日本 مرحبا 👩\u200d👧", "Größe 日本 مرحبا 👩\u200d👧"),
        ("a\x1b[31mb\x1b[0m", "ab"),
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]8;;http://x\x1b\\b", "ab"),
        ("a\x1b(Bb", "ab"),
        ("a\x1bcb", "ab"),
        ("a\x9b31mb", "a31mb"),
        ("a\x00\x07\x08\x7fb", "ab"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("half \ud800", "half "),
    ],
)
def test_what_a_terminal_would_obey_is_gone_and_every_script_stays(text: str, safe: str) -> None:
    assert plain(text) == safe


@given(ANYTHING)
def test_safe_text_can_be_encoded_and_holds_no_control_character(text: str) -> None:
    safe = plain(text)
    safe.encode("utf-8")
    assert all(char in "\n\t" or unicodedata.category(char) != "Cc" for char in safe)
    assert plain(safe) == safe


@given(ANYTHING, st.integers(2, 20))
def test_cut_text_is_short_enough_and_a_beginning_of_the_whole(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert len(short) <= limit
    assert short == text or text.startswith(short[:-1])


def test_a_cut_falls_between_characters_as_people_see_them() -> None:
    assert cut("ae\u0301e\u0301e\u0301", 4) == "ae\u0301…"
    assert cut("ab👩\u200d👩\u200d👧cd", 6) == "ab…"
    assert cut("word and more", 6) == "word…"
    assert len(cut("e" + "\u0301" * 5000, 100)) <= 100


def test_lines_are_joined_kept_or_laid_out_as_the_place_wants_it() -> None:
    text = "  a\tb\r\n\r\n\n  c  d\u2028e "
    assert one_line(text, 50) == "a b c d e"
    assert paragraph(text, 50) == "  a\tb\n  c  d\ne"
    assert row(" 9.8 GB\t/var\n", 50) == " 9.8 GB  /var"
