"""Parquet files: every row and column once, in pieces of bounded size."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.sources.reading import Everything, everything, part_of

from tidegauge.engines.arrow.fold import fold_part
from tidegauge.errors import StorageError
from tidegauge.model.batch import FileSlice, Part
from tidegauge.sources import openfiles, rowgroups
from tidegauge.sources.parquet import ParquetReader
from tidegauge.sources.rejected import Bin
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from pathlib import Path

TABLE = pa.table(
    {
        "i": pa.array([1, None, 3], pa.int16()),
        "f": [1.5, float("nan"), None],
        "t": ["a", "b", None],
        "b": [True, None, False],
        "d": [date(2013, 6, 20), None, None],
        "ts": pa.array([datetime(2013, 6, 20, tzinfo=UTC)] * 3),
        "dec": [Decimal("1.50"), None, Decimal("2.25")],
        "s": [{"x": 1, "y": {"z": "q"}}, None, {"x": None, "y": None}],
        "s.x": [7, 8, 9],
        "l": [[1, 2], [], None],
        "m": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())),
        "bin": [b"\xff", None, b""],
    }
)
FLAT = ["i", "f", "t", "b", "d", "ts", "dec", "`s`.`x`", "s.y.z", "s.x", "l", "m", "bin"]


def reader(folder: Path, skip: frozenset[str] = frozenset()) -> ParquetReader:
    """A reader of a folder's files."""
    return ParquetReader(str(folder), skip, Bin(str(folder / "out"), S3Settings()), S3Settings())


def read(
    folder: Path, table: pa.Table, skip: frozenset[str] = frozenset(), **more: int
) -> Everything:
    """What a reader makes of a table that was written to a file."""
    parquet.write_table(table, folder / "a.parquet", **more)
    return everything(reader(folder, skip)(part_of(folder / "a.parquet")))


def test_every_type_arrives_with_structs_opened(tmp_path: Path) -> None:
    """A top-level name with a dot stays what it is beside a field of the same path."""
    found = read(tmp_path, TABLE)
    assert FLAT == found.chunks[0].table.column_names
    assert [1, None, None] == found.column("`s`.`x`")
    assert ["q", None, None] == found.column("s.y.z")
    assert [7, 8, 9] == found.column("s.x")
    for name in ("i", "t", "b", "d", "ts", "dec", "l", "m", "bin"):
        assert TABLE[name].to_pylist() == found.column(name)
    assert 3 == found.tally.records


def test_wide_tables_come_a_group_of_columns_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the first group of some rows counts them; put together, nothing is missing."""
    monkeypatch.setattr(rowgroups, "DECODED_BYTES", 100)
    monkeypatch.setattr(rowgroups, "CHUNK_ROWS", 2)
    monkeypatch.setattr(openfiles, "CHUNK_ROWS", 2)
    found = read(tmp_path, TABLE, row_group_size=1)
    assert 3 == found.tally.records == len(found.rows)
    assert 2 == sum(chunk.new_rows for chunk in found.chunks)
    assert set(FLAT) == set(found.rows[0]) == set(found.rows[2])
    assert [7, 8, 9] == found.column("s.x")


def test_columns_that_are_called_alike_all_arrive(tmp_path: Path) -> None:
    """None is taken for the other, or for a third one: the engine says why it has no statistics."""
    arrays = [pa.array([1, 2]), pa.array(["a", "b"]), pa.array([3, 4])]
    table = pa.Table.from_arrays(arrays, ["x", "y", "x"])
    parquet.write_table(table, tmp_path / "a.parquet")
    (chunk,) = reader(tmp_path)(part_of(tmp_path / "a.parquet"))
    assert ["x", "x", "y"] == chunk.table.column_names
    assert [[1, 2], [3, 4], ["a", "b"]] == [c.to_pylist() for c in chunk.table.columns]
    found = fold_part(part_of(tmp_path / "a.parquet"), reader(tmp_path))["", ""]
    assert ["more than one column is called 'x' (a struct's field by its path)", ""] == [
        feature.failure for feature in found.features
    ]


def test_columns_to_skip_are_not_decoded(tmp_path: Path) -> None:
    """Also not as a struct's fields; a broken column does no harm if it is skipped."""
    found = read(tmp_path, TABLE, frozenset({"s", "m", "t", "nothing"}))
    assert [name for name in FLAT if name not in {"`s`.`x`", "s.y.z", "m", "t"}] == list(
        found.rows[0]
    )
    data = bytearray((tmp_path / "a.parquet").read_bytes())
    column = parquet.read_metadata(tmp_path / "a.parquet").row_group(0).column(2)
    start = column.dictionary_page_offset
    data[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    (tmp_path / "a.parquet").write_bytes(data)
    part = part_of(tmp_path / "a.parquet")
    assert "a.parquet cannot be read" in everything(reader(tmp_path)(part)).tally.fault
    assert 3 == len(everything(reader(tmp_path, frozenset({"t"}))(part)).rows)


def test_texts_that_gave_up_their_dictionary_come_as_texts(tmp_path: Path) -> None:
    """A dictionary of distinct values only costs more than it helps."""
    ids = [f"{i:016x}" * 4 for i in range(60_000)]
    few = ["a", "b", "c"] * 20_000
    schema = read(tmp_path, pa.table({"id": ids, "few": few})).chunks[0].table.schema
    assert pa.string() == schema.field("id").type
    assert pa.types.is_dictionary(schema.field("few").type)


def test_texts_come_by_their_dictionary_where_most_repeat(tmp_path: Path) -> None:
    """Small row groups keep the dictionary of any text: to unite these takes longer than to read.

    Half of the texts may be distinct; a writer that keeps no statistics is taken at its word.
    """
    count = np.arange(20_000)
    table = pa.table(
        {name: [f"{i:08d}" for i in count % distinct]
         for name, distinct in (("differ", 20_000), ("most", 15_000), ("repeat", 5_000))}
    )  # fmt: skip
    for statistics, coded in ((True, ["repeat"]), (False, ["differ", "most", "repeat"])):
        found = read(tmp_path, table, row_group_size=20_000, write_statistics=statistics)
        schema = found.chunks[0].table.schema
        assert coded == [f.name for f in schema if pa.types.is_dictionary(f.type)]
        assert table.to_pylist() == found.rows


def test_small_row_groups_and_small_files_are_put_together(tmp_path: Path) -> None:
    """An engine visits about 200,000 rows at once, each column in one array."""
    table = pa.table({"x": np.arange(300_000), "t": [str(i % 9) for i in range(300_000)]})
    found = read(tmp_path, table, row_group_size=50_000)
    assert [200_000, 100_000] == [chunk.table.num_rows for chunk in found.chunks]
    assert {1} == {column.num_chunks for c in found.chunks for column in c.table.columns}
    assert table.to_pylist() == found.rows
    paths = []
    for i in range(4):
        paths.append(tmp_path / f"{i}.parquet")
        parquet.write_table(table.slice(i * 1000, 1000), paths[-1])
    (chunk,) = reader(tmp_path)(part_of(*paths))
    assert table.slice(0, 4000).to_pylist() == chunk.table.to_pylist()
    assert 4000 == chunk.tally.records


def test_a_part_reads_its_row_groups_alone(tmp_path: Path) -> None:
    """`[start, stop)` of a file's row groups."""
    parquet.write_table(pa.table({"x": range(10)}), tmp_path / "a.parquet", row_group_size=2)
    part = Part("p", (FileSlice(str(tmp_path / "a.parquet"), 1, 1, 3),))
    assert [2, 3, 4, 5] == everything(reader(tmp_path)(part)).column("x")


def test_an_empty_file_still_tells_its_columns(tmp_path: Path) -> None:
    """No rows, and the names and types that there would be."""
    found = read(tmp_path, TABLE.slice(0, 0))
    assert ([], FLAT) == (found.rows, found.chunks[0].table.column_names)


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[: len(data) // 2], lambda _: b"", lambda data: data[:-40] + b"x" * 40],
)
def test_a_broken_file_is_a_fault_with_its_name_and_the_reason(
    tmp_path: Path, damage: object
) -> None:
    """Never an exception; what was read before it stays."""
    parquet.write_table(TABLE, tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(damage((tmp_path / "a.parquet").read_bytes()))  # type: ignore[operator]
    part = replace(part_of(tmp_path / "a.parquet", tmp_path / "b.parquet"), window="w", variant="v")
    found = everything(reader(tmp_path)(part))
    assert found.tally.fault.startswith(f"{tmp_path}/b.parquet cannot be read: ")
    assert 3 == len(found.rows)
    assert {("w", "v")} == {(chunk.window, chunk.variant) for chunk in found.chunks}


def test_a_file_that_is_gone_is_the_storages_fault(tmp_path: Path) -> None:
    """It may be there the next time."""
    with pytest.raises(StorageError, match="look at the storage, then try again"):
        list(reader(tmp_path)(Part("p", (FileSlice(str(tmp_path / "gone"), 1),))))
