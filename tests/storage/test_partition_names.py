"""Names as Hive partition values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.storage.partition_names import escape_partition, escape_segment, unescape_partition

ALL_TEXT = st.text(st.characters(codec="utf-8"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("distance", "distance"),
        ("a/b", "a%2Fb"),
        ("../../etc", "..%2F..%2Fetc"),
        ("two words ", "two words "),
        ("größe 日本 🌊", "größe 日本 🌊"),
        ("a=b", "a%3Db"),
        ("100%", "100%25"),
        ("%2F", "%252F"),
        ("\x01\t\n\x7f\0", "%01%09%0A%7F%00"),
        ("\"#%'*/:=?\\{[]^", "%22%23%25%27%2A%2F%3A%3D%3F%5C%7B%5B%5D%5E"),
        ("}()+,;&!$@~`|<>.-_", "}()+,;&!$@~`|<>.-_"),
        ("", "__HIVE_DEFAULT_PARTITION__"),
    ],
)
def test_values_are_escaped_as_hive_and_spark_do(value: str, expected: str) -> None:
    """Their list of characters, upper-case hexadecimal, everything else raw."""
    assert expected == escape_partition(value)
    assert value == unescape_partition(expected)


@given(ALL_TEXT)
def test_every_value_is_one_short_segment(value: str) -> None:
    """No slash, no control character, at most 200 bytes, whatever the name."""
    escaped = escape_partition(value)
    assert not set(escaped) & {"/", "\0", "\n", "="}
    assert 0 < len(escaped.encode()) <= 200


@given(st.text(st.characters(codec="utf-8"), max_size=50))
def test_short_values_come_back(value: str) -> None:
    """What was not cut is read back exactly."""
    assert value == unescape_partition(escape_partition(value))


@pytest.mark.parametrize("character", ["a", "ü", "日", "🌊", "/"])
def test_long_values_are_cut_between_characters(character: str) -> None:
    """Never inside a character or an escape; a digest keeps values with one beginning apart."""
    cut = escape_partition(character * 300)
    kept, _, digest = cut.rpartition("-")
    assert escape_partition(character) * (len(kept) // len(escape_partition(character))) == kept
    assert 16 == len(digest)
    assert 196 <= len(cut.encode()) <= 200
    assert cut != escape_partition(character * 301)


def test_the_longest_value_is_not_cut() -> None:
    """200 bytes stay as they are."""
    assert "x" * 200 == escape_partition("x" * 200)


def test_a_lone_surrogate_has_a_name_too() -> None:
    """JSON can hold one, UTF-8 cannot: replaced, and kept apart by a digest."""
    names = {escape_partition("a\ud800"), escape_partition("a\ud801"), escape_partition("a?")}
    assert 3 == len(names)
    assert all(name.isascii() for name in names)


@pytest.mark.parametrize(
    ("name", "expected"),
    [(".", "%2E"), ("..", "%2E%2E"), ("...", "..."), (".hidden", ".hidden"), ("a/b", "a%2Fb")],
)
def test_a_segment_is_never_a_way_up(name: str, expected: str) -> None:
    """A name that stands alone in a path must not be `.` or `..`."""
    assert expected == escape_segment(name)
