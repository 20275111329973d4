"""Messages are kept small, and come back as they were, whatever packed them."""

from __future__ import annotations

import zlib

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from srvmaint.store import packed
from srvmaint.store.packed import pack, unpack
from tests.notify.messages import message


@given(st.binary())
def test_what_is_packed_comes_back(text: bytes) -> None:
    assert unpack(pack(text)) == text


def test_a_message_takes_less_room_than_deflate_alone_would_give_it() -> None:
    text = msgspec.json.encode(message())
    assert len(pack(text)) < 0.85 * len(zlib.compress(text, 9))


def test_what_was_deflated_without_a_dictionary_is_still_read() -> None:
    assert unpack(zlib.compress(b"an older release")) == b"an older release"


def test_no_dictionary_was_ever_changed() -> None:
    """A message names its dictionary by this checksum: a new dictionary adds to the list, none is altered."""
    assert [zlib.adler32(each) for each in packed._DICTIONARIES] == [CHECKSUM]


CHECKSUM = 1571955472
