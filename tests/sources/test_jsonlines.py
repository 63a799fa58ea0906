"""JSON Lines: JSON's own types, nested objects by path, broken lines aside."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sources.reading import Everything, everything, kept, part_of

from tidegauge.model.statistics import Kind
from tidegauge.sources.jsonlines import JsonLinesReader
from tidegauge.sources.rejected import Bin
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from collections.abc import Mapping


def read(
    folder: Path,
    content: bytes,
    *,
    skip: frozenset[str] = frozenset(),
    kinds: Mapping[str, Kind] | None = None,
    name: str = "data.jsonl",
) -> Everything:
    """What a reader makes of one file."""
    path = folder / name
    path.write_bytes(content)
    rejected = Bin(str(folder / "rejected"), S3Settings())
    reader = JsonLinesReader(str(folder), skip, kinds or {}, rejected, S3Settings())
    return everything(reader(part_of(path)))


def test_types_are_jsons_own_and_texts_stay_texts(tmp_path: Path) -> None:
    """A text that looks like a number or a time is a text."""
    content = b'{"i":1,"f":1.5,"b":true,"t":"2013-06-20 10:00:00","n":null,"d":"7"}\n'
    assert [{"i": 1, "f": 1.5, "b": True, "t": "2013-06-20 10:00:00", "n": None, "d": "7"}] == read(
        tmp_path, content
    ).rows


def test_nested_objects_become_columns_by_path(tmp_path: Path) -> None:
    """A name with a dot of its own is not taken for a path."""
    found = read(tmp_path, b'{"a":{"b":1,"c":{"d":"x"}},"e.f":2}\n{"a":null,"e.f":3}\n')
    assert [
        {"a.b": 1, "a.c.d": "x", "e.f": 2},
        {"a.b": None, "a.c.d": None, "e.f": 3},
    ] == found.rows
    clash = read(tmp_path, b'{"a":{"b":1},"a.b":2}\n')
    assert [{"`a`.`b`": 1, "a.b": 2}] == clash.rows


def test_skipped_columns_and_whole_objects_are_left_out(tmp_path: Path) -> None:
    """The name of an object means all that is in it."""
    found = read(tmp_path, b'{"a":{"b":1,"c":2},"d":3,"e":4}\n', skip=frozenset({"a", "e"}))
    assert [{"d": 3}] == found.rows


def test_broken_lines_are_rejected_one_by_one(tmp_path: Path) -> None:
    """Whatever is wrong with a line, its neighbours arrive."""
    lines = [b'{"a":1}', b"null", b'{"a":', b"[1]", b"\xff", b'{"a":"\\ud800"}', b'{"a":2}{"a":3}',
             b"[" * 100_000, b"", b'{"a":4}\r']  # fmt: skip
    found = read(tmp_path, b"\n".join(lines))
    assert [1, 4] == found.column("a")
    assert [2, 3, 4, 5, 6, 7, 8] == [record["line"] for record in kept(tmp_path / "rejected")]
    assert (9, 7) == (found.tally.records, found.tally.rejected)


def test_mixed_types_become_text_and_expected_kinds_put_strangers_aside(tmp_path: Path) -> None:
    """A column of numbers and texts is text, unless the baseline says what it is."""
    content = b'{"a":1,"b":1}\n{"a":"x","b":2.5}\n{"a":null,"b":3}\n'
    assert ["1", "x", None] == read(tmp_path, content).column("a")
    found = read(tmp_path, content, kinds={"a": Kind.FRACTIONAL, "b": Kind.INTEGRAL})
    assert [1.0, None, None] == found.column("a")
    assert [1, None, 3] == found.column("b")
    assert {"a": ["x"], "b": ["2.5"]} == found.mismatched


def test_compressed_and_empty_files(tmp_path: Path) -> None:
    """`.jsonl.gz` is undone; an empty file has no rows."""
    assert [{"a": 1}] == read(tmp_path, gzip.compress(b'{"a":1}'), name="x.jsonl.gz").rows
    assert [] == read(tmp_path, b"").rows
    assert "cannot be read" in read(tmp_path, b"no gzip", name="y.jsonl.gz").tally.fault


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=5),
    st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip
objects = st.recursive(
    st.dictionaries(st.sampled_from("ab"), scalars, max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), st.one_of(scalars, inner), max_size=3),
    max_leaves=4,
)


def flat(value: Mapping[str, Any], above: tuple[str, ...] = ()) -> dict[str, Any]:
    """The oracle of flattening."""
    found: dict[str, Any] = {}
    for key, inner in value.items():
        path = (*above, key)
        if isinstance(inner, dict) and inner:
            found |= flat(inner, path)
        else:
            found[".".join(path)] = inner or None if isinstance(inner, dict) else inner
    return found


@settings(deadline=None, max_examples=60)
@given(st.lists(objects, max_size=5), st.booleans())
def test_any_objects_arrive_whole(values: list[dict[str, Any]], spoil: bool) -> None:  # noqa: FBT001
    """Values are equal, or their JSON text where a column mixes types; so with a broken line."""
    lines = [json.dumps(value) for value in values] + (["{"] if spoil else [])
    with TemporaryDirectory() as folder:
        found = read(Path(folder), "\n".join(lines).encode())
    # Rows without any column are no rows of a table.
    rows = len(values) if any(map(flat, values)) else 0
    assert (rows + int(spoil), int(spoil)) == (found.tally.records, found.tally.rejected)
    for value, row in zip(values, found.rows, strict=False):
        expected = {name: leaf for name, leaf in flat(value).items() if leaf is not None}
        arrived = {name: leaf for name, leaf in row.items() if leaf is not None}
        assert {name: _plain(leaf) for name, leaf in expected.items()} == {
            name: _plain(leaf) for name, leaf in arrived.items()
        }


def _plain(value: object) -> object:
    """A value as JSON text, numbers by their value: 1 and 1.0 are one."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return value
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


@pytest.mark.parametrize("values", [[1, 2**70], [1, 1.5], [True, None], [[1], [2, 3]]])
def test_numbers_and_lists_by_hand(tmp_path: Path, values: list[Any]) -> None:
    """What pyarrow's reader refuses is typed the same way line by line."""
    content = "\n".join(json.dumps({"a": value}) for value in values) + "\n"
    spoiled = read(tmp_path, content.encode() + b'{"a"\n')
    assert read(tmp_path, content.encode()).rows == spoiled.rows
