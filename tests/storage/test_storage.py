"""What every storage does, on a local folder and on a real S3 server alike."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tidegauge.errors import ExitCode
from tidegauge.storage import NotFound, filesystem, join

if TYPE_CHECKING:
    from tests.storage.conftest import Place

KEYS = (
    "a-b/z.json",
    "a.x",
    "a/b/c.json",
    "a/b0.json",
    "feature=a%2Fb c/date=2013-06-20/AllTraffic.json",
    "größe/日本 1+2.json",
    "z'\"&?#.json",
    "\U0001f30a",
)


def put(place: Place, *keys: str) -> None:
    """Write objects that hold their own keys."""
    for key in keys:
        place.storage.write(join(place.uri, key), key.encode())


def listed(place: Place, prefix: str = "") -> list[str]:
    """The keys below a folder, in the order of the listing."""
    return [entry.key for entry in place.storage.files(f"{place.uri}{prefix}")]


@pytest.mark.parametrize("data", [b"", b"\x00\xff\r\n", b"x" * 3_000_000], ids=len)
def test_what_was_written_is_read(place: Place, data: bytes) -> None:
    """Any bytes, none at all, and a few megabytes."""
    uri = join(place.uri, "x")
    place.storage.write(uri, data)
    assert data == place.storage.read(uri)


@pytest.mark.parametrize("key", KEYS)
def test_any_key_is_kept_as_it_is(place: Place, key: str) -> None:
    """Spaces, unicode, percent signs, quotes: written, listed, found, read and deleted."""
    uri = join(place.uri, key)
    put(place, key)
    assert [key] == listed(place)
    assert place.storage.exists(uri)
    assert key.encode() == place.storage.read(uri)
    place.storage.delete([uri])
    assert not place.storage.exists(uri)


def test_writing_again_replaces(place: Place) -> None:
    """The shorter content leaves no tail of the longer one; the tag tells the change."""
    uri = join(place.uri, "x")
    place.storage.write(uri, b"long content")
    (before,) = place.storage.files(place.uri)
    place.storage.write(uri, b"short")
    (after,) = place.storage.files(place.uri)
    assert b"short" == place.storage.read(uri)
    assert (12, 5) == (before.size, after.size)
    assert before.tag != after.tag


def test_reading_changes_no_tag(place: Place) -> None:
    """A tag stands for the content: the same object has the same tag."""
    put(place, "x")
    before = list(place.storage.files(place.uri))
    place.storage.read(join(place.uri, "x"))
    assert before == list(place.storage.files(place.uri))


def test_files_are_listed_by_key(place: Place) -> None:
    """One order for all storages: that of the keys' UTF-8 bytes, whatever was written first."""
    put(place, *reversed(KEYS))
    assert sorted(KEYS) == listed(place)
    assert ["b/c.json", "b0.json"] == listed(place, "/a")
    assert ["b/c.json", "b0.json"] == listed(place, "/a/")


def test_a_prefix_is_a_folder_and_not_a_beginning(place: Place) -> None:
    """`a` has what is in the folder `a`, not `a.x`; an object is no folder; missing is empty."""
    put(place, "a.x", "ab/c")
    assert [] == listed(place, "/a")
    assert [] == listed(place, "/a.x")
    assert [] == listed(place, "/missing")


def test_folders_are_the_direct_ones_that_hold_objects(place: Place) -> None:
    """Sorted by name, without files and without what lies deeper."""
    put(place, "a/b/c", "a-b/c", "a0/b", "file", "größe 1/x")
    assert ("a", "a-b", "a0", "größe 1") == place.storage.folders(place.uri)
    assert ("b",) == place.storage.folders(join(place.uri, "a"))
    assert () == place.storage.folders(join(place.uri, "missing"))


def test_an_emptied_folder_is_gone(place: Place) -> None:
    """Nothing is left in a listing when the last object is deleted."""
    put(place, "a/b/c", "d/e")
    place.storage.delete([join(place.uri, "a/b/c")])
    assert ("d",) == place.storage.folders(place.uri)


def test_reading_what_is_not_there_says_so(place: Place) -> None:
    """An input fault that names the location; a folder is no object either."""
    put(place, "folder/x")
    for key in ("missing", "folder", "folder/x/y"):
        uri = join(place.uri, key)
        with pytest.raises(NotFound, match="cannot read") as caught:
            place.storage.read(uri)
        assert uri in str(caught.value)
        assert caught.value.exit_code is ExitCode.INPUT
        assert not place.storage.exists(uri)


def test_deleting_leaves_the_rest(place: Place) -> None:
    """What is missing is passed over; no keys at all is fine."""
    put(place, "a", "b", "c")
    place.storage.delete([])
    place.storage.delete(join(place.uri, key) for key in ("a", "missing", "no/folder", "c"))
    assert ["b"] == listed(place)


def test_more_keys_than_one_request_may_name_are_deleted(place: Place) -> None:
    """S3 takes a thousand at a time, and lists a thousand at a time."""
    keys = [f"{number:04}" for number in range(1001)]
    with ThreadPoolExecutor(8) as writers:
        list(writers.map(lambda key: place.storage.write(join(place.uri, key), b""), keys))
    assert keys == listed(place)
    place.storage.delete(join(place.uri, key) for key in keys)
    assert [] == listed(place)


def test_writers_of_one_key_never_mix(place: Place) -> None:
    """Many at once: in the end, and at any time, one of the contents is there whole."""
    uri = join(place.uri, "folder/x")
    contents = [bytes([number]) * 200_000 for number in range(8)]
    with ThreadPoolExecutor(8) as writers:
        written = [writers.submit(place.storage.write, uri, data) for data in contents * 3]
        while not all(writing.done() for writing in written):
            if place.storage.exists(uri):
                assert place.storage.read(uri) in contents
    assert [None] * 24 == [writing.result() for writing in written]
    assert place.storage.read(uri) in contents
    assert ["folder/x"] == listed(place)


def test_a_storage_travels_to_a_worker(place: Place) -> None:
    """Pickled and back, it reaches the same objects."""
    put(place, "x")
    again = pickle.loads(pickle.dumps(place.storage))
    assert place.storage == again
    assert b"x" == again.read(join(place.uri, "x"))


def test_pyarrow_reads_the_same_objects(place: Place) -> None:
    """The file system and the path that readers of Parquet and CSV are given."""
    key = "größe a%2Fb/x y"
    put(place, key)
    opened, path = filesystem(join(place.uri, key), place.settings)
    with opened.open_input_file(path) as file:
        assert key.encode() == file.read()
