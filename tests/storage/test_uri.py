"""Locations: how they are split and joined."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import UsageError
from tidegauge.storage.uri import join, local_path, scheme, split_s3


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("s3://bucket", "s3://bucket/a/b.json"),
        ("s3://bucket/", "s3://bucket/a/b.json"),
        ("s3://bucket/pre/fix", "s3://bucket/pre/fix/a/b.json"),
        ("relative/folder", "relative/folder/a/b.json"),
        (".", "./a/b.json"),
        ("/abs/", "/abs/a/b.json"),
        ("/", "/a/b.json"),
        ("file:///abs", "/abs/a/b.json"),
    ],
)
def test_join_puts_one_slash_between_base_and_parts(base: str, expected: str) -> None:
    """Whatever the kind of base, and with or without its trailing slash."""
    assert expected == join(base, "a", "b.json")


def test_join_takes_parts_of_several_segments() -> None:
    """The key of a listing is joined to the listed prefix as it is."""
    assert join("s3://b/p", "x/y z=%2F.json") == "s3://b/p/x/y z=%2F.json"


@pytest.mark.parametrize(
    "part", ["", "/", "/abs", "..", ".", "a/../b", "a/./b", "a//b", "a/", "\0"]
)
@pytest.mark.parametrize("base", ["s3://bucket/p", "folder"])
def test_join_refuses_parts_that_could_leave_the_base(base: str, part: str) -> None:
    """No dots, no absolute part, nothing empty."""
    with pytest.raises(UsageError, match="cannot be joined"):
        join(base, "fine", part)


@given(st.text())
def test_join_stays_inside_or_refuses(part: str) -> None:
    """No text at all leads out of the base."""
    try:
        joined = join("/base", part)
    except UsageError:
        return
    assert joined.startswith("/base/")
    assert not {"", ".", ".."} & set(joined.removeprefix("/base/").split("/"))


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("/abs/x", "/abs/x"),
        ("a%20b", "a%20b"),
        ("file:///abs/a%20b", "/abs/a b"),
        ("file:/abs", "/abs"),
        ("file://localhost/abs", "/abs"),
        ("FILE:///abs", "/abs"),
    ],
)
def test_local_path_decodes_file_uris_only(uri: str, expected: str) -> None:
    """A percent sign in a plain path is a percent sign."""
    assert expected == local_path(uri)


@pytest.mark.parametrize("uri", ["file://host/abs", "s3://bucket/x", "gs://bucket/x"])
def test_local_path_refuses_what_is_not_local(uri: str) -> None:
    """Other hosts and other schemes are no local paths."""
    with pytest.raises(UsageError):
        local_path(uri)


def test_split_s3_gives_bucket_and_key() -> None:
    """The key may be empty, and may hold anything."""
    assert split_s3("s3://bucket/a/b c?d#e") == ("bucket", "a/b c?d#e")
    assert split_s3("s3://bucket") == ("bucket", "")


@pytest.mark.parametrize("uri", ["s3://", "s3:///key", "folder"])
def test_split_s3_refuses_a_location_without_bucket(uri: str) -> None:
    """The sentence says what was expected."""
    with pytest.raises(UsageError, match=r"expected s3://bucket/key"):
        split_s3(uri)


def test_unknown_schemes_are_named() -> None:
    """s3a is what Spark calls it, so the sentence says how to write it here."""
    assert scheme("s3://b/k") == "s3"
    assert scheme("C:/x") == "file"
    with pytest.raises(UsageError, match="write it as s3://"):
        scheme("s3a://b/k")
    with pytest.raises(UsageError, match="scheme gs"):
        scheme("gs://b/k")
