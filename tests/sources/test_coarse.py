"""Rows by the cells of grids: nothing of a chunk is lost but what its values were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from tidegauge.engines.arrow.fold import fold_part
from tidegauge.model.batch import Chunk, Part, Tally
from tidegauge.model.statistics import Kind
from tidegauge.profile.grid import Grid
from tidegauge.sources.coarse import CoarseReader, CoarseTableReader

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = pa.table({"a": [1.0, 2.0, None], "b": ["x", "y", "x"], "c": [1, 2, 3]})
KNOWN = {"a": Grid(Kind.FRACTIONAL, (1.0, 2.0), most=2.0, single=True)}
PART = Part("p", ())


def read(_: Part) -> Iterator[Chunk]:
    """Two windows of a part, with what was counted beside the rows."""
    strays = (("a", pa.array(["n/a"])),)
    yield Chunk(TABLE, "monday", "blue", tally=Tally(4, 1), mismatched=strays)
    yield Chunk(TABLE.slice(1), "tuesday", "blue", new_rows=False)


def test_columns_without_a_grid_are_left_out() -> None:
    """Window, variant and tally stay; what was no number is only a value that is missing."""
    monday, tuesday = CoarseReader(read, KNOWN)(PART)
    assert (["a"], ["0", "1", None]) == (
        monday.table.column_names,
        monday.table.column("a").to_pylist(),
    )
    assert ("monday", "blue", Tally(4, 1), ()) == (
        monday.window, monday.variant, monday.tally, monday.mismatched,
    )  # fmt: skip
    assert ("tuesday", False, 2) == (tuesday.window, tuesday.new_rows, tuesday.table.num_rows)


def test_rows_without_any_grid_still_count() -> None:
    """A table of no columns would have none."""
    found = fold_part(PART, CoarseReader(read, {}))
    assert 3 == found["monday", "blue"].rows


def test_what_spark_has_read_is_coded_the_same() -> None:
    """The tables are the rows of a task."""

    def read_tables(_: Part, tables: Iterator[pa.Table]) -> Iterator[Chunk]:
        return (Chunk(table) for table in tables)

    (found,) = CoarseTableReader(read_tables, KNOWN)(PART, iter([TABLE]))
    assert next(iter(CoarseReader(read, KNOWN)(PART))).table.equals(found.table)
